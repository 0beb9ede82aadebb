//! Durable bytes per room: what `room.storage` stands on. Knows no V8 and not what a value means.
//!
//! ```text
//! room's shard                                            committer thread
//!   RoomStore: open write set ── seal ──▶ queue ──▶ one transaction, one fsync ──▶ Outcome
//!      │ reads                            (all rooms)                               │
//!      ▼                                                                            ▼
//!   write set ▷ batches on their way ▷ cache ▷ Reader (state.db)      shards: gates open, or rooms break
//! ```
//!
//! Reads are synchronous and see everything the room has written (KV-55). Writes go to the room's
//! write set and become a batch when the turn ends; batches of all rooms share a transaction and its
//! fsync. A batch that fails takes every later batch of that life of the room with it, so what is
//! durable is always a prefix of what the room did. A failed fsync is never tried again: the store
//! takes no more writes until the host is started anew.
//!
//! One `state.db` per project (SQLite, WAL), one host per folder. The number of rooms is bounded by the
//! disk alone; an open `RoomStore` takes well under a kilobyte plus its cache (`limits::ROOM_CACHE_*`).

mod alarm_clock;
mod archive;
mod batch;
mod catalogue;
mod commit;
mod disk;
mod error;
mod memory;
mod reader;
mod room;
mod schema;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::name::RoomKey;

pub use self::alarm_clock::AlarmClock;
pub use self::archive::{Archive, Import, Item, Selection, Summary};
pub use self::catalogue::{Catalogue, Entry, KEYS_COUNTED_MAX, StoredRoom, Which};
pub use self::commit::Figures;
use self::commit::{Committer, Queue, Sink};
use self::disk::DiskSink;
pub use self::error::StoreError;
use self::memory::MemoryBase;
pub use self::reader::Reader;
pub use self::room::{ListOptions, RoomStore, Sealed};
use self::schema::Folder;

/// The number of a batch in the order in which batches become durable, over the whole process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct CommitSeq(pub u64);

/// Where the store lives.
#[derive(Debug, Clone)]
pub enum Location {
    /// A folder that holds `state.db`; made if it is not there.
    File(PathBuf),
    /// Gone with the process.
    Memory,
}

/// What a durable write has survived when its room's output leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Power failure: it is on the disk.
    Fsync,
    /// A crash of the host: the operating system has it.
    Process,
    /// Nothing; nothing is written to disk at all.
    Memory,
}

/// A durable alarm. Times are milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlarmRow {
    /// What the party asked for.
    pub scheduled_ms: i64,
    /// When it runs next: later than asked for after a failed attempt.
    pub due_ms: i64,
    /// Failed attempts so far.
    pub retry: u32,
}

impl AlarmRow {
    pub fn at(ms: i64) -> Self {
        Self { scheduled_ms: ms, due_ms: ms, retry: 0 }
    }
}

/// What became of the batches up to a number.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub upto: CommitSeq,
    /// The lives of rooms (`Batch::life`) of which a batch failed; empty when all went well.
    failed: HashMap<u64, Arc<StoreError>>,
}

/// The store of a project. Shared by all shards.
pub struct Store {
    queue: Arc<Queue>,
    base: Base,
    alarms: Arc<AlarmClock>,
    lives: AtomicU64,
    committer: Mutex<Option<JoinHandle<()>>>,
}

/// Where durable data is.
enum Base {
    Disk(Folder),
    Memory(MemoryBase),
}

/// Is told the outcome of every commit, on the committer's thread.
pub type OnOutcome = Box<dyn Fn(&Outcome) + Send>;

impl Store {
    /// Opens or makes the store and starts its committer. Fails if the folder cannot be used, is in
    /// use by another host, or holds something this version cannot read.
    pub fn open(
        location: Location,
        durability: Durability,
        on_outcome: OnOutcome,
    ) -> Result<Store, StoreError> {
        let alarms = Arc::new(AlarmClock::default());
        let (base, sink): (Base, Box<dyn Sink>) = match location {
            Location::File(path) if durability != Durability::Memory => {
                let folder = Folder::open(&path)?;
                let connection = folder.writer(durability)?;
                for (room, row) in schema::alarms(&connection).map_err(|e| folder.broken(&e))? {
                    alarms.set(&room, Some(row));
                }
                (Base::Disk(folder), Box::new(DiskSink::new(connection)))
            }
            _ => {
                let memory = MemoryBase::default();
                (Base::Memory(memory.clone()), Box::new(memory))
            }
        };
        let (store, committer) = Self::assemble(base, sink, alarms, on_outcome);
        let thread = std::thread::Builder::new()
            .name("committer".to_owned())
            .spawn(move || committer.run())
            .map_err(StoreError::Thread)?;
        *store.committer.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(store)
    }

    fn assemble(
        base: Base,
        sink: Box<dyn Sink>,
        alarms: Arc<AlarmClock>,
        on_outcome: OnOutcome,
    ) -> (Store, Committer) {
        let queue = Arc::new(Queue::default());
        let committer = Committer::new(queue.clone(), sink, alarms.clone(), on_outcome);
        let store =
            Store { queue, base, alarms, lives: AtomicU64::new(0), committer: Mutex::default() };
        (store, committer)
    }

    /// A connection for the reads of one shard.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        match &self.base {
            Base::Disk(folder) => Ok(Reader::disk(folder.reader()?)),
            Base::Memory(memory) => Ok(Reader::memory(memory.clone())),
        }
    }

    /// Whether nothing of the room is on its way to the disk: a new life of it may begin.
    pub fn is_settled(&self, room: &RoomKey) -> bool {
        self.queue.is_settled(room)
    }

    pub fn alarm_clock(&self) -> Arc<AlarmClock> {
        self.alarms.clone()
    }

    /// Commits what is queued and ends the committer. What is sealed afterwards fails.
    pub fn close(&self) -> Result<(), StoreError> {
        self.queue.close();
        let thread = self.committer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            return Err(StoreError::Write("the committer ended unexpectedly".to_owned()));
        }
        Ok(())
    }

    /// What the committer has done so far.
    pub fn figures(&self) -> Figures {
        self.queue.figures()
    }

    fn next_life(&self) -> u64 {
        self.lives.fetch_add(1, Ordering::Relaxed) + 1
    }
}

#[cfg(test)]
mod damage_test;
#[cfg(test)]
mod model_test;
#[cfg(test)]
mod storage_test;
