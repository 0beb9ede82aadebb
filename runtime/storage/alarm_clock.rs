//! When which room's alarm is due: an index in memory over the durable alarms.
//!
//! Filled from the store when it opens, changed after each commit, so it is never ahead of what is
//! durable (AL-24). The node sleeps until `next_due` and tells the rooms that `take_due` gives; the
//! stored alarm decides there whether something runs (AL-25). About 200 bytes an alarm.
//!
//! An alarm of a room whose commit failed is given out again, later each time: while the disk is full
//! its handler must neither spin nor be forgotten.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::AlarmRow;
use crate::limits;
use crate::name::RoomKey;

/// How often the delay after a failed commit doubles.
const DOUBLINGS_MAX: u32 = 5;

#[derive(Debug, Default)]
pub struct AlarmClock {
    index: Mutex<Index>,
    /// The earliest alarm may be another one.
    changed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Index {
    rows: HashMap<RoomKey, AlarmRow>,
    /// Alarms that have not been given out.
    due: BTreeSet<(i64, RoomKey)>,
    /// Rooms with an alarm whose commits failed since the alarm was stored.
    failing: HashMap<RoomKey, Failing>,
}

#[derive(Debug)]
struct Failing {
    times: u32,
    /// The alarm is not given out before.
    until_ms: i64,
}

impl Index {
    /// When the room's alarm may be given out next.
    fn next(&self, room: &RoomKey) -> Option<i64> {
        let row = self.rows.get(room)?;
        Some(self.failing.get(room).map_or(row.due_ms, |failing| failing.until_ms.max(row.due_ms)))
    }
}

impl AlarmClock {
    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The room's durable alarm is now this one.
    pub(super) fn set(&self, room: &RoomKey, alarm: Option<AlarmRow>) {
        let mut index = self.index();
        if let Some(old) = index.rows.remove(room) {
            index.due.remove(&(old.due_ms, room.clone()));
        }
        if let Some(failing) = index.failing.remove(room) {
            index.due.remove(&(failing.until_ms, room.clone()));
        }
        if let Some(row) = alarm {
            index.rows.insert(room.clone(), row);
            index.due.insert((row.due_ms, room.clone()));
        }
        drop(index);
        self.changed.notify_waiters();
    }

    /// Gives the room's alarm out again, if it has one.
    pub fn wake(&self, room: &RoomKey) {
        let mut index = self.index();
        let Some(next) = index.next(room) else { return };
        index.due.insert((next, room.clone()));
        drop(index);
        self.changed.notify_waiters();
    }

    /// A commit of the room failed at `now_ms`. What its handler did is undone if it ran, so its
    /// alarm is given out again, after a while.
    pub(super) fn failed(&self, room: &RoomKey, now_ms: i64) {
        let mut index = self.index();
        if !index.rows.contains_key(room) {
            return;
        }
        let failing =
            index.failing.entry(room.clone()).or_insert(Failing { times: 0, until_ms: i64::MIN });
        if failing.until_ms <= now_ms {
            let delay_ms = limits::ALARM_RETRY_MS << failing.times.min(DOUBLINGS_MAX);
            *failing = Failing { times: failing.times + 1, until_ms: now_ms + delay_ms };
        }
        drop(index);
        self.wake(room);
    }

    /// Resolves when an alarm was set, moved or deleted after this call.
    pub fn changed(&self) -> impl Future<Output = ()> + use<> {
        self.changed.clone().notified_owned()
    }

    /// The alarms due at `now_ms`, earliest first; each is given once for each time it is set.
    pub fn take_due(&self, now_ms: i64) -> Vec<(RoomKey, AlarmRow)> {
        let mut index = self.index();
        let mut taken = Vec::new();
        while index.due.first().is_some_and(|(due, _)| *due <= now_ms) {
            let Some((_, room)) = index.due.pop_first() else { break };
            if let Some(row) = index.rows.get(&room).copied() {
                taken.push((room, row));
            }
        }
        taken
    }

    /// When the next alarm is due, in milliseconds since the epoch.
    pub fn next_due(&self) -> Option<i64> {
        self.index().due.first().map(|(due, _)| *due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(id: &str) -> RoomKey {
        RoomKey::room("main", id)
    }

    #[test]
    fn al_24_the_earliest_alarm_comes_first_and_once() {
        let clock = AlarmClock::default();
        clock.set(&room("b"), Some(AlarmRow::at(20)));
        clock.set(&room("a"), Some(AlarmRow::at(10)));
        clock.set(&room("c"), Some(AlarmRow::at(30)));
        assert_eq!(clock.next_due(), Some(10));
        let due: Vec<_> = clock.take_due(20).into_iter().map(|(room, _)| room).collect();
        assert_eq!(due, [room("a"), room("b")]);
        assert!(clock.take_due(20).is_empty());
        assert_eq!(clock.next_due(), Some(30));
        clock.wake(&room("a"));
        assert_eq!(clock.next_due(), Some(10), "its alarm is still stored");
    }

    #[test]
    fn al_21_a_new_time_replaces_the_old_one() {
        let clock = AlarmClock::default();
        clock.set(&room("a"), Some(AlarmRow::at(10)));
        clock.set(&room("a"), Some(AlarmRow::at(40)));
        assert!(clock.take_due(39).is_empty());
        clock.set(&room("a"), None);
        assert_eq!(clock.next_due(), None);
        clock.wake(&room("a"));
        assert_eq!(clock.next_due(), None);
    }

    #[test]
    fn alarms_of_failing_rooms_come_again_but_later_each_time() {
        let clock = AlarmClock::default();
        clock.failed(&room("a"), 0);
        assert_eq!(clock.next_due(), None, "it has no alarm");
        clock.set(&room("a"), Some(AlarmRow::at(10)));
        let mut now_ms = 10;
        let mut delays = Vec::new();
        for _ in 0..8 {
            assert_eq!(clock.take_due(now_ms).len(), 1);
            clock.failed(&room("a"), now_ms);
            clock.failed(&room("a"), now_ms);
            clock.wake(&room("a"));
            let next = clock.next_due().unwrap();
            delays.push(next - now_ms);
            assert!(clock.take_due(next - 1).is_empty());
            now_ms = next;
        }
        assert_eq!(delays, [2, 4, 8, 16, 32, 64, 64, 64].map(|seconds| seconds * 1000));
        clock.set(&room("a"), Some(AlarmRow::at(20)));
        assert_eq!(clock.take_due(20).len(), 1, "a commit ends it");
        assert_eq!(clock.next_due(), None);
        clock.set(&room("b"), Some(AlarmRow::at(90_000)));
        clock.failed(&room("b"), 30);
        assert_eq!(clock.next_due(), Some(90_000), "never before it is due");
    }
}
