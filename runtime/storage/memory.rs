//! The store without a disk: `persist: false`, and the reference the tests hold the other one to.
//!
//! Shared by the committer, which writes, and the readers of all shards.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::batch::Batch;
use super::commit::Sink;
use super::{AlarmRow, StoreError};
use crate::name::RoomKey;

#[derive(Debug, Default, Clone)]
pub struct Stored {
    pub entries: BTreeMap<Bytes, Bytes>,
    pub alarm: Option<AlarmRow>,
}

#[derive(Clone, Default)]
pub struct MemoryBase {
    rooms: Arc<Mutex<HashMap<RoomKey, Stored>>>,
}

impl MemoryBase {
    pub fn rooms(&self) -> MutexGuard<'_, HashMap<RoomKey, Stored>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for MemoryBase {
    fn commit(&mut self, group: &[Batch]) -> Result<(), StoreError> {
        let mut rooms = self.rooms();
        for batch in group {
            let stored = rooms.entry(batch.room.clone()).or_default();
            if batch.cleared {
                stored.entries.clear();
            }
            for (key, value) in &batch.changes {
                match value {
                    Some(value) => drop(stored.entries.insert(key.clone(), value.clone())),
                    None => drop(stored.entries.remove(key)),
                }
            }
            if let Some(alarm) = batch.alarm {
                stored.alarm = alarm;
            }
            if stored.entries.is_empty() && stored.alarm.is_none() {
                rooms.remove(&batch.room);
            }
        }
        Ok(())
    }
}
