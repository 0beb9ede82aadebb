//! The folder of a project's store: its lock, `state.db`, its layout and migrations.
//!
//! `PRAGMA user_version` is the number of the layout; a newer one is refused, an older one migrated in
//! one transaction. `PRAGMA application_id` tells our files from others. The lock is held on `host.lock`
//! beside it for as long as the host lives, and the operating system lets go of it when it dies.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{AlarmRow, Durability, StoreError};
use crate::name::RoomKey;

/// "Hpty": in the header of every `state.db`.
const APPLICATION_ID: i64 = 0x4870_7479;

/// Each migration leads from the layout of its index to the next.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE rooms (
        id INTEGER PRIMARY KEY,
        party TEXT NOT NULL,
        room TEXT NOT NULL,
        UNIQUE (party, room)
    );
    CREATE TABLE entries (
        room INTEGER NOT NULL,
        key BLOB NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (room, key)
    ) WITHOUT ROWID;
    CREATE TABLE alarms (
        room INTEGER PRIMARY KEY,
        scheduled_ms INTEGER NOT NULL,
        due_ms INTEGER NOT NULL,
        retry INTEGER NOT NULL
    );
"];

/// The layout that this version writes.
pub const LAYOUT: usize = MIGRATIONS.len();

pub const FILE: &str = "state.db";
const LOCK: &str = "host.lock";

/// A store's folder, locked for this process.
pub struct Folder {
    file: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder if need be and locks it.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let unusable = |source| StoreError::Folder { path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(unusable)?;
        let mut lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join(LOCK))
            .map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let known = lock.read_to_string(&mut holder).is_ok() && !holder.trim().is_empty();
                let holder =
                    if known { format!(" (process {})", holder.trim()) } else { String::new() };
                return Err(StoreError::Locked { path: folder.to_owned(), holder });
            }
            Err(std::fs::TryLockError::Error(source)) => return Err(unusable(source)),
        }
        // The number is only for the message above.
        let note = lock
            .set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| write!(lock, "{}", std::process::id()));
        note.map_err(unusable)?;
        Ok(Self { file: folder.join(FILE), _lock: lock })
    }

    pub fn broken(&self, error: &rusqlite::Error) -> StoreError {
        StoreError::of_open(&self.file, error)
    }

    /// The one connection that writes, with the current layout.
    pub fn writer(&self, durability: Durability) -> Result<Connection, StoreError> {
        let mut connection = Connection::open(&self.file).map_err(|e| self.broken(&e))?;
        let broken = |error: rusqlite::Error| self.broken(&error);
        connection.busy_timeout(Duration::from_secs(5)).map_err(broken)?;
        self.migrate(&mut connection)?;
        let synchronous = match durability {
            Durability::Fsync => "FULL",
            Durability::Process | Durability::Memory => "NORMAL",
        };
        connection.pragma_update(None, "journal_mode", "WAL").map_err(broken)?;
        connection.pragma_update(None, "synchronous", synchronous).map_err(broken)?;
        self.carry_over(&connection)?;
        // See disk.rs.
        connection.pragma_update(None, "wal_autocheckpoint", 0).map_err(broken)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(connection)
    }

    /// Carries over what an earlier host has left in the write-ahead log, and empties it. If that
    /// host's last fsync failed, the system may show us bytes that are not on the disk and never will
    /// be: nothing must be appended to those. Copied into the database they are written anew.
    fn carry_over(&self, connection: &Connection) -> Result<(), StoreError> {
        let mut checkpoint = connection
            .prepare("PRAGMA wal_checkpoint(TRUNCATE)")
            .map_err(|error| self.broken(&error))?;
        match checkpoint.query_row([], |_| Ok(())) {
            Ok(()) => Ok(()),
            // What is stored can be read; writes will say that there is no space.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => Ok(()),
            Err(error) => Err(self.broken(&error)),
        }
    }

    /// A connection that cannot write.
    pub fn reader(&self) -> Result<Connection, StoreError> {
        read_only(&self.file)
    }

    fn migrate(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let broken = |error: rusqlite::Error| self.broken(&error);
        let found = layout(&self.file, connection)?;
        if found == LAYOUT {
            return Ok(());
        }
        let transaction = connection.transaction().map_err(broken)?;
        for migration in MIGRATIONS.iter().skip(found) {
            transaction.execute_batch(migration).map_err(broken)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(broken)?;
        transaction.pragma_update(None, "user_version", LAYOUT as i64).map_err(broken)?;
        transaction.commit().map_err(broken)
    }
}

/// A connection that cannot write, with or without a host at work on the file.
pub fn read_only(file: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let broken = |error: rusqlite::Error| StoreError::of_open(file, &error);
    let connection = Connection::open_with_flags(file, flags).map_err(broken)?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(broken)?;
    connection.pragma_update(None, "cell_size_check", true).map_err(broken)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// The layout of a file, up to `LAYOUT`; 0 for one without anything in it. Others are refused.
pub fn layout(file: &Path, connection: &Connection) -> Result<usize, StoreError> {
    let number = |name: &str| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(|error| StoreError::of_open(file, &error))
    };
    let found = number("user_version")?;
    let application = number("application_id")?;
    let empty = found == 0 && number("schema_version")? == 0;
    if !empty && application != APPLICATION_ID {
        let reason = "it was made by another program".to_owned();
        return Err(StoreError::Foreign { path: file.to_owned(), reason });
    }
    match usize::try_from(found) {
        Ok(layout) if layout <= LAYOUT => Ok(layout),
        _ => Err(StoreError::Newer { path: file.to_owned(), found, known: LAYOUT as i64 }),
    }
}

/// All durable alarms.
pub fn alarms(connection: &Connection) -> rusqlite::Result<Vec<(RoomKey, AlarmRow)>> {
    let mut statement = connection.prepare(
        "SELECT party, rooms.room, scheduled_ms, due_ms, retry
         FROM alarms JOIN rooms ON rooms.id = alarms.room",
    )?;
    let rows = statement.query_map([], |row| {
        let key = RoomKey::room(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        let alarm = AlarmRow { scheduled_ms: row.get(2)?, due_ms: row.get(3)?, retry: row.get(4)? };
        Ok((key, alarm))
    })?;
    rows.collect()
}
