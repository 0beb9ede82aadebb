//! The end of rooms: breaking one that failed, stopping all of them.
//!
//! A room breaks when its commit failed, its turn ran too long, its heap is full, its start failed or a
//! critical section did (ERR-05). Its effects are dropped, everybody who waits for it is told, its
//! sockets close 1011, its isolate goes. The next event starts it from its last durable state. No
//! other room notices.

use std::rc::Rc;
use std::time::Duration;

use super::live::{Breakage, Live, Stage};
use super::shard::Shard;
use super::transport::Transport;
use crate::limits;
use crate::room::Effect;
use crate::room::event::{Event, PairFrame, Reply};
use crate::room::survey::Refused;

/// What the clients of a room are told that starts anew with a new program.
pub const RELOADED: &str = "the program was reloaded";

impl Shard {
    pub fn break_room(self: &Rc<Self>, live: &Rc<Live>, breakage: &Breakage) {
        if live.gone.get() {
            return;
        }
        let broken = live.room.borrow_mut().break_down();
        let requests: Vec<_> = live.desk.borrow_mut().drain_requests().collect();
        self.forget(live);
        self.stop_timers(live);
        for waiting in requests {
            let reply =
                Reply::Failed { status: breakage.status, message: breakage.message.clone() };
            // Whoever asked may have left.
            let _ = waiting.reply.send(reply);
        }
        let mut rang = false;
        for event in broken.events {
            rang |= matches!(event, Event::Alarm { .. });
            refuse(event, breakage.status, &breakage.message);
        }
        // What was held back never happened; only the operator hears why.
        for effect in broken.effects {
            if let Effect::Told { reply } = effect {
                let _ = reply.send(Err(Refused::Store(breakage.message.clone())));
            }
        }
        self.close_sockets(live, 1011, &breakage.message);
        self.settle(live, rang);
    }

    /// Closes every socket of a room that is going away.
    fn close_sockets(&self, live: &Live, code: u16, reason: &str) {
        let transports = std::mem::take(&mut *live.transports.borrow_mut());
        for transport in transports.into_values() {
            match transport {
                Transport::Wire(socket) => socket.close(Some(code), reason),
                Transport::Pair { room, peer, closed } => {
                    if !closed {
                        let event = Event::Pair { socket: peer, frame: PairFrame::Lost };
                        let _ = self.directory.deliver(room, event);
                    }
                }
                // Its client gets the answer to its request instead.
                Transport::Waiting { .. } => {}
            }
        }
    }

    /// A handler that was cut off, or never got its turn, runs again later: a failed attempt
    /// (AL-14, AL-18). `rang`: the alarm was due and waited in the inbox.
    pub fn rearm_alarm(self: &Rc<Self>, live: &Rc<Live>, rang: bool) {
        let running = self.take_alarm(live);
        let row = match running {
            Some(running) => (!running.replaced).then_some(running.row),
            None if rang => live.store.borrow_mut().alarm().unwrap_or_else(|error| {
                live.log(3, &format!("cannot read the alarm: {error}"));
                None
            }),
            None => None,
        };
        match row {
            Some(row) => self.retry_alarm(live, row),
            // One that the handler set may have come due while it ran.
            None => self.alarms.wake(&live.key),
        }
    }

    /// The program has changed: every room starts anew with it, as soon as it rests.
    pub fn replace_instances(self: &Rc<Self>) {
        for live in self.all_rooms() {
            live.stale.set(true);
            if live.is_resting() {
                self.replace_instance(&live, RELOADED);
            }
        }
    }

    /// Hibernating connections stay open with their state; the others reconnect (1012).
    pub fn replace_instance(self: &Rc<Self>, live: &Rc<Live>, reason: &str) {
        live.stale.set(false);
        let raw = live.room.borrow().sockets.raw_count();
        if live.hibernate.get() && raw == 0 && live.is_quiet() {
            live.room.borrow_mut().forget_sections();
            *live.stage.borrow_mut() = Stage::Absent;
            return;
        }
        let _ = live.room.borrow_mut().break_down();
        self.forget(live);
        live.store.borrow_mut().discard();
        self.stop_timers(live);
        // An alarm whose handler was at work, or that rang and had no turn, is still stored: it rings again.
        let _ = self.take_alarm(live);
        self.alarms.wake(&live.key);
        self.close_sockets(live, 1012, reason);
    }

    fn stop_timers(&self, live: &Live) {
        for (_, timer) in live.timers.borrow_mut().drain() {
            self.unschedule(timer.due);
        }
        for (_, deadline) in live.section_deadlines.borrow_mut().drain() {
            self.unschedule(deadline);
        }
    }

    /// Whether every room has answered what it was asked and lost nothing it wrote.
    pub fn is_resting(&self) -> bool {
        self.all_rooms().iter().all(|live| live.is_resting())
    }

    /// Closes all sockets with 1001 (W-20) and gives their tasks a moment to say so.
    pub async fn say_goodbye(self: &Rc<Self>) {
        for live in self.all_rooms() {
            self.close_sockets(&live, 1001, "the host is going away");
            self.forget(&live);
        }
        tokio::time::sleep(Duration::from_millis(limits::FAREWELL_MS)).await;
    }
}

/// Tells whoever waits for an answer to this event that there will be none.
pub fn refuse(event: Event, status: u16, message: &str) {
    if let Event::Request { reply, .. } | Event::Connect { reply, .. } | Event::Hook { reply, .. } =
        event
    {
        // Whoever asked may be gone, which is all the same to us.
        let _ = reply.send(Reply::Failed { status, message: message.to_owned() });
    }
}
