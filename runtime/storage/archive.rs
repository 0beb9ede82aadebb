//! A store from outside a host: what `houseparty storage` reads and writes.
//!
//! `Archive` reads `state.db` as it was at one moment, beside a running host or without one, and never
//! writes to it. `Import` changes it in one transaction, all or nothing, and takes the folder's lock, so
//! that it is refused while a host runs. Neither knows what a value means.

use std::fs::File;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use rusqlite::{Connection, params};

use super::batch::{Batch, Changes};
use super::disk::DiskSink;
use super::schema::{self, Folder};
use super::{AlarmRow, Durability, StoreError};
use crate::name::RoomKey;

/// Which rooms and keys; nothing means all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Selection<'a> {
    pub party: Option<&'a str>,
    pub room: Option<&'a str>,
    pub key: Option<&'a str>,
}

/// What a room has stored.
#[derive(Debug, Clone)]
pub struct Summary {
    pub party: String,
    pub room: String,
    pub keys: u64,
    /// Of keys and values.
    pub bytes: u64,
    pub alarm: Option<AlarmRow>,
    number: i64,
}

/// One thing that a room has stored.
#[derive(Debug)]
pub enum Item<'a> {
    Entry { key: &'a str, value: &'a [u8] },
    Alarm(AlarmRow),
}

pub struct Archive {
    connection: Connection,
    file: PathBuf,
}

impl Archive {
    /// Opens the store of a folder. Everything read is as of the first look.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let file = folder.join(schema::FILE);
        if !file.is_file() {
            return Err(StoreError::Nothing { path: folder.to_owned() });
        }
        let connection = schema::read_only(&file)?;
        match schema::layout(&file, &connection)? {
            schema::LAYOUT => {}
            0 => return Err(StoreError::Nothing { path: folder.to_owned() }),
            _ => {
                let reason = "it has an older layout. Start the host on it once".to_owned();
                return Err(StoreError::Open { path: file, reason });
            }
        }
        Ok(Self { connection, file })
    }

    fn failed(&self, error: &rusqlite::Error) -> StoreError {
        StoreError::of_open(&self.file, error)
    }

    /// The rooms that have stored something, in the order of their names.
    pub fn rooms(&self, selection: Selection<'_>) -> Result<Vec<Summary>, StoreError> {
        let read = || -> rusqlite::Result<Vec<Summary>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT rooms.id, party, rooms.room, COUNT(entries.key),
                        TOTAL(LENGTH(entries.key) + LENGTH(value)), scheduled_ms, due_ms, retry
                 FROM rooms
                 LEFT JOIN entries ON entries.room = rooms.id
                 LEFT JOIN alarms ON alarms.room = rooms.id
                 WHERE (?1 IS NULL OR party = ?1) AND (?2 IS NULL OR rooms.room = ?2)
                 GROUP BY rooms.id
                 HAVING COUNT(entries.key) > 0 OR scheduled_ms IS NOT NULL
                 ORDER BY party, rooms.room",
            )?;
            let rows = statement.query_map(params![selection.party, selection.room], summary)?;
            rows.collect()
        };
        read().map_err(|error| self.failed(&error))
    }

    /// Gives everything selected to `take`, room by room: its alarm, then its keys in order.
    pub fn visit<E: From<StoreError>>(
        &self,
        selection: Selection<'_>,
        mut take: impl FnMut(&Summary, Item<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |error: rusqlite::Error| self.failed(&error);
        let snapshot = self.connection.unchecked_transaction().map_err(failed)?;
        for room in self.rooms(selection)? {
            if let Some(alarm) = room.alarm.filter(|_| selection.key.is_none()) {
                take(&room, Item::Alarm(alarm))?;
            }
            let mut statement = self
                .connection
                .prepare_cached(
                    "SELECT key, value FROM entries
                     WHERE room = ?1 AND (?2 IS NULL OR key = ?2) ORDER BY key",
                )
                .map_err(failed)?;
            let key = selection.key.map(str::as_bytes);
            let mut rows = statement.query(params![room.number, key]).map_err(failed)?;
            while let Some(row) = rows.next().map_err(failed)? {
                let blob = |column| row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from);
                let (key, value) = (blob(0).map_err(failed)?, blob(1).map_err(failed)?);
                let key = std::str::from_utf8(key).map_err(|error| StoreError::Damaged {
                    path: self.file.clone(),
                    reason: format!("{}/{}: a key is no text: {error}", room.party, room.room),
                })?;
                take(&room, Item::Entry { key, value })?;
            }
        }
        snapshot.finish().map_err(failed)?;
        Ok(())
    }

    /// Writes the whole store to a new file, which can take the place of `state.db`. It is complete
    /// and on the disk when this returns; after a failure it does not exist.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let failed = |reason: String| StoreError::Backup { path: to.to_owned(), reason };
        if to.exists() {
            return Err(failed("it exists already. Choose another name".to_owned()));
        }
        let mut partial = to.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let text =
            partial.to_str().ok_or_else(|| failed("its name is not UTF-8".to_owned()))?.to_owned();
        // What an earlier attempt has left.
        let _ = std::fs::remove_file(&partial);
        let written = self
            .connection
            .execute("VACUUM INTO ?", [&text])
            .map_err(|error| error.to_string())
            .and_then(|_| settle(&partial, to).map_err(|error| error.to_string()));
        written.map_err(|reason| {
            let _ = std::fs::remove_file(&partial);
            failed(reason)
        })
    }
}

/// Gives a finished file its name, durably.
fn settle(partial: &Path, to: &Path) -> std::io::Result<()> {
    File::open(partial)?.sync_all()?;
    std::fs::rename(partial, to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn summary(row: &rusqlite::Row<'_>) -> rusqlite::Result<Summary> {
    let alarm = match row.get(5)? {
        None => None,
        Some(scheduled_ms) => {
            Some(AlarmRow { scheduled_ms, due_ms: row.get(6)?, retry: row.get(7)? })
        }
    };
    Ok(Summary {
        number: row.get(0)?,
        party: row.get(1)?,
        room: row.get(2)?,
        keys: row.get::<_, i64>(3)?.unsigned_abs(),
        bytes: row.get::<_, f64>(4)? as u64,
        alarm,
    })
}

/// Changes to a store while no host runs: all of them when it is finished, none before.
pub struct Import {
    sink: DiskSink,
    file: PathBuf,
    _folder: Folder,
}

impl Import {
    /// Takes the folder's lock; makes the store if it is not there.
    pub fn begin(folder: &Path) -> Result<Self, StoreError> {
        let file = folder.join(schema::FILE);
        let folder = Folder::open(folder)?;
        let mut sink = DiskSink::new(folder.writer(Durability::Fsync)?);
        sink.begin().map_err(|error| StoreError::of_open(&file, &error))?;
        Ok(Self { sink, file, _folder: folder })
    }

    fn write(
        &mut self,
        room: &RoomKey,
        cleared: bool,
        changes: Changes,
        alarm: Option<Option<AlarmRow>>,
    ) -> Result<(), StoreError> {
        let batch = Batch { room: room.clone(), life: 0, cleared, changes, alarm };
        self.sink.write(&batch).map_err(|error| StoreError::of_commit(&error))
    }

    /// Removes everything the room has stored.
    pub fn clear(&mut self, room: &RoomKey) -> Result<(), StoreError> {
        self.write(room, true, Changes::new(), Some(None))
    }

    pub fn put(&mut self, room: &RoomKey, key: &str, value: Vec<u8>) -> Result<(), StoreError> {
        let change = (Bytes::copy_from_slice(key.as_bytes()), Some(Bytes::from(value)));
        self.write(room, false, Changes::from([change]), None)
    }

    pub fn set_alarm(&mut self, room: &RoomKey, alarm: AlarmRow) -> Result<(), StoreError> {
        self.write(room, false, Changes::new(), Some(Some(alarm)))
    }

    /// Makes the changes durable.
    pub fn finish(mut self) -> Result<(), StoreError> {
        self.sink.end().map_err(|error| match StoreError::of_commit(&error) {
            StoreError::Write(reason) => StoreError::Open { path: self.file.clone(), reason },
            other => other,
        })
    }
}
