//! A room that lives on this shard: its pure state, its store, its sockets and, while it is awake,
//! its isolate.
//!
//! Everything is in cells because ops reach it while the isolate runs: `room`, `store`, `desk` and
//! `transports` are borrowed for one statement at a time and never across a call of JavaScript, the
//! `stage` for a whole visit, which only the shard makes.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::desk::Desk;
use super::instance::Instance;
use super::outbound::Outbounds;
use super::schedule::DueKey;
use super::shard::Shard;
use super::survey::Tally;
use super::transport::Transport;
use crate::name::RoomKey;
use crate::room::Room;
use crate::room::event::{Completion, Event, SocketId};
use crate::room::section::SectionId;
use crate::storage::{AlarmRow, RoomStore};

/// How far a room is awake.
pub enum Stage {
    /// No isolate: never started, or hibernating.
    Absent,
    /// The module is being evaluated.
    Loading(Instance),
    /// It has its room; until `onStart` is through, the start's section holds other events back.
    Running(Instance),
}

/// Why a room breaks: what its callers are told.
#[derive(Debug, Clone)]
pub struct Breakage {
    pub status: u16,
    pub message: String,
    /// What the turn wrote stays written: the party threw, nothing cut it off (KV-56).
    pub keeps_writes: bool,
}

impl Breakage {
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), keeps_writes: false }
    }

    pub fn keeping_writes(self) -> Self {
        Self { keeps_writes: true, ..self }
    }
}

pub struct Timer {
    /// Where it stands in the shard's schedule.
    pub due: DueKey,
    /// Time between runs of an interval.
    pub every: Option<Duration>,
    pub section: SectionId,
}

/// The alarm handler runs (AL-11).
pub struct RunningAlarm {
    pub row: AlarmRow,
    /// When it has taken too long (AL-14).
    pub deadline: DueKey,
    /// The handler set or deleted the alarm itself: nothing is left to do for the old one.
    pub replaced: bool,
}

pub struct Live {
    pub key: RoomKey,
    /// Number of this life of the room, for wake-ups from other threads.
    pub slot: u64,
    pub shard: Rc<Shard>,
    pub room: RefCell<Room>,
    pub store: RefCell<RoomStore>,
    pub desk: RefCell<Desk>,
    pub outbounds: RefCell<Outbounds>,
    pub transports: RefCell<HashMap<SocketId, Transport>>,
    pub stage: RefCell<Stage>,
    pub timers: RefCell<HashMap<u32, Timer>>,
    pub last_timer: Cell<u32>,
    pub alarm: RefCell<Option<RunningAlarm>>,
    /// The room must break when the current turn is over.
    pub breakage: RefCell<Option<Breakage>>,
    pub section_deadlines: RefCell<HashMap<u32, DueKey>>,
    /// States set before a connection is listed, while its tags are made.
    pub early_attachments: RefCell<HashMap<SocketId, Bytes>>,
    /// Ids a broadcast leaves out, collected by `op_broadcast_except`.
    pub without: RefCell<Vec<String>>,
    pub hibernate: Cell<bool>,
    /// Open `transaction()` and multi-put savepoints; while there are any, nothing is sealed.
    pub savepoints: Cell<usize>,
    pub queued: Cell<bool>,
    /// The isolate's event loop wants to be polled.
    pub polled: Cell<bool>,
    /// When the shard last visited the room.
    pub last_active: Cell<Instant>,
    /// An idle check is scheduled.
    pub idle_watched: Cell<bool>,
    /// Sockets that stopped reading because the inbox was full.
    pub paused: RefCell<Vec<SocketId>>,
    pub gone: Cell<bool>,
    /// The program has changed: the instance is replaced when the room comes to rest.
    pub stale: Cell<bool>,
    pub tally: Tally,
}

impl Live {
    /// Queues the room for a visit by its shard.
    pub fn enqueue(self: &Rc<Self>) {
        if !self.queued.replace(true) && !self.gone.get() {
            self.shard.enqueue(self.clone());
        }
    }

    /// Puts an event that something in the room waits for into the inbox.
    pub fn push_from(self: &Rc<Self>, section: SectionId, event: Event) {
        if self.gone.get() {
            return;
        }
        self.room.borrow_mut().push_from(section, event);
        self.enqueue();
    }

    /// What the party waits for under `id` has happened.
    pub fn complete(self: &Rc<Self>, id: u32, outcome: Completion) {
        let Some(section) = self.desk.borrow_mut().close_completion(id) else { return };
        self.push_from(section, Event::Completion { id, outcome });
    }

    /// Begins to wait for something; gives the number under which it completes.
    pub fn open_completion(&self) -> u32 {
        let section = self.room.borrow().section();
        self.desk.borrow_mut().open_completion(section)
    }

    /// A new socket whose frames are kept until it is attached.
    pub fn open_socket(&self) -> SocketId {
        let socket = self.shard.next_socket();
        self.transports.borrow_mut().insert(socket, Transport::default());
        socket
    }

    pub fn keep_early_attachment(&self, socket: SocketId, bytes: Bytes) {
        self.early_attachments.borrow_mut().insert(socket, bytes);
    }

    pub fn early_attachment(&self, socket: SocketId) -> Option<Bytes> {
        self.early_attachments.borrow_mut().remove(&socket)
    }

    /// Adds an effect of the running turn to the output gate, behind what the turn has written.
    pub fn effect(&self, effect: crate::room::Effect) {
        let after_write = self.store.borrow().has_writes();
        self.room.borrow_mut().effect(effect, after_write);
    }

    /// The room must break once the current turn is over; the first reason counts.
    pub fn break_later(&self, breakage: Breakage) {
        self.breakage.borrow_mut().get_or_insert(breakage);
    }

    /// Whether it has an isolate. Not for the room that is being visited.
    pub fn is_awake(&self) -> bool {
        self.stage.try_borrow().is_ok_and(|stage| !matches!(*stage, Stage::Absent))
    }

    /// Nothing goes on: no event, request, timer, body or commit in flight.
    pub fn is_quiet(&self) -> bool {
        self.room.borrow().is_quiet()
            && self.desk.borrow().is_quiet()
            && self.outbounds.borrow().is_empty()
            && self.timers.borrow().is_empty()
            && self.alarm.borrow().is_none()
            && self.store.borrow().pending().is_none()
            && self.savepoints.get() == 0
    }

    /// There is no instance, and nothing waits for one.
    pub fn is_asleep(&self) -> bool {
        matches!(*self.stage.borrow(), Stage::Absent) && self.room.borrow().is_quiet()
    }

    /// Everybody who asked has an answer, nobody waits behind a section, and every write is durable.
    pub fn is_resting(&self) -> bool {
        self.room.borrow().is_quiet()
            && self.desk.borrow().has_no_requests()
            && self.store.borrow().pending().is_none()
    }

    pub fn log(&self, level: u8, text: &str) {
        (self.shard.settings().log)(&self.key, level, text);
    }

    /// The JSON with which an instance starts (js/main.js, `start`).
    pub fn start_info(&self) -> String {
        let settings = self.shard.settings();
        let room = self.room.borrow();
        let sockets: Vec<_> = room
            .sockets
            .connections()
            .map(|(socket, connection)| {
                let tags: Vec<&str> = connection.tags.iter().map(Arc::as_ref).collect();
                let attachment = connection.attachment.as_ref().map(|bytes| base64(bytes));
                serde_json::json!({
                    "socket": socket.0,
                    "id": &*connection.id,
                    "uri": &*connection.uri,
                    "tags": tags,
                    "closing": connection.phase == crate::room::connection::Phase::Closing,
                    "attachment": attachment,
                })
            })
            .collect();
        serde_json::json!({
            "lobby": self.key.is_lobby(),
            "id": self.key.id().map(|id| id.as_ref()).unwrap_or_default(),
            "party": &*self.key.party,
            "internalID": internal_id(&self.key),
            "env": settings.env,
            "host": settings.public_host,
            "parties": settings.parties,
            "vectorize": settings.vectorize,
            "ai": settings.ai,
            "sockets": sockets,
        })
        .to_string()
    }
}

/// 64 hex digits, the same for a room in every life of it.
fn internal_id(key: &RoomKey) -> String {
    use sha2::{Digest, Sha256};
    let mut hasher = Sha256::new();
    hasher.update(key.party.as_bytes());
    hasher.update([0]);
    hasher.update(key.id().map(|id| id.as_bytes()).unwrap_or_default());
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
