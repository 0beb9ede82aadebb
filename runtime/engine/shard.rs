//! A shard: one thread, one tokio runtime, and the rooms that live on it.
//!
//! The loop takes deliveries, commit outcomes, due timers and wake-ups, and visits the rooms that have
//! something to do (`visit.rs`). Sockets run as local tasks on the same thread and put their messages into
//! inboxes directly. When nothing happens the thread sleeps.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc, oneshot};

use super::break_down::refuse;
use super::inspect::Debugging;
use super::live::{Breakage, Live, Stage};
use super::pool::Pool;
use super::schedule::{Due, DueKey};
use super::settling::Settling;
use super::survey::{Glance, Tally};
use super::watchdog::Watch;
use super::{EngineError, EngineSettings, Programs};
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

/// Whom to tell that every room rests, and when not to wait for that any longer.
type Draining = (oneshot::Sender<()>, Instant);

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
    pub give_back_planned: Cell<bool>,
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
            give_back_planned: Cell::new(false),
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
        let mut draining: Option<Draining> = None;
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
                    Some(order) => self.obey(order, &mut draining),
                    None => return,
                },
                delivery = deliveries.recv() => match delivery {
                    Some(delivery) => self.deliver(delivery),
                    None => return,
                },
                () = self.wakes.notify.notified() => {}
                () = sleep_until(next) => {}
                () = self.work.notified(), if idle => {}
                () = std::future::ready(()), if !idle => {}
            }
            // What has piled up is taken in one go, so that rooms batch; and of everything some, so that nothing
            // waits for as long as there is more of something else.
            for _ in 0..limits::TURNS_PER_VISIT {
                let Ok(order) = control.try_recv() else { break };
                self.obey(order, &mut draining);
            }
            for _ in 0..limits::TURNS_PER_VISIT {
                let Ok(delivery) = deliveries.try_recv() else { break };
                self.deliver(delivery);
            }
            self.take_wakes();
            self.fire_due();
            self.visit_ready();
            // Sockets and bodies are tasks of this thread: let them run.
            tokio::task::yield_now().await;
        }
    }

    fn obey(self: &Rc<Self>, order: Control, draining: &mut Option<Draining>) {
        match order {
            Control::Committed(outcome) => self.committed(&outcome),
            Control::Survey(question, _) => self.survey(question),
            Control::Drain(done) => {
                let patience = Duration::from_secs(limits::DRAIN_SECONDS_MAX);
                *draining = Some((done, Instant::now() + patience));
            }
            Control::Reload { programs, settings, done } => {
                *self.programs.borrow_mut() = programs;
                *self.settings.borrow_mut() = settings;
                self.pool.clear();
                self.debugging.iter().for_each(Debugging::reloaded);
                self.replace_instances();
                let _ = done.send(());
            }
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

    pub fn waker(&self, live: &Live) -> Waker {
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

    /// Whether rooms wait for their visit.
    pub fn is_busy(&self) -> bool {
        !self.ready.borrow().is_empty()
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
