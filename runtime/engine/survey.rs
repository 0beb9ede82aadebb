//! What a shard tells the operator about its rooms, and what it changes for him (`room::survey`).
//!
//! Called by the shard's loop between two turns, so a room is always seen at rest and a change is as
//! atomic as a turn: it goes through the room's write set and its output gate, and is answered when it
//! is durable. Nothing here runs party code. What the room is in the middle of (a transaction, a
//! critical section) makes a change refused, with the reason.
//!
//! `Glance` and `Tally` are the only things that rooms pay for when nobody looks: two looks at the
//! clock a visit, a counter a turn, and where there is a dashboard two locks that nobody else wants.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::live::{Breakage, Live, Stage};
use super::shard::Shard;
use super::transport::Transport;
use crate::clock::now_ms;
use crate::name::RoomKey;
use crate::room::Effect;
use crate::room::connection::Phase;
use crate::room::event::SocketId;
use crate::room::survey::{
    Change, ConnectionReport, Heap, Link, Question, Refused, RoomDetail, RoomReport, State, Told,
};
use crate::storage::AlarmRow;

/// What clients of a room are told that the operator has started anew.
const RESTARTED: &str = "the room was restarted";

/// What a room has done since it lives.
pub struct Tally {
    since_ms: i64,
    pub turns: Cell<u64>,
    busy: Cell<Duration>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { since_ms: now_ms(), turns: Cell::new(0), busy: Cell::new(Duration::ZERO) }
    }
}

/// Which room a shard is busy with: for those who do not want to wait until it has time to answer.
#[derive(Debug, Default)]
pub struct Glance {
    now: Mutex<Option<(RoomKey, Instant)>>,
}

impl Glance {
    fn set(&self, now: Option<(RoomKey, Instant)>) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// The room whose turn it is, and for how long already.
    pub fn running(&self) -> Option<(RoomKey, Duration)> {
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.as_ref().map(|(room, since)| (room.clone(), since.elapsed()))
    }
}

/// A moment of the monotonic clock as ms since the epoch; the same moment always gives the same.
fn wall_ms(at: Instant) -> i64 {
    static ANCHOR: OnceLock<(Instant, i64)> = OnceLock::new();
    let (anchor, ms) = *ANCHOR.get_or_init(|| (Instant::now(), now_ms()));
    let between = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    match at.checked_duration_since(anchor) {
        Some(after) => ms.saturating_add(between(after)),
        None => ms.saturating_sub(between(anchor.duration_since(at))),
    }
}

impl Shard {
    /// Runs a visit's turns and books the time they take.
    pub fn measured<T>(&self, live: &Live, run: impl FnOnce() -> T) -> T {
        let began = live.last_active.get();
        if let Some(glance) = &self.glance {
            glance.set(Some((live.key.clone(), began)));
        }
        let ended = run();
        live.tally.busy.update(|busy| busy + began.elapsed());
        if let Some(glance) = &self.glance {
            glance.set(None);
        }
        ended
    }

    /// Answers the operator. Whoever has stopped waiting gets nothing, and changes nothing.
    pub fn survey(self: &Rc<Self>, question: Question) {
        match question {
            Question::Rooms { heaps, reply } if !reply.is_closed() => {
                let rooms = self.rooms.borrow();
                let reports = rooms.values().map(|live| report(live, heaps)).collect();
                let _ = reply.send(reports);
            }
            Question::Heaps { rooms, reply } if !reply.is_closed() => {
                let heaps = rooms.into_iter().filter_map(|room| {
                    let heap = heap(self.rooms.borrow().get(&room)?)?;
                    Some((room, heap))
                });
                let _ = reply.send(heaps.collect());
            }
            Question::Room { room, skip, count, reply } if !reply.is_closed() => {
                let live = self.rooms.borrow().get(&room).cloned();
                let _ = reply.send(live.map(|live| detail(&live, skip, count)));
            }
            Question::Change { room, change, reply } if !reply.is_closed() => {
                self.change(room, change, reply);
            }
            _ => {}
        }
    }

    fn change(self: &Rc<Self>, room: RoomKey, change: Change, reply: Told) {
        let known = self.rooms.borrow().get(&room).cloned();
        let live = match (&change, known) {
            (_, Some(live)) => live,
            // What is stored can be changed without the room being awake.
            (Change::Value { .. } | Change::Alarm(_) | Change::Ring, None) => self.live(room),
            (Change::Close { .. } | Change::Restart { .. }, None) => {
                let _ = reply.send(Err(Refused::Asleep));
                return;
            }
        };
        let made = match change {
            Change::Restart { force } => {
                let _ = reply.send(self.restart(&live, force));
                return;
            }
            Change::Close { socket, code, reason } => close(&live, socket, code, reason),
            stored => busy_with(&live).and_then(|()| write(&live, stored)),
        };
        if let Err(refused) = made {
            let _ = reply.send(Err(refused));
            self.watch_idle(&live);
            return;
        }
        live.effect(Effect::Told { reply });
        self.end_turn(&live);
        let breakage = live.breakage.borrow_mut().take();
        if let Some(breakage) = breakage {
            self.break_room(&live, &breakage);
            return;
        }
        self.perform(&live);
        self.watch_idle(&live);
    }

    fn restart(self: &Rc<Self>, live: &Rc<Live>, force: bool) -> Result<(), Refused> {
        if live.is_resting() && !live.room.borrow().has_section() {
            self.replace_instance(live, RESTARTED);
        } else if force {
            self.break_room(live, &Breakage::new(503, RESTARTED));
        } else {
            return Err(Refused::Busy("the room is at work; force it, and what it does is lost"));
        }
        Ok(())
    }
}

/// Whether the room may be written to between its turns.
fn busy_with(live: &Live) -> Result<(), Refused> {
    if live.savepoints.get() > 0 {
        return Err(Refused::Busy("the room has a transaction open"));
    }
    if live.room.borrow().has_section() {
        let start = "the room is starting, or in blockConcurrencyWhile";
        return Err(Refused::Busy(start));
    }
    Ok(())
}

/// Puts a change of what is stored into the room's write set.
fn write(live: &Live, change: Change) -> Result<(), Refused> {
    let failed = |error: crate::storage::StoreError| Refused::Store(error.to_string());
    let mut store = live.store.borrow_mut();
    let row = match change {
        Change::Value { key, seen, value } => {
            if store.get(&key).map_err(failed)? != seen {
                return Err(Refused::Changed);
            }
            return match value {
                Some(value) => store.put(&key, value, true).map_err(failed),
                None => store.delete(&key, true).map(drop).map_err(failed),
            };
        }
        Change::Alarm(at) => at.map(AlarmRow::at),
        // What the handler is told stays what the party asked for.
        Change::Ring => {
            let row = store.alarm().map_err(failed)?.ok_or(Refused::NoAlarm)?;
            Some(AlarmRow { due_ms: now_ms(), ..row })
        }
        Change::Close { .. } | Change::Restart { .. } => return Ok(()),
    };
    if live.alarm.borrow().is_some() {
        return Err(Refused::Busy("the alarm's handler is running"));
    }
    store.set_alarm(row, true).map_err(failed)
}

fn close(live: &Live, socket: SocketId, code: u16, reason: String) -> Result<(), Refused> {
    match live.room.borrow_mut().sockets.connection_mut(socket) {
        Some(connection) => connection.phase = Phase::Closing,
        None => return Err(Refused::NoConnection),
    }
    live.effect(Effect::Close { socket, code: Some(code), reason });
    Ok(())
}

fn state(live: &Live) -> State {
    let Ok(stage) = live.stage.try_borrow() else { return State::Running };
    match &*stage {
        Stage::Loading(_) => State::Starting,
        Stage::Running(_) => State::Running,
        Stage::Absent if live.transports.borrow().is_empty() => State::Asleep,
        Stage::Absent => State::Hibernated,
    }
}

fn heap(live: &Live) -> Option<Heap> {
    match &mut *live.stage.try_borrow_mut().ok()? {
        Stage::Loading(instance) | Stage::Running(instance) => Some(instance.heap()),
        Stage::Absent => None,
    }
}

fn report(live: &Live, with_heap: bool) -> RoomReport {
    let room = live.room.borrow();
    RoomReport {
        room: live.key.clone(),
        state: state(live),
        connections: room.sockets.connection_count(),
        inbox: room.waiting(),
        turns: live.tally.turns.get(),
        busy: live.tally.busy.get(),
        since_ms: live.tally.since_ms,
        active_ms: wall_ms(live.last_active.get()),
        heap: if with_heap { heap(live) } else { None },
    }
}

fn detail(live: &Live, skip: usize, count: usize) -> RoomDetail {
    let report = report(live, true);
    let room = live.room.borrow();
    let transports = live.transports.borrow();
    let connections = room.sockets.connections().skip(skip).take(count);
    let connections = connections.map(|(socket, connection)| ConnectionReport {
        socket,
        id: connection.id.clone(),
        uri: connection.uri.clone(),
        tags: connection.tags.clone(),
        phase: connection.phase,
        attachment: connection.attachment.clone(),
        link: transports.get(&socket).map_or(Link::Waiting, link),
    });
    RoomDetail {
        report,
        hibernates: live.hibernate.get(),
        connections: connections.collect(),
        raw_sockets: room.sockets.raw_count(),
        timers: live.timers.borrow().len(),
        requests: live.desk.borrow().request_count(),
        section: room.has_section(),
    }
}

fn link(transport: &Transport) -> Link {
    match transport {
        Transport::Waiting { .. } => Link::Waiting,
        Transport::Pair { room, .. } => Link::Room(room.clone()),
        Transport::Wire(socket) => {
            let traffic = socket.traffic();
            Link::Client {
                since_ms: traffic.since_ms,
                received: traffic.received.get(),
                sent: traffic.sent.get(),
                unread: socket.buffered(),
            }
        }
    }
}
