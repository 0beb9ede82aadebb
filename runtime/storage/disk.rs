//! Writes batches to `state.db`: a group of the committer, or an import, is one transaction.
//!
//! SQLite's commit is the durable moment (`synchronous` says how durable). Checkpoints are made here
//! and not by SQLite, which keeps to itself that one failed: after a checkpoint that the disk did not
//! confirm nothing is written any more.

use std::collections::HashMap;

use rusqlite::config::DbConfig;
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
    /// Why nothing is written any more.
    broken: Option<String>,
}

impl DiskSink {
    pub fn new(connection: Connection) -> Self {
        Self { connection, ids: HashMap::new(), broken: None }
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

    pub fn begin(&mut self) -> rusqlite::Result<()> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop)
    }

    pub fn end(&mut self) -> rusqlite::Result<()> {
        self.connection.prepare_cached("COMMIT")?.execute([]).map(drop)
    }

    /// Within a transaction.
    pub fn write(&mut self, batch: &Batch) -> rusqlite::Result<()> {
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
        self.begin()?;
        for batch in group {
            self.write(batch)?;
        }
        self.end()
    }

    /// Writes nothing any more, not even when the connection is closed.
    fn stop(&mut self, reason: String) {
        self.broken = Some(reason);
        let setting = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        // If it is refused, closing tries one more checkpoint, which loses nothing.
        let _ = self.connection.set_db_config(setting, true);
    }

    /// Carries the write-ahead log over into the database once it has grown. What it holds is durable
    /// already, so a full disk does no harm here: the log keeps it.
    fn carry_over(&mut self) -> rusqlite::Result<()> {
        let mut size = self.connection.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?;
        let (pages, done): (i64, i64) = size.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))?;
        if pages - done >= limits::CHECKPOINT_PAGES {
            let mut checkpoint =
                self.connection.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?;
            checkpoint.query_row([], |_| Ok(()))?;
        }
        Ok(())
    }
}

impl Sink for DiskSink {
    fn commit(&mut self, group: &[Batch]) -> Result<(), StoreError> {
        if let Some(reason) = &self.broken {
            return Err(StoreError::Poisoned(reason.clone()));
        }
        if let Err(error) = self.transact(group) {
            self.ids.clear();
            let mut failure = StoreError::of_commit(&error);
            if !self.connection.is_autocommit()
                && let Err(error) = self.connection.execute_batch("ROLLBACK")
            {
                // Neither committed nor rolled back: nothing can be relied on any more.
                failure = StoreError::Poisoned(error.to_string());
            }
            if let StoreError::Poisoned(reason) = &failure {
                self.stop(reason.clone());
            }
            return Err(failure);
        }
        // The group is durable, whatever comes of this.
        if let Err(error) = self.carry_over()
            && !matches!(StoreError::of_commit(&error), StoreError::Full)
        {
            self.stop(error.to_string());
        }
        Ok(())
    }
}
