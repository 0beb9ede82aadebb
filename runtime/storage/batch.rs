//! What one turn of one room writes: the unit that becomes durable together or not at all (KV-49).
//!
//! `WriteSet` is open while the turn runs and can be rolled back to a savepoint; sealed, it is a
//! `Batch` on its way to the disk. Pure data: no disk, no threads.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::AlarmRow;
use crate::name::RoomKey;

/// Key → value, or none where the key is deleted.
pub type Changes = BTreeMap<Bytes, Option<Bytes>>;

/// A sealed write set.
#[derive(Debug, Clone)]
pub struct Batch {
    pub room: RoomKey,
    /// The life of the room's store that wrote it; see `commit.rs`.
    pub life: u64,
    /// Everything stored before goes first (`deleteAll`).
    pub cleared: bool,
    pub changes: Changes,
    /// The alarm, if the batch sets or deletes it.
    pub alarm: Option<Option<AlarmRow>>,
}

impl Batch {
    /// Bytes of keys and values, for the bounds of the queue.
    pub fn weight(&self) -> usize {
        let of = |(key, value): (&Bytes, &Option<Bytes>)| {
            key.len() + value.as_ref().map_or(0, Bytes::len) + 64
        };
        64 + self.changes.iter().map(of).sum::<usize>()
    }
}

/// How to take a change back.
#[derive(Debug)]
enum Undo {
    Change { key: Bytes, before: Option<Option<Bytes>> },
    Cleared { before: Changes, was_cleared: bool },
    Alarm { before: Option<Option<AlarmRow>> },
}

/// The open write set of a room.
#[derive(Debug, Default)]
pub struct WriteSet {
    changes: Changes,
    cleared: bool,
    alarm: Option<Option<AlarmRow>>,
    /// Something in it must be durable before the outside may see what follows (KV-46).
    confirmed: bool,
    /// What happened since the outermost savepoint.
    log: Vec<Undo>,
    /// Where each open savepoint begins in `log`, and whether the set was confirmed there.
    savepoints: Vec<(usize, bool)>,
}

impl WriteSet {
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && !self.cleared && self.alarm.is_none()
    }

    pub fn is_cleared(&self) -> bool {
        self.cleared
    }

    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    pub fn alarm(&self) -> Option<Option<AlarmRow>> {
        self.alarm
    }

    fn note(&mut self, undo: Undo) {
        if !self.savepoints.is_empty() {
            self.log.push(undo);
        }
    }

    pub fn change(&mut self, key: Bytes, value: Option<Bytes>, confirm: bool) {
        let before = self.changes.insert(key.clone(), value);
        self.note(Undo::Change { key, before });
        self.confirmed |= confirm;
    }

    /// Forgets all that was written, and all that is stored. The alarm stays (KV-26).
    pub fn clear(&mut self) {
        let before = std::mem::take(&mut self.changes);
        self.note(Undo::Cleared { before, was_cleared: self.cleared });
        self.cleared = true;
        self.confirmed = true;
    }

    pub fn set_alarm(&mut self, alarm: Option<AlarmRow>, confirm: bool) {
        let before = self.alarm.replace(alarm);
        self.note(Undo::Alarm { before });
        self.confirmed |= confirm;
    }

    /// The batch counts as confirmed whatever else is in it (`sync`, KV-70).
    pub fn confirm(&mut self) {
        self.confirmed = true;
    }

    pub fn savepoint(&mut self) {
        self.savepoints.push((self.log.len(), self.confirmed));
    }

    /// Keeps what was written since the innermost savepoint.
    pub fn release(&mut self) {
        self.savepoints.pop();
        if self.savepoints.is_empty() {
            self.log.clear();
        }
    }

    /// Undoes what was written since the innermost savepoint, and closes it.
    pub fn rollback(&mut self) {
        let Some((from, confirmed)) = self.savepoints.pop() else { return };
        for undo in self.log.drain(from..).rev() {
            match undo {
                Undo::Change { key, before: Some(value) } => {
                    self.changes.insert(key, value);
                }
                Undo::Change { key, before: None } => {
                    self.changes.remove(&key);
                }
                Undo::Cleared { before, was_cleared } => {
                    self.changes = before;
                    self.cleared = was_cleared;
                }
                Undo::Alarm { before } => self.alarm = before,
            }
        }
        self.confirmed = confirmed;
    }

    /// Closes the set: the batch and whether it is confirmed; none if nothing was written.
    pub fn seal(&mut self, room: &RoomKey, life: u64) -> Option<(Batch, bool)> {
        if self.is_empty() {
            return None;
        }
        debug_assert!(self.savepoints.is_empty(), "an open transaction is not sealed");
        let set = std::mem::take(self);
        let batch = Batch {
            room: room.clone(),
            life,
            cleared: set.cleared,
            changes: set.changes,
            alarm: set.alarm,
        };
        Some((batch, set.confirmed))
    }
}
