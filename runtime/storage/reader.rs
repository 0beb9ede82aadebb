//! Reads what is durable, for one shard. Every call is one statement that is finished when it returns:
//! no snapshot stays open, so checkpoints are never held up.

use std::ops::Bound;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};

use super::memory::MemoryBase;
use super::{AlarmRow, StoreError};
use crate::name::RoomKey;

pub struct Reader(Source);

enum Source {
    Disk(Connection),
    Memory(MemoryBase),
}

/// A range of keys: from `start` (inclusive) to `end` (exclusive; none: to the last).
#[derive(Debug, Clone)]
pub struct Range {
    pub start: Vec<u8>,
    pub end: Option<Vec<u8>>,
    pub reverse: bool,
}

impl Range {
    /// Whether no key can be in it (KV-20).
    pub fn is_empty(&self) -> bool {
        self.end.as_ref().is_some_and(|end| *end <= self.start)
    }

    /// The same for a map of keys. Not for empty ranges, of which maps do not want to hear.
    pub fn bounds(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        let end = self.end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        (Bound::Included(self.start.as_slice()), end)
    }
}

impl Reader {
    pub fn disk(connection: Connection) -> Self {
        Self(Source::Disk(connection))
    }

    pub fn memory(base: MemoryBase) -> Self {
        Self(Source::Memory(base))
    }

    /// The room's number in the store; none if nothing was ever stored for it.
    pub fn number(&self, room: &RoomKey) -> Result<Option<i64>, StoreError> {
        let Source::Disk(connection) = &self.0 else { return Ok(Some(0)) };
        let name = room.id().map(|id| &**id).unwrap_or_default();
        connection
            .prepare_cached("SELECT id FROM rooms WHERE party = ? AND room = ?")
            .and_then(|mut statement| {
                statement.query_row(params![&*room.party, name], |row| row.get(0)).optional()
            })
            .map_err(|error| StoreError::of_read(&error))
    }

    pub fn get(
        &self,
        room: &RoomKey,
        number: i64,
        key: &[u8],
    ) -> Result<Option<Bytes>, StoreError> {
        match &self.0 {
            Source::Memory(base) => {
                Ok(base.rooms().get(room).and_then(|stored| stored.entries.get(key).cloned()))
            }
            Source::Disk(connection) => connection
                .prepare_cached("SELECT value FROM entries WHERE room = ? AND key = ?")
                .and_then(|mut statement| {
                    statement.query_row(params![number, key], |row| bytes(row, 0)).optional()
                })
                .map_err(|error| StoreError::of_read(&error)),
        }
    }

    pub fn alarm(&self, room: &RoomKey, number: i64) -> Result<Option<AlarmRow>, StoreError> {
        match &self.0 {
            Source::Memory(base) => Ok(base.rooms().get(room).and_then(|stored| stored.alarm)),
            Source::Disk(connection) => connection
                .prepare_cached("SELECT scheduled_ms, due_ms, retry FROM alarms WHERE room = ?")
                .and_then(|mut statement| {
                    let row = statement.query_row([number], |row| {
                        Ok(AlarmRow {
                            scheduled_ms: row.get(0)?,
                            due_ms: row.get(1)?,
                            retry: row.get(2)?,
                        })
                    });
                    row.optional()
                })
                .map_err(|error| StoreError::of_read(&error)),
        }
    }

    /// Gives the entries of a range in order to `take`, until it says that it has enough.
    pub fn scan(
        &self,
        room: &RoomKey,
        number: i64,
        range: &Range,
        mut take: impl FnMut(Bytes, Bytes) -> bool,
    ) -> Result<(), StoreError> {
        let connection = match &self.0 {
            Source::Memory(base) => {
                let rooms = base.rooms();
                let Some(stored) = rooms.get(room) else { return Ok(()) };
                let mut found = stored.entries.range::<[u8], _>(range.bounds());
                let mut next = || if range.reverse { found.next_back() } else { found.next() };
                while let Some((key, value)) = next() {
                    if !take(key.clone(), value.clone()) {
                        break;
                    }
                }
                return Ok(());
            }
            Source::Disk(connection) => connection,
        };
        let sql = match (range.end.is_some(), range.reverse) {
            (true, false) => {
                "SELECT key, value FROM entries WHERE room = ?1 AND key >= ?2 AND key < ?3
                 ORDER BY key"
            }
            (true, true) => {
                "SELECT key, value FROM entries WHERE room = ?1 AND key >= ?2 AND key < ?3
                 ORDER BY key DESC"
            }
            (false, false) => {
                "SELECT key, value FROM entries WHERE room = ?1 AND key >= ?2 ORDER BY key"
            }
            (false, true) => {
                "SELECT key, value FROM entries WHERE room = ?1 AND key >= ?2 ORDER BY key DESC"
            }
        };
        let mut scan = || -> rusqlite::Result<()> {
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = match &range.end {
                Some(end) => statement.query(params![number, range.start, end])?,
                None => statement.query(params![number, range.start])?,
            };
            while let Some(row) = rows.next()? {
                if !take(bytes(row, 0)?, bytes(row, 1)?) {
                    break;
                }
            }
            Ok(())
        };
        scan().map_err(|error| StoreError::of_read(&error))
    }
}

fn bytes(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Bytes> {
    Ok(Bytes::copy_from_slice(row.get_ref(column)?.as_blob()?))
}
