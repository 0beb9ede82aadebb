//! Time on a shard: the schedule of its rooms' timers, the deadlines of critical sections, and when a
//! silent room gives its isolate back.
//!
//! One ordered map for all rooms of the shard; the loop sleeps until its first entry. A timer that is due
//! becomes an event in its room's inbox, in the section that started it.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::isolate;
use super::live::{Breakage, Live, Stage};
use super::shard::Shard;
use crate::limits;
use crate::room::event::Event;
use crate::room::section::SectionId;

/// Where a timer stands in the schedule.
pub type DueKey = (Instant, u64);

/// A timer of the shard: what is due, and for which life of which room.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    Timer {
        slot: u64,
        id: u32,
    },
    SectionDeadline {
        slot: u64,
        section: u32,
    },
    /// Its alarm handler has run for too long.
    AlarmDeadline {
        slot: u64,
    },
    /// The room may have been silent for long enough.
    Idle {
        slot: u64,
    },
    /// A spare isolate is wanted.
    Refill,
    /// Isolates have gone: their memory may be given back.
    GiveBack,
}

impl Shard {
    pub fn schedule(&self, at: Instant, due: Due) -> DueKey {
        let number = self.last_due.get() + 1;
        self.last_due.set(number);
        let mut schedule = self.schedule.borrow_mut();
        let first = schedule.keys().next().is_none_or(|(next, _)| at < *next);
        schedule.insert((at, number), due);
        if first {
            self.work.notify_one();
        }
        (at, number)
    }

    pub fn unschedule(&self, key: DueKey) {
        self.schedule.borrow_mut().remove(&key);
    }

    pub fn fire_due(self: &Rc<Self>) {
        if self.schedule.borrow().is_empty() {
            return;
        }
        let now = Instant::now();
        loop {
            let due = {
                let mut schedule = self.schedule.borrow_mut();
                match schedule.first_entry() {
                    Some(entry) if entry.key().0 <= now => entry.remove(),
                    _ => return,
                }
            };
            match due {
                Due::Timer { slot, id } => {
                    let Some(live) = self.of_slot(slot) else { continue };
                    let section = live.timers.borrow().get(&id).map(|timer| timer.section);
                    if let Some(section) = section {
                        live.push_from(section, Event::Timer { id });
                    }
                }
                Due::SectionDeadline { slot, section } => {
                    if let Some(live) = self.of_slot(slot) {
                        self.section_overdue(&live, SectionId(section));
                    }
                }
                Due::AlarmDeadline { slot } => {
                    if let Some(live) = self.of_slot(slot) {
                        self.alarm_overdue(&live);
                    }
                }
                Due::Refill => self.refill(),
                Due::GiveBack => {
                    self.give_back_planned.set(false);
                    isolate::give_back_memory();
                }
                Due::Idle { slot } => {
                    if let Some(live) = self.of_slot(slot) {
                        self.check_idle(&live);
                    }
                }
            }
        }
    }

    /// A section's time counts from its beginning.
    pub fn section_began(&self, live: &Live, section: u32) {
        let key = self.schedule(
            Instant::now() + Duration::from_secs(limits::SECTION_SECONDS_MAX),
            Due::SectionDeadline { slot: live.slot, section },
        );
        live.section_deadlines.borrow_mut().insert(section, key);
    }

    pub fn section_ended(&self, live: &Live, section: u32) {
        if let Some(key) = live.section_deadlines.borrow_mut().remove(&section) {
            self.unschedule(key);
        }
        live.room.borrow_mut().close_section(SectionId(section));
    }

    /// The thread stood still: the sections of its rooms get that time back.
    pub fn postpone_sections(&self, by: Duration) {
        let mut schedule = self.schedule.borrow_mut();
        let is_section = |due: &Due| matches!(due, Due::SectionDeadline { .. });
        let sections: Vec<_> = schedule.extract_if(.., |_, due| is_section(due)).collect();
        for ((at, number), due) in sections {
            let later = (at + by, number);
            schedule.insert(later, due);
            let Due::SectionDeadline { slot, section } = due else { continue };
            let Some(live) = self.of_slot(slot) else { continue };
            if let Some(deadline) = live.section_deadlines.borrow_mut().get_mut(&section) {
                *deadline = later;
            }
        }
    }

    fn section_overdue(self: &Rc<Self>, live: &Rc<Live>, section: SectionId) {
        if live.room.borrow().is_section_open(section) {
            self.break_room(
                live,
                &Breakage::new(
                    500,
                    "A call to blockConcurrencyWhile() in a Durable Object waited for too long. \
                     The call was canceled and the Durable Object was reset.",
                ),
            );
        }
    }

    /// A room that has been silent long enough gives its isolate back (L-60..L-64).
    fn check_idle(self: &Rc<Self>, live: &Rc<Live>) {
        live.idle_watched.set(false);
        if live.queued.get() || !live.is_quiet() {
            return;
        }
        if live.last_active.get().elapsed() < self.settings().hibernate_after {
            self.watch_idle(live);
            return;
        }
        self.put_to_sleep(live);
    }

    /// Takes the isolate of a silent room, if the room can do without: gives whether it could.
    fn put_to_sleep(self: &Rc<Self>, live: &Rc<Live>) -> bool {
        let (connections, raw) = {
            let room = live.room.borrow();
            (room.sockets.connection_count(), room.sockets.raw_count())
        };
        if raw > 0 || live.key.is_lobby() || live.is_debugged() {
            return false;
        }
        if connections == 0 && live.transports.borrow().is_empty() {
            self.forget(live);
        } else if live.hibernate.get() {
            live.room.borrow_mut().forget_sections();
            *live.stage.borrow_mut() = Stage::Absent;
            live.store.borrow_mut().shrink();
        } else {
            return false;
        }
        if !self.give_back_planned.replace(true) {
            let at = Instant::now() + Duration::from_secs(limits::GIVE_BACK_SECONDS);
            self.schedule(at, Due::GiveBack);
        }
        true
    }

    /// Frees an isolate for another room: a spare, else that of the room that was silent longest.
    pub fn relieve(self: &Rc<Self>) -> bool {
        if self.pool.give_up_one() {
            return true;
        }
        let mut silent: Vec<_> = self.all_rooms();
        silent.retain(|live| !live.queued.get() && live.is_awake() && live.is_quiet());
        silent.sort_by_key(|live| live.last_active.get());
        silent.iter().any(|live| self.put_to_sleep(live))
    }

    /// Looks at the room again when it may have been idle for long enough.
    pub fn watch_idle(&self, live: &Live) {
        if !live.idle_watched.get() && live.is_quiet() {
            live.idle_watched.set(true);
            let due = Due::Idle { slot: live.slot };
            self.schedule(live.last_active.get() + self.settings().hibernate_after, due);
        }
    }
}
