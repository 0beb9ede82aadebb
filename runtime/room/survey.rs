//! What the operator can ask of the rooms on a shard and tell them to do: plain data, no behaviour.
//!
//! The dashboard sends a `Question`, the shard answers between two turns (`engine/survey.rs`). A shard
//! that is in the middle of a long turn answers when that is over; whoever asks brings a deadline, and
//! drops the receiving end when it has passed. A question whose receiver is gone is not carried out, so
//! that a change nobody waits for any more never happens late.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::connection::Phase;
use super::event::SocketId;
use crate::name::RoomKey;

#[derive(Debug)]
pub enum Question {
    /// Every room and lobby of the shard. `heaps`: with the memory of those that are awake, which
    /// costs some microseconds each.
    Rooms { heaps: bool, reply: oneshot::Sender<Vec<RoomReport>> },
    /// The memory of these rooms, as far as they are awake.
    Heaps { rooms: Vec<RoomKey>, reply: oneshot::Sender<Vec<(RoomKey, Heap)>> },
    /// One room; none if it does not live. Of its connections `count`, after the first `skip`.
    Room { room: RoomKey, skip: usize, count: usize, reply: oneshot::Sender<Option<RoomDetail>> },
    /// Change something. The answer comes when it is durable.
    Change { room: RoomKey, change: Change, reply: Told },
}

/// Why a question was not even taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAsked {
    /// The host is stopping.
    Stopping,
    /// Too many wait for that shard already.
    Crowded,
}

/// Who waits for a change to be made. Dropped without a word: the room was reset before the change
/// was durable.
pub type Told = oneshot::Sender<Result<(), Refused>>;

#[derive(Debug)]
pub enum Change {
    /// Stores a value under a key, or deletes the key, if it still holds what was `seen` there.
    Value { key: Bytes, seen: Option<Bytes>, value: Option<Bytes> },
    /// Sets the alarm to this moment (ms since the epoch), or deletes it.
    Alarm(Option<i64>),
    /// Lets the alarm that is set ring now.
    Ring,
    /// Closes one connection.
    Close { socket: SocketId, code: u16, reason: String },
    /// Gives the isolate back; the next event starts the room again. Hibernating connections stay
    /// open, others close with 1012. `force`: also in the middle of its work, as if it had failed.
    Restart { force: bool },
}

/// Why a change was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the room does not live at the moment")]
    Asleep,
    #[error("{0}")]
    Busy(&'static str),
    #[error("the value has changed since you looked at it")]
    Changed,
    #[error("there is no such connection")]
    NoConnection,
    #[error("no alarm is set")]
    NoAlarm,
    #[error("{0}")]
    Store(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its module is being loaded, or `onStart` is not through.
    Starting,
    Running,
    /// No isolate; its connections are open and wake it.
    Hibernated,
    /// No isolate and no connection; about to be forgotten.
    Asleep,
}

/// Memory of one isolate, in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Heap {
    /// Objects, dead ones that were not collected yet included.
    pub used: usize,
    /// What V8 has taken from the system for them.
    pub total: usize,
    /// Array buffers, which lie outside of the heap.
    pub buffers: usize,
}

#[derive(Debug, Clone)]
pub struct RoomReport {
    pub room: RoomKey,
    pub state: State,
    pub connections: usize,
    /// Events that wait.
    pub inbox: usize,
    pub turns: u64,
    /// Time its shard has spent in its turns.
    pub busy: Duration,
    /// Since when it lives, and when it last had something to do; ms since the epoch.
    pub since_ms: i64,
    pub active_ms: i64,
    pub heap: Option<Heap>,
}

#[derive(Debug, Clone)]
pub struct RoomDetail {
    pub report: RoomReport,
    /// The party says `hibernate`.
    pub hibernates: bool,
    pub connections: Vec<ConnectionReport>,
    /// Sockets that only the party's code knows about.
    pub raw_sockets: usize,
    pub timers: usize,
    /// Requests that wait for its answer.
    pub requests: usize,
    /// A critical section is open: its start, or `blockConcurrencyWhile`.
    pub section: bool,
}

#[derive(Debug, Clone)]
pub struct ConnectionReport {
    pub socket: SocketId,
    pub id: Arc<str>,
    pub uri: Arc<str>,
    pub tags: Arc<[Arc<str>]>,
    pub phase: Phase,
    /// `connection.state` of a hibernating room, serialised.
    pub attachment: Option<Bytes>,
    pub link: Link,
}

/// What a connection's bytes go through.
#[derive(Debug, Clone)]
pub enum Link {
    /// Its 101 is not out yet.
    Waiting,
    /// A client. Bytes of messages in both directions; `unread` is what it has not taken yet.
    Client { since_ms: i64, received: u64, sent: u64, unread: usize },
    /// Another room of this host.
    Room(RoomKey),
}
