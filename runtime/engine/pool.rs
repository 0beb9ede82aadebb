//! Warm isolates: one per party and shard, booted and with the party's program loaded, so that a room
//! that starts only has to be told who it is (DESIGN, path d).
//!
//! Filled when the shard has a quiet moment after a party's spare was taken, never for a party nobody
//! uses; a spare costs the memory of a room. A new program makes the old spares worthless: they go.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
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

/// An instance without a room, and the program that is in it.
struct Spare {
    source: Arc<PartySource>,
    instance: Instance,
}

#[derive(Default)]
pub struct Pool {
    spares: RefCell<BTreeMap<Arc<str>, Spare>>,
    wanted: RefCell<BTreeSet<Arc<str>>>,
}

impl Pool {
    /// Drops every spare: the programs have changed.
    pub fn clear(&self) {
        self.spares.borrow_mut().clear();
        self.wanted.borrow_mut().clear();
    }

    /// Gives one spare's isolate back; false if there is none.
    pub fn give_up_one(&self) -> bool {
        self.spares.borrow_mut().pop_first().is_some()
    }

    fn take(&self, source: &Arc<PartySource>) -> Option<Instance> {
        let spare = self.spares.borrow_mut().remove(&source.name)?;
        Arc::ptr_eq(&spare.source, source).then_some(spare.instance)
    }
}

impl Shard {
    /// A spare instance for a room of this party, if there is one; orders the next.
    pub fn take_spare(&self, source: &Arc<PartySource>, log: Log) -> Option<Instance> {
        // In a spare the party's module is evaluated before any debugger could ask for its room.
        if self.debugging.is_some() {
            return None;
        }
        let first = self.pool.wanted.borrow().is_empty();
        self.pool.wanted.borrow_mut().insert(source.name.clone());
        if first {
            self.plan_refill();
        }
        let instance = self.pool.take(source)?;
        instance.log_to(log);
        Some(instance)
    }

    fn plan_refill(&self) {
        self.schedule(Instant::now() + Duration::from_millis(limits::POOL_PAUSE_MS), Due::Refill);
    }

    /// Makes one spare, unless the shard has something better to do.
    pub fn refill(self: &Rc<Self>) {
        if self.is_busy() {
            self.plan_refill();
            return;
        }
        let Some(party) = self.pool.wanted.borrow_mut().pop_first() else { return };
        if !self.pool.wanted.borrow().is_empty() {
            self.plan_refill();
        }
        let source = self.programs.borrow().get(&party).cloned();
        let Some(source) = source.filter(|_| isolate::has_room_for_spares()) else { return };
        if self.pool.spares.borrow().contains_key(&party) {
            return;
        }
        let settings = self.settings();
        let (key, log) = (RoomKey::lobby(party.clone()), settings.log.clone());
        let log: Log = Rc::new(move |level, text| log(&key, level, text));
        // What is wrong with it is told when a room needs one.
        let Ok(mut instance) = Instance::create(&source, settings.heap_limit_bytes, log, None)
        else {
            return;
        };
        self.watch.arm(instance.handle(), settings.turn_deadline);
        let end = instance.preload(&mut Context::from_waker(std::task::Waker::noop()));
        let cut_off = self.watch.disarm() || matches!(end, TurnEnd::Terminated);
        if !cut_off && instance.is_loaded() {
            self.pool.spares.borrow_mut().insert(party, Spare { source, instance });
        }
    }
}
