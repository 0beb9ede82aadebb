//! What rooms have stored, for somebody who looks on while the host runs: page by page, on a
//! connection of its own.
//!
//! For the dashboard. Sees what is durable, never holds a snapshot open, never writes, and never asks
//! a room: what a room is just writing shows a moment later. Each call is bounded by its limit.

use std::ops::Bound;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::memory::{MemoryBase, Stored};
use super::room::behind;
use super::{AlarmRow, Base, Store, StoreError};
use crate::name::{RoomId, RoomKey};

/// Keys of a room that are counted; beyond it there are just more.
pub const KEYS_COUNTED_MAX: usize = 1_000;

pub struct Catalogue(Source);

enum Source {
    Disk(Connection),
    Memory(MemoryBase),
}

/// A room that has stored something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRoom {
    pub room: RoomKey,
    /// At most `KEYS_COUNTED_MAX` and one.
    pub keys: usize,
    pub alarm: Option<AlarmRow>,
}

/// One key of a room. The value is there if it is small enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub key: Bytes,
    pub size: usize,
    pub value: Option<Bytes>,
}

/// Which rooms: all of a party or of all, whose id contains `search`, behind `after`.
#[derive(Debug, Clone, Default)]
pub struct Which {
    pub party: Option<String>,
    pub search: String,
    pub after: Option<(String, String)>,
    pub limit: usize,
}

impl Store {
    pub fn catalogue(&self) -> Result<Catalogue, StoreError> {
        Ok(Catalogue(match &self.base {
            Base::Disk(folder) => Source::Disk(folder.reader()?),
            Base::Memory(memory) => Source::Memory(memory.clone()),
        }))
    }
}

/// What a room has stored, from the columns of `ROOM`.
const ROOM: &str = "
    SELECT rooms.party, rooms.room, scheduled_ms, due_ms, retry,
           (SELECT COUNT(*) FROM (SELECT 1 FROM entries WHERE room = rooms.id LIMIT 1001)) AS keys
    FROM rooms LEFT JOIN alarms ON alarms.room = rooms.id";

fn room_of(row: &Row<'_>) -> rusqlite::Result<StoredRoom> {
    let alarm = match row.get(2)? {
        None => None,
        Some(scheduled_ms) => {
            Some(AlarmRow { scheduled_ms, due_ms: row.get(3)?, retry: row.get(4)? })
        }
    };
    Ok(StoredRoom {
        room: RoomKey::room(row.get::<_, String>(0)?, row.get::<_, String>(1)?),
        keys: usize::try_from(row.get::<_, i64>(5)?).unwrap_or(0),
        alarm,
    })
}

fn of_memory(room: &RoomKey, stored: &Stored) -> StoredRoom {
    let keys = stored.entries.len().min(KEYS_COUNTED_MAX + 1);
    StoredRoom { room: room.clone(), keys, alarm: stored.alarm }
}

impl Catalogue {
    /// Rooms in the order of their names.
    pub fn rooms(&self, which: &Which) -> Result<Vec<StoredRoom>, StoreError> {
        let connection = match &self.0 {
            Source::Memory(base) => return Ok(rooms_in_memory(base, which)),
            Source::Disk(connection) => connection,
        };
        let (party, room) = which.after.clone().unwrap_or_default();
        let read = || -> rusqlite::Result<Vec<StoredRoom>> {
            let mut statement = connection.prepare_cached(&format!(
                "{ROOM}
                 WHERE (rooms.party, rooms.room) > (?1, ?2) AND (?3 IS NULL OR rooms.party = ?3)
                   AND INSTR(rooms.room, ?4) AND (scheduled_ms IS NOT NULL
                   OR EXISTS (SELECT 1 FROM entries WHERE room = rooms.id))
                 ORDER BY rooms.party, rooms.room LIMIT ?5"
            ))?;
            let limit = i64::try_from(which.limit).unwrap_or(i64::MAX);
            let values = params![party, room, which.party, which.search, limit];
            statement.query_map(values, room_of)?.collect()
        };
        read().map_err(|error| StoreError::of_read(&error))
    }

    /// What one room has stored; none if nothing.
    pub fn room(&self, room: &RoomKey) -> Result<Option<StoredRoom>, StoreError> {
        let Some(id) = room.id() else { return Ok(None) };
        match &self.0 {
            Source::Memory(base) => {
                Ok(base.rooms().get(room).map(|stored| of_memory(room, stored)))
            }
            Source::Disk(connection) => connection
                .prepare_cached(&format!("{ROOM} WHERE rooms.party = ? AND rooms.room = ?"))
                .and_then(|mut statement| {
                    statement.query_row(params![&*room.party, &**id], room_of).optional()
                })
                .map(|found| found.filter(|room| room.keys > 0 || room.alarm.is_some()))
                .map_err(|error| StoreError::of_read(&error)),
        }
    }

    /// The number under which a room's entries stand.
    fn number(connection: &Connection, room: &RoomKey) -> rusqlite::Result<Option<i64>> {
        let id = room.id().map(|id| &**id).unwrap_or_default();
        connection
            .prepare_cached("SELECT id FROM rooms WHERE party = ? AND room = ?")?
            .query_row(params![&*room.party, id], |row| row.get(0))
            .optional()
    }

    /// Keys in order: those that begin with `prefix`, behind `after`. Values larger than
    /// `value_max` bytes are left out.
    pub fn entries(
        &self,
        room: &RoomKey,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        value_max: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let prefix = prefix.as_bytes();
        // The key right behind a key is that key and a zero byte.
        let behind_after = after.map(|after| [after.as_bytes(), &[0]].concat()).unwrap_or_default();
        let start = behind_after.max(prefix.to_vec());
        let end = behind(prefix);
        if end.as_ref().is_some_and(|end| *end <= start) {
            return Ok(Vec::new());
        }
        let connection = match &self.0 {
            Source::Disk(connection) => connection,
            Source::Memory(base) => {
                let rooms = base.rooms();
                let Some(stored) = rooms.get(room) else { return Ok(Vec::new()) };
                let end = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
                let range = stored.entries.range::<[u8], _>((Bound::Included(&start[..]), end));
                let entry = |(key, value): (&Bytes, &Bytes)| Entry {
                    key: key.clone(),
                    size: value.len(),
                    value: (value.len() <= value_max).then(|| value.clone()),
                };
                return Ok(range.take(limit).map(entry).collect());
            }
        };
        let read = || -> rusqlite::Result<Vec<Entry>> {
            let Some(number) = Self::number(connection, room)? else { return Ok(Vec::new()) };
            let mut statement = connection.prepare_cached(
                "SELECT key, LENGTH(value), CASE WHEN LENGTH(value) <= ?1 THEN value END
                 FROM entries WHERE room = ?2 AND key >= ?3 AND (?4 IS NULL OR key < ?4)
                 ORDER BY key LIMIT ?5",
            )?;
            let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
            let values = params![count(value_max), number, start, end, count(limit)];
            let rows = statement.query_map(values, |row| {
                Ok(Entry {
                    key: row.get::<_, Vec<u8>>(0)?.into(),
                    size: usize::try_from(row.get::<_, i64>(1)?).unwrap_or(0),
                    value: row.get::<_, Option<Vec<u8>>>(2)?.map(Bytes::from),
                })
            })?;
            rows.collect()
        };
        read().map_err(|error| StoreError::of_read(&error))
    }

    pub fn value(&self, room: &RoomKey, key: &str) -> Result<Option<Bytes>, StoreError> {
        let connection = match &self.0 {
            Source::Memory(base) => {
                let rooms = base.rooms();
                return Ok(rooms.get(room).and_then(|it| it.entries.get(key.as_bytes()).cloned()));
            }
            Source::Disk(connection) => connection,
        };
        let read = || -> rusqlite::Result<Option<Bytes>> {
            let Some(number) = Self::number(connection, room)? else { return Ok(None) };
            let value: Option<Vec<u8>> = connection
                .prepare_cached("SELECT value FROM entries WHERE room = ? AND key = ?")?
                .query_row(params![number, key.as_bytes()], |row| row.get(0))
                .optional()?;
            Ok(value.map(Bytes::from))
        };
        read().map_err(|error| StoreError::of_read(&error))
    }
}

fn rooms_in_memory(base: &MemoryBase, which: &Which) -> Vec<StoredRoom> {
    let rooms = base.rooms();
    let matches = |room: &RoomKey| {
        let RoomId::Room(id) = &room.id else { return false };
        let behind = which.after.as_ref().is_none_or(|(after_party, after)| {
            (&*room.party, &**id) > (after_party.as_str(), after.as_str())
        });
        behind
            && which.party.as_ref().is_none_or(|party| **party == *room.party)
            && id.contains(&which.search)
    };
    let mut found: Vec<_> = rooms.iter().filter(|(room, _)| matches(room)).collect();
    found.sort_by_key(|(room, _)| *room);
    found.into_iter().take(which.limit).map(|(room, stored)| of_memory(room, stored)).collect()
}
