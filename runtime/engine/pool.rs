//! Warm isolates: booted and with their party's program loaded, so that a room that starts only has to be
//! told who it is (DESIGN, path d).
//!
//! Each shard keeps spares of the parties that are in use, none of a party nobody asks for. How many
//! follows the demand: one, and one more whenever a room came and found none, up to a bound; when a party
//! has not been asked for a while it is one again. A spare costs the memory of a room. The shard makes
//! them one at a time when it has nothing else to do. A new program makes the old spares worthless: they go.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Context;
use std::time::{Duration, Instant};

use super::instance::{Instance, Log, TurnEnd};
use super::isolate;
use super::loader::PartySource;
use super::schedule::Due;
use super::shard::Shard;
use crate::limits;
use crate::name::RoomKey;

#[derive(Default)]
pub struct Pool {
    shelves: RefCell<BTreeMap<Arc<str>, Shelf>>,
}

/// The spares of one party.
struct Shelf {
    /// The program that is in them.
    source: Arc<PartySource>,
    spares: Vec<Instance>,
    /// How many there should be.
    depth: usize,
    /// How many there may be: none of a party that cannot be loaded ahead of its room.
    depth_max: usize,
    last_asked: Instant,
}

impl Shelf {
    fn is_short(&self) -> bool {
        self.spares.len() < self.depth
    }
}

impl Pool {
    /// Drops every spare: the programs have changed.
    pub fn clear(&self) {
        self.shelves.borrow_mut().clear();
    }

    /// Gives one spare's isolate back, of the party with the most; false if there is none.
    pub fn give_up_one(&self) -> bool {
        let mut shelves = self.shelves.borrow_mut();
        let fullest = shelves.values_mut().max_by_key(|shelf| shelf.spares.len());
        let Some(shelf) = fullest else { return false };
        shelf.depth = shelf.depth.min(1);
        shelf.spares.pop().is_some()
    }

    fn take(&self, source: &Arc<PartySource>) -> Option<Instance> {
        let mut shelves = self.shelves.borrow_mut();
        let now = Instant::now();
        match shelves.get_mut(&source.name) {
            Some(shelf) if Arc::ptr_eq(&shelf.source, source) => {
                shelf.last_asked = now;
                let spare = shelf.spares.pop();
                if spare.is_none() {
                    shelf.depth = (shelf.depth + 1).min(shelf.depth_max);
                }
                spare
            }
            _ => {
                let shelf = Shelf {
                    source: source.clone(),
                    spares: Vec::new(),
                    depth: 1,
                    depth_max: limits::POOL_DEPTH_MAX,
                    last_asked: now,
                };
                shelves.insert(source.name.clone(), shelf);
                None
            }
        }
    }

    /// The party that is short of spares and was asked for last.
    fn next_short(&self) -> Option<Arc<PartySource>> {
        let shelves = self.shelves.borrow();
        let short = shelves.values().filter(|shelf| shelf.is_short());
        short.max_by_key(|shelf| shelf.last_asked).map(|shelf| shelf.source.clone())
    }

    /// Gives back what a burst has left; tells when to look again, if something may be left then.
    fn tidy(&self) -> Option<Instant> {
        let keep = Duration::from_secs(limits::POOL_KEEP_SECONDS);
        let mut again = None;
        for shelf in self.shelves.borrow_mut().values_mut().filter(|shelf| shelf.depth > 1) {
            if shelf.last_asked.elapsed() >= keep {
                shelf.depth = 1;
                shelf.spares.truncate(1);
            } else {
                let due = shelf.last_asked + keep;
                again = Some(again.map_or(due, |earlier: Instant| earlier.min(due)));
            }
        }
        again
    }
}

impl Shard {
    /// A spare instance for a room of this party, if there is one; orders the next.
    pub fn take_spare(&self, source: &Arc<PartySource>, log: Log) -> Option<Instance> {
        // In a spare the party's module is evaluated before any debugger could ask for its room.
        if self.debugging.is_some() {
            return None;
        }
        let spare = self.pool.take(source);
        self.plan_refill(Duration::from_millis(limits::POOL_PAUSE_MS));
        let instance = spare?;
        instance.log_to(log);
        Some(instance)
    }

    /// One plan is enough, the earliest.
    fn plan_refill(&self, after: Duration) {
        let at = Instant::now() + after;
        if let Some(planned) = self.refill_planned.get() {
            if planned.0 <= at {
                return;
            }
            self.unschedule(planned);
        }
        self.refill_planned.set(Some(self.schedule(at, Due::Refill)));
    }

    /// Makes one spare, unless the shard has something better to do.
    pub fn refill(self: &Rc<Self>) {
        self.refill_planned.set(None);
        let pause = Duration::from_millis(limits::POOL_PAUSE_MS);
        if self.is_busy() {
            self.plan_refill(pause);
            return;
        }
        let short = self.pool.next_short().filter(|_| isolate::has_room_for_spares());
        let Some(source) = short else {
            if let Some(again) = self.pool.tidy() {
                self.plan_refill(again.saturating_duration_since(Instant::now()));
            }
            return;
        };
        let made = self.make_spare(&source);
        let mut shelves = self.pool.shelves.borrow_mut();
        let Some(shelf) = shelves.get_mut(&source.name) else { return };
        match made {
            Some(instance) => shelf.spares.push(instance),
            // What is wrong with it is told when a room needs one.
            None => (shelf.depth, shelf.depth_max) = (0, 0),
        }
        drop(shelves);
        self.plan_refill(pause);
    }

    fn make_spare(&self, source: &Arc<PartySource>) -> Option<Instance> {
        let settings = self.settings();
        let (key, log) = (RoomKey::lobby(source.name.clone()), settings.log.clone());
        let log: Log = Rc::new(move |level, text| log(&key, level, text));
        let mut instance = Instance::create(source, settings.heap_limit_bytes, log, None).ok()?;
        self.watch.arm(instance.handle(), settings.turn_deadline);
        let end = instance.preload(&mut Context::from_waker(std::task::Waker::noop()));
        let cut_off = self.watch.disarm() || matches!(end, TurnEnd::Terminated);
        (!cut_off && instance.is_loaded()).then_some(instance)
    }
}
