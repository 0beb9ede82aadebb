//! What can go wrong with the store, in words for the operator: what happened, where, what to do.
//!
//! Leaf of this folder. The engine shows these texts in the log and, as the reason of a 503, to
//! clients; the command line shows them when the host cannot start.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "the folder for what rooms store cannot be used: {path}: {source}. \
         Choose another with --persist, or make it writable"
    )]
    Folder { path: PathBuf, source: std::io::Error },
    #[error(
        "another host already uses {path}{holder}. \
         Stop it, or give this one its own folder with --persist"
    )]
    Locked { path: PathBuf, holder: String },
    #[error(
        "{path} was written by a newer version of houseparty (layout {found}; this one knows \
         {known}). Run that version, or choose another folder with --persist"
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("{path} is not a store of houseparty: {reason}. Choose another folder with --persist")]
    Foreign { path: PathBuf, reason: String },
    #[error("{path} is damaged: {reason}. Restore a backup, or move the file away to start empty")]
    Damaged { path: PathBuf, reason: String },
    #[error("{path} cannot be opened: {reason}")]
    Open { path: PathBuf, reason: String },
    #[error("nothing is stored in {path}. Name the folder with --persist")]
    Nothing { path: PathBuf },
    #[error("the backup cannot be written: {path}: {reason}")]
    Backup { path: PathBuf, reason: String },
    #[error(
        "the store cannot be read: {0}. Check the disk; if the file is damaged, restore a backup"
    )]
    Read(String),
    #[error("the disk is full: nothing of this batch was written. Free some space")]
    Full,
    #[error("the store cannot be written: {0}. Check the disk and the rights to the folder")]
    Write(String),
    /// A write that builds on one that failed.
    #[error("an earlier write of this room failed")]
    Superseded,
    /// After a failed fsync nobody knows what the disk holds (fsync is never tried again).
    #[error(
        "the disk did not confirm a write ({0}); nothing is stored from here on. \
         Check the disk, then restart the host"
    )]
    Poisoned(String),
    #[error("the store is closed: the host is going down")]
    Closed,
    #[error("a lobby has no storage")]
    Lobby,
    #[error("no thread for the store: {0}")]
    Thread(std::io::Error),
}

impl StoreError {
    pub(super) fn of_read(error: &rusqlite::Error) -> Self {
        Self::Read(error.to_string())
    }

    /// A failed transaction. Failed fsyncs poison; the rest is over with its rollback.
    pub(super) fn of_commit(error: &rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::SqliteFailure(failure, _) => match failure.extended_code {
                rusqlite::ffi::SQLITE_IOERR_FSYNC | rusqlite::ffi::SQLITE_IOERR_DIR_FSYNC => {
                    Self::Poisoned(error.to_string())
                }
                _ if failure.code == ErrorCode::DiskFull => Self::Full,
                _ => Self::Write(error.to_string()),
            },
            _ => Self::Write(error.to_string()),
        }
    }

    pub(super) fn of_open(path: &Path, error: &rusqlite::Error) -> Self {
        let (path, reason) = (path.to_owned(), error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, reason },
            Some(ErrorCode::NotADatabase) => Self::Foreign { path, reason },
            Some(ErrorCode::SystemIoFailure | ErrorCode::DiskFull | ErrorCode::CannotOpen) => {
                let check = "Check the disk, its free space and the rights to the folder";
                Self::Open { path, reason: format!("{reason}. {check}") }
            }
            _ => Self::Open { path, reason },
        }
    }

    pub(super) fn is_poison(&self) -> bool {
        matches!(self, Self::Poisoned(_))
    }
}
