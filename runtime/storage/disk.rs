//! Writes groups of batches to `state.db`: one transaction each.
//!
//! Used by the committer alone. SQLite's commit is the durable moment (`synchronous` says how durable).

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;
use super::batch::Batch;
use super::commit::Sink;
use crate::limits;
use crate::name::RoomKey;

pub struct DiskSink {
    connection: Connection,
    /// Numbers of rooms, as committed. Forgotten after a failure: a rollback may have undone them.
    ids: HashMap<RoomKey, i64>,
}

impl DiskSink {
    pub fn new(connection: Connection) -> Self {
        Self { connection, ids: HashMap::new() }
    }

    fn id_of(&mut self, room: &RoomKey) -> rusqlite::Result<i64> {
        if let Some(id) = self.ids.get(room) {
            return Ok(*id);
        }
        let name = room.id().map(|id| &**id).unwrap_or_default();
        let known = self
            .connection
            .prepare_cached("SELECT id FROM rooms WHERE party = ? AND room = ?")?
            .query_row(params![&*room.party, name], |row| row.get(0))
            .optional()?;
        let id = match known {
            Some(id) => id,
            None => self
                .connection
                .prepare_cached("INSERT INTO rooms (party, room) VALUES (?, ?)")?
                .insert(params![&*room.party, name])?,
        };
        if self.ids.len() >= limits::ROOM_NUMBERS_MAX {
            self.ids.clear();
        }
        self.ids.insert(room.clone(), id);
        Ok(id)
    }

    fn write(&mut self, batch: &Batch) -> rusqlite::Result<()> {
        let room = self.id_of(&batch.room)?;
        if batch.cleared {
            self.connection
                .prepare_cached("DELETE FROM entries WHERE room = ?")?
                .execute([room])?;
        }
        for (key, value) in &batch.changes {
            match value {
                Some(value) => self
                    .connection
                    .prepare_cached("REPLACE INTO entries (room, key, value) VALUES (?, ?, ?)")?
                    .execute(params![room, &key[..], &value[..]])?,
                None => self
                    .connection
                    .prepare_cached("DELETE FROM entries WHERE room = ? AND key = ?")?
                    .execute(params![room, &key[..]])?,
            };
        }
        match batch.alarm {
            None => {}
            Some(None) => {
                self.connection
                    .prepare_cached("DELETE FROM alarms WHERE room = ?")?
                    .execute([room])?;
            }
            Some(Some(row)) => {
                self.connection
                    .prepare_cached(
                        "REPLACE INTO alarms (room, scheduled_ms, due_ms, retry)
                         VALUES (?, ?, ?, ?)",
                    )?
                    .execute(params![room, row.scheduled_ms, row.due_ms, row.retry])?;
            }
        }
        Ok(())
    }

    fn transact(&mut self, group: &[Batch]) -> rusqlite::Result<()> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for batch in group {
            self.write(batch)?;
        }
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

impl Sink for DiskSink {
    fn commit(&mut self, group: &[Batch]) -> Result<(), StoreError> {
        self.transact(group).map_err(|error| {
            self.ids.clear();
            let failure = StoreError::of_commit(&error);
            if !self.connection.is_autocommit()
                && let Err(error) = self.connection.execute_batch("ROLLBACK")
            {
                // Neither committed nor rolled back: nothing can be relied on any more.
                return StoreError::Poisoned(error.to_string());
            }
            failure
        })
    }
}
