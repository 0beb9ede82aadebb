//! A shard: one thread, one tokio runtime, and the rooms that live on it.
//!
//! The loop takes deliveries, commit outcomes, due timers and wake-ups, and visits the rooms that have
//! something to do, a bounded number of turns each (fairness). Sockets run as local tasks on the same
//! thread and put their messages into inboxes directly. When nothing happens the thread sleeps.
//!
//! A visit: boot or load the instance if there is none, then `next event → turn → seal → effects` until
//! the inbox is empty or the budget is spent, then one poll of the isolate's own event loop.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc, oneshot};

use super::break_down::{RELOADED, refuse};
use super::inspect::Debugging;
use super::instance::{Instance, Log, TurnEnd};
use super::live::{Breakage, Live, Stage};
use super::pool::Pool;
use super::schedule::{Due, DueKey};
use super::settling::Settling;
use super::survey::{Glance, Tally};
use super::watchdog::Watch;
use super::{EngineError, EngineSettings, PartySource, Programs};
use crate::limits;
use crate::name::RoomKey;
use crate::room::Overloaded;
use crate::room::directory::{Delivery, Directory};
use crate::room::event::{Event, SocketId};
use crate::room::section::SectionId;
use crate::room::survey::Question;
use crate::storage::{AlarmClock, Outcome, Reader, RoomStore, Store};
use crate::wire::WireSettings;

/// Sockets are numbered over the whole process.
static LAST_SOCKET: AtomicU64 = AtomicU64::new(0);

/// What the node tells a shard, apart from events for rooms.
pub enum Control {
    Committed(Arc<Outcome>),
    /// The operator looks at rooms, or changes something (`survey.rs`). What is beside the question
    /// counts those that wait.
    Survey(Question, Arc<()>),
    /// New programs: rooms are started anew with them (DESIGN, path f).
    Reload {
        programs: Arc<Programs>,
        settings: Arc<EngineSettings>,
        done: oneshot::Sender<()>,
    },
    /// Let every room finish its turns, close its sockets, and answer.
    Drain(oneshot::Sender<()>),
}

/// Everything a shard's thread starts with.
pub struct ShardSeed {
    pub settings: Arc<EngineSettings>,
    pub programs: Arc<Programs>,
    pub directory: Directory,
    pub store: Arc<Store>,
    pub alarms: Arc<AlarmClock>,
    pub watch: Watch,
    /// Only with `--inspect`.
    pub inspect: Option<Arc<crate::inspect::Registry>>,
    /// Where others see which room the shard is busy with, if anybody wants to.
    pub glance: Option<Arc<Glance>>,
    pub deliveries: mpsc::UnboundedReceiver<Delivery>,
    pub control: mpsc::UnboundedReceiver<Control>,
}

pub struct Shard {
    settings: RefCell<Arc<EngineSettings>>,
    pub programs: RefCell<Arc<Programs>>,
    pub directory: Directory,
    pub store: Arc<Store>,
    pub alarms: Arc<AlarmClock>,
    pub reader: Rc<Reader>,
    pub wire: Rc<WireSettings>,
    pub watch: Watch,
    pub debugging: Option<Debugging>,
    pub glance: Option<Arc<Glance>>,
    pub pool: Pool,
    pub refill_planned: Cell<Option<DueKey>>,
    pub rooms: RefCell<HashMap<RoomKey, Rc<Live>>>,
    slots: RefCell<HashMap<u64, Weak<Live>>>,
    last_slot: Cell<u64>,
    ready: RefCell<VecDeque<Rc<Live>>>,
    pub work: Notify,
    wakes: Arc<WakeQueue>,
    pub schedule: RefCell<BTreeMap<DueKey, Due>>,
    pub last_due: Cell<u64>,
    /// Rooms with batches on their way to the disk.
    committing: RefCell<Vec<Rc<Live>>>,
    /// Rooms that broke and may not start yet.
    pub settling: RefCell<Vec<Settling>>,
}

/// Wake-ups of isolates' event loops; they come from any thread.
struct WakeQueue {
    slots: Mutex<Vec<u64>>,
    notify: Notify,
}

struct RoomWaker {
    slot: u64,
    queue: Arc<WakeQueue>,
}

impl Wake for RoomWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.queue.slots.lock().unwrap_or_else(PoisonError::into_inner).push(self.slot);
        self.queue.notify.notify_one();
    }
}

impl ShardSeed {
    /// Runs the shard until its channels close. Called on the shard's own thread, inside a `LocalSet`
    /// of a current-thread tokio runtime.
    pub async fn run(self) -> Result<(), EngineError> {
        let reader = self.store.reader().map_err(|error| EngineError::Boot(error.to_string()))?;
        let wakes = Arc::new(WakeQueue { slots: Mutex::default(), notify: Notify::new() });
        let shard = Rc::new(Shard {
            wire: Rc::new(self.settings.wire.clone()),
            settings: RefCell::new(self.settings),
            programs: RefCell::new(self.programs),
            directory: self.directory,
            store: self.store,
            alarms: self.alarms,
            reader: Rc::new(reader),
            watch: self.watch,
            debugging: self.inspect.map(Debugging::new),
            glance: self.glance,
            pool: Pool::default(),
            refill_planned: Cell::new(None),
            rooms: RefCell::default(),
            slots: RefCell::default(),
            last_slot: Cell::new(0),
            ready: RefCell::default(),
            work: Notify::new(),
            wakes,
            schedule: RefCell::default(),
            last_due: Cell::new(0),
            committing: RefCell::default(),
            settling: RefCell::default(),
        });
        shard.serve(self.deliveries, self.control).await;
        Ok(())
    }
}

impl Shard {
    async fn serve(
        self: Rc<Self>,
        mut deliveries: mpsc::UnboundedReceiver<Delivery>,
        mut control: mpsc::UnboundedReceiver<Control>,
    ) {
        let mut draining: Option<(oneshot::Sender<()>, Instant)> = None;
        loop {
            debug_assert!(super::isolate::nobody_entered());
            let idle = self.ready.borrow().is_empty();
            let mut next = self.schedule.borrow().keys().next().map(|(at, _)| *at);
            if let Some((done, deadline)) = draining.take() {
                let now = Instant::now();
                if self.is_resting() || now >= deadline {
                    self.say_goodbye().await;
                    // Nobody listening is fine: the host is going down.
                    let _ = done.send(());
                    return;
                }
                let again = now + Duration::from_millis(limits::DRAIN_LOOK_MS);
                next = Some(next.map_or(again, |next| next.min(again)));
                draining = Some((done, deadline));
            }
            tokio::select! {
                biased;
                order = control.recv() => match order {
                    Some(Control::Committed(outcome)) => self.committed(&outcome),
                    Some(Control::Survey(question, _)) => self.survey(question),
                    Some(Control::Drain(done)) => {
                        let patience = Duration::from_secs(limits::DRAIN_SECONDS_MAX);
                        draining = Some((done, Instant::now() + patience));
                    }
                    Some(Control::Reload { programs, settings, done }) => {
                        *self.programs.borrow_mut() = programs;
                        *self.settings.borrow_mut() = settings;
                        self.pool.clear();
                        self.debugging.iter().for_each(Debugging::reloaded);
                        self.replace_instances();
                        let _ = done.send(());
                    }
                    None => return,
                },
                delivery = deliveries.recv() => match delivery {
                    Some(delivery) => {
                        self.deliver(delivery);
                        // What has piled up is taken in one go, so that rooms batch.
                        for _ in 0..limits::TURNS_PER_VISIT {
                            let Ok(delivery) = deliveries.try_recv() else { break };
                            self.deliver(delivery);
                        }
                    }
                    None => return,
                },
                () = self.wakes.notify.notified() => self.take_wakes(),
                () = sleep_until(next) => self.fire_due(),
                () = self.work.notified(), if idle => {}
                () = std::future::ready(()), if !idle => {}
            }
            self.visit_ready();
            // Sockets and bodies are tasks of this thread: let them run.
            tokio::task::yield_now().await;
        }
    }

    pub fn settings(&self) -> Arc<EngineSettings> {
        self.settings.borrow().clone()
    }

    pub fn next_socket(&self) -> SocketId {
        SocketId(LAST_SOCKET.fetch_add(1, Ordering::Relaxed) + 1)
    }

    pub fn enqueue(&self, live: Rc<Live>) {
        self.ready.borrow_mut().push_back(live);
        self.work.notify_one();
    }

    /// The room with this key, made if it does not live yet.
    pub fn live(self: &Rc<Self>, key: RoomKey) -> Rc<Live> {
        if let Some(live) = self.rooms.borrow().get(&key) {
            return live.clone();
        }
        let slot = self.last_slot.get() + 1;
        self.last_slot.set(slot);
        let store = RoomStore::new(self.store.clone(), self.reader.clone(), key.clone());
        let live = Rc::new(Live {
            key: key.clone(),
            slot,
            shard: self.clone(),
            room: RefCell::default(),
            store: RefCell::new(store),
            desk: RefCell::default(),
            outbounds: RefCell::default(),
            transports: RefCell::default(),
            stage: RefCell::new(Stage::Absent),
            timers: RefCell::default(),
            last_timer: Cell::new(0),
            alarm: RefCell::default(),
            breakage: RefCell::default(),
            early_attachments: RefCell::default(),
            section_deadlines: RefCell::default(),
            without: RefCell::default(),
            hibernate: Cell::new(false),
            savepoints: Cell::new(0),
            queued: Cell::new(false),
            polled: Cell::new(false),
            last_active: Cell::new(Instant::now()),
            idle_watched: Cell::new(false),
            paused: RefCell::default(),
            gone: Cell::new(false),
            stale: Cell::new(false),
            tally: Tally::default(),
        });
        self.slots.borrow_mut().insert(slot, Rc::downgrade(&live));
        self.rooms.borrow_mut().insert(key, live.clone());
        live
    }

    pub fn room(&self, key: &RoomKey) -> Option<Rc<Live>> {
        self.rooms.borrow().get(key).cloned()
    }

    pub fn of_slot(&self, slot: u64) -> Option<Rc<Live>> {
        self.slots.borrow().get(&slot).and_then(Weak::upgrade)
    }

    /// Takes an event from outside.
    fn deliver(self: &Rc<Self>, delivery: Delivery) {
        let Delivery { room, event } = delivery;
        let live = match event {
            // These are about a socket the room must still have.
            Event::Attach { .. }
            | Event::AttachPair { .. }
            | Event::Abandon { .. }
            | Event::Pair { .. } => {
                let Some(live) = self.room(&room) else {
                    self.socket_event_for_nobody(event);
                    return;
                };
                return self.socket_event(&live, event);
            }
            // Only a room that is at work, or about to be, can know the client.
            Event::Left { .. } => match self.room(&room) {
                Some(live) if !live.is_asleep() => live,
                _ => return,
            },
            _ => self.live(room),
        };
        if let Event::Alarm { .. } | Event::Left { .. } = event {
            // Nobody would say it again if it were refused.
            live.room.borrow_mut().push_from(SectionId::ROOT, event);
        } else {
            let refused = live.room.borrow_mut().push(event).err();
            if let Some(Overloaded(event)) = refused {
                refuse(*event, 503, "the room is overloaded: too many events are waiting");
            }
        }
        live.enqueue();
    }

    fn take_wakes(&self) {
        let slots =
            std::mem::take(&mut *self.wakes.slots.lock().unwrap_or_else(PoisonError::into_inner));
        for slot in slots {
            if let Some(live) = self.of_slot(slot) {
                live.polled.set(true);
                live.enqueue();
            }
        }
    }

    fn waker(&self, live: &Live) -> Waker {
        Waker::from(Arc::new(RoomWaker { slot: live.slot, queue: self.wakes.clone() }))
    }

    /// Removes the room from the shard.
    pub fn forget(&self, live: &Rc<Live>) {
        live.gone.set(true);
        *live.stage.borrow_mut() = Stage::Absent;
        live.outbounds.borrow_mut().clear();
        self.slots.borrow_mut().remove(&live.slot);
        let mut rooms = self.rooms.borrow_mut();
        if rooms.get(&live.key).is_some_and(|current| Rc::ptr_eq(current, live)) {
            rooms.remove(&live.key);
        }
    }

    // ---- commits ------------------------------------------------------------------------------

    pub fn await_commit(&self, live: &Rc<Live>) {
        let mut committing = self.committing.borrow_mut();
        if !committing.iter().any(|other| Rc::ptr_eq(other, live)) {
            committing.push(live.clone());
        }
    }

    fn committed(self: &Rc<Self>, outcome: &Outcome) {
        self.look_at_settling();
        let waiting = std::mem::take(&mut *self.committing.borrow_mut());
        for live in waiting {
            if live.gone.get() {
                continue;
            }
            let settled = live.store.borrow_mut().settle(outcome);
            match settled {
                Err(error) => {
                    live.log(
                        3,
                        &format!(
                            "storage: {error}; the room starts again from its last durable state"
                        ),
                    );
                    self.break_room(&live, &Breakage::new(503, error.to_string()));
                    continue;
                }
                Ok(()) => live.room.borrow_mut().committed(outcome.upto),
            }
            self.perform(&live);
            if live.store.borrow().pending().is_some() {
                self.await_commit(&live);
            } else {
                self.watch_idle(&live);
            }
        }
    }

    // ---- visits -------------------------------------------------------------------------------

    fn visit_ready(self: &Rc<Self>) {
        let batch = std::mem::take(&mut *self.ready.borrow_mut());
        for live in batch {
            live.queued.set(false);
            if !live.gone.get() {
                self.visit(&live);
            }
        }
    }

    fn visit(self: &Rc<Self>, live: &Rc<Live>) {
        live.last_active.set(Instant::now());
        let mut stage = live.stage.borrow_mut();
        if matches!(*stage, Stage::Absent) {
            if live.room.borrow().is_quiet() || self.is_settling(&live.key) {
                return;
            }
            match self.wake_up(live) {
                Ok(instance) => *stage = Stage::Loading(instance),
                Err(error) => {
                    drop(stage);
                    let crowded = matches!(error, EngineError::TooManyRooms(_));
                    let status = if crowded { 503 } else { 500 };
                    live.log(3, &error.to_string());
                    self.break_room(live, &Breakage::new(status, error.to_string()));
                    return;
                }
            }
        }
        let ended = self.measured(live, || self.run(live, &mut stage));
        self.after_pause(&stage);
        drop(stage);
        let breakage = live.breakage.borrow_mut().take();
        if let Some(breakage) = ended.err().or(breakage) {
            self.break_room(live, &breakage);
            return;
        }
        self.perform(live);
        self.resume_sockets(live);
        if live.stale.get() && live.is_resting() {
            self.replace_instance(live, RELOADED);
        } else if live.room.borrow().is_ready() {
            live.enqueue();
        } else {
            self.watch_idle(live);
        }
    }

    /// Makes an instance for a room that has none.
    fn wake_up(self: &Rc<Self>, live: &Rc<Live>) -> Result<Instance, EngineError> {
        let source = self.programs.borrow().get(&live.key.party).cloned().ok_or_else(|| {
            EngineError::Party(format!("there is no party `{}` any more", live.key.party))
        })?;
        let (key, log) = (live.key.clone(), self.settings().log.clone());
        let log: Log = Rc::new(move |level, text| log(&key, level, text));
        let instance = match self.take_spare(&source, log.clone()) {
            Some(instance) => instance,
            None => self.make_instance(live, &source, log)?,
        };
        let mut room = live.room.borrow_mut();
        // The start is a critical section: no event before `onStart` is through (L-30).
        if let Ok(section) = room.request_section() {
            room.enter_section();
            self.section_began(live, section.0);
        }
        Ok(instance)
    }

    fn make_instance(
        self: &Rc<Self>,
        live: &Live,
        source: &Arc<PartySource>,
        log: Log,
    ) -> Result<Instance, EngineError> {
        let heap_limit = self.settings().heap_limit_bytes;
        match Instance::create(source, heap_limit, log.clone(), self.probe(&live.key)) {
            Err(EngineError::TooManyRooms(_)) if self.relieve() => {
                Instance::create(source, heap_limit, log, self.probe(&live.key))
            }
            outcome => outcome,
        }
    }

    /// Whether rooms wait for their visit.
    pub fn is_busy(&self) -> bool {
        !self.ready.borrow().is_empty()
    }

    /// Drives the instance: loading, starting, then turns.
    fn run(self: &Rc<Self>, live: &Rc<Live>, stage: &mut Stage) -> Result<(), Breakage> {
        let waker = self.waker(live);
        let mut cx = Context::from_waker(&waker);
        let watched = match stage {
            Stage::Absent => return Ok(()),
            Stage::Loading(instance) | Stage::Running(instance) => instance.handle(),
        };
        self.watch.arm(watched, self.settings().turn_deadline);
        let outcome = self.run_armed(live, stage, &mut cx);
        let fired = self.watch.disarm();
        match outcome {
            Err(breakage) => Err(breakage),
            Ok(TurnEnd::Done) if !fired => Ok(()),
            Ok(_) => Err(self.why_terminated(live, stage, fired)),
        }
    }

    fn run_armed(
        self: &Rc<Self>,
        live: &Rc<Live>,
        stage: &mut Stage,
        cx: &mut Context<'_>,
    ) -> Result<TurnEnd, Breakage> {
        if let Stage::Loading(instance) = stage {
            match instance.poll_load(cx) {
                Poll::Pending => return Ok(TurnEnd::Done),
                Poll::Ready(Err(EngineError::Terminated)) => return Ok(TurnEnd::Terminated),
                Poll::Ready(Err(error)) => return Err(Breakage::new(500, error.to_string())),
                Poll::Ready(Ok(_shape)) => {}
            }
            let Stage::Loading(mut instance) = std::mem::replace(stage, Stage::Absent) else {
                return Ok(TurnEnd::Done);
            };
            let end = instance.start(live);
            *stage = Stage::Running(instance);
            self.end_turn(live);
            if matches!(end, TurnEnd::Terminated) {
                return Ok(end);
            }
        }
        let Stage::Running(instance) = stage else {
            return Ok(TurnEnd::Done);
        };
        let start = Instant::now();
        for _ in 0..limits::TURNS_PER_VISIT {
            if live.breakage.borrow().is_some() {
                return Ok(TurnEnd::Done);
            }
            let Some(event) = live.room.borrow_mut().take_event() else { break };
            let Some(event) = self.before_turn(live, event) else { continue };
            self.watch.rearm(self.settings().turn_deadline);
            let (end, _request) = instance.turn(live, event);
            live.tally.turns.update(|turns| turns + 1);
            self.end_turn(live);
            if matches!(end, TurnEnd::Terminated) {
                return Ok(end);
            }
            if start.elapsed() >= limits::VISIT_TIME {
                break;
            }
        }
        // One poll per visit: platform ops, V8's tasks, unhandled rejections.
        live.polled.set(false);
        let end = instance.poll(cx);
        self.end_turn(live);
        Ok(end)
    }

    fn why_terminated(&self, live: &Live, stage: &Stage, fired: bool) -> Breakage {
        let exhausted = match stage {
            Stage::Loading(instance) | Stage::Running(instance) => instance.memory_exhausted(),
            Stage::Absent => false,
        };
        let message = if exhausted {
            format!(
                "the room used more than its {} MiB of memory and was stopped",
                self.settings().heap_limit_bytes >> 20
            )
        } else if fired {
            format!(
                "a turn ran for more than {} s and was stopped",
                self.settings().turn_deadline.as_secs_f64()
            )
        } else {
            "the room was stopped".to_owned()
        };
        live.log(3, &message);
        Breakage::new(500, message)
    }

    /// Seals what the turn wrote and lets its effects into the gate.
    pub fn end_turn(self: &Rc<Self>, live: &Rc<Live>) {
        if live.breakage.borrow().as_ref().is_some_and(|breakage| !breakage.keeps_writes) {
            // GATE-29
            return;
        }
        if live.savepoints.get() > 0 {
            // An open transaction is sealed when it ends.
            live.room.borrow_mut().end_turn(None);
            return;
        }
        let sealed = match live.store.borrow_mut().seal() {
            Ok(sealed) => sealed,
            Err(error) => {
                live.break_later(Breakage::new(503, error.to_string()));
                None
            }
        };
        if sealed.is_some() {
            self.await_commit(live);
        }
        let confirmed = sealed.filter(|sealed| sealed.confirmed).map(|sealed| sealed.seq);
        live.room.borrow_mut().end_turn(confirmed);
    }

    fn resume_sockets(&self, live: &Live) {
        if live.paused.borrow().is_empty() || live.room.borrow().is_congested() {
            return;
        }
        for socket in live.paused.take() {
            if let Some(super::transport::Transport::Wire(wire)) =
                live.transports.borrow().get(&socket)
            {
                wire.resume();
            }
        }
    }

    /// All rooms, for going down.
    pub fn all_rooms(&self) -> Vec<Rc<Live>> {
        self.rooms.borrow().values().cloned().collect()
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
