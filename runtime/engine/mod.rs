//! The engine: V8, one isolate per room, on one thread per core.
//!
//! A *shard* is a thread with a tokio runtime and the rooms that live on it. A room has an *instance*,
//! an isolate booted from the snapshot with its party's program in it, while it is awake. The engine
//! turns events into calls of JavaScript and what the party does (ops) into effects, which leave
//! through the room's output gate.
//!
//! ```text
//! directory ─▶ shard ─▶ live (inbox, gate, store) ─▶ instance.turn ─▶ js/main.js dispatch
//!                ▲                                                        │ ops
//!                └── wire, replies, other rooms ◀── effects ◀── gate ◀────┘
//! ```
//!
//! The only folder that names `deno_core`. It listens nowhere and opens no file.

mod alarm;
mod break_down;
mod buffers;
mod desk;
mod effects;
mod inspect;
mod instance;
mod isolate;
mod json;
mod live;
mod loader;
mod network;
mod ops;
mod outbound;
mod pool;
mod rewriter;
mod schedule;
mod settling;
mod shard;
mod snapshot;
mod survey;
mod translate;
mod transport;
mod turn;
mod value;
mod visit;
mod watchdog;
mod web;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use deno_core::v8;

pub use self::instance::shape_of;
pub use self::json::{JsonError, Readable, Values};
pub use self::loader::PartySource;
pub use self::shard::{Control, ShardSeed};
pub use self::survey::Glance;
pub use self::translate::Translator;
pub use self::watchdog::{Watch, Watchdog};

use crate::name::RoomKey;
use crate::room::event::Response;

/// Called for each line a party logs: room, level (0 debug, 1 info, 2 warn, 3 error), text.
pub type PartyLog = Arc<dyn Fn(&RoomKey, u8, &str) + Send + Sync>;

/// Called when a client's connection ended.
pub type OnSocketEnd = Arc<dyn Fn(&RoomKey, &SocketEnd<'_>) + Send + Sync>;

/// How a client's connection ended.
#[derive(Debug, Clone, Copy)]
pub struct SocketEnd<'a> {
    pub connection: &'a str,
    pub code: u16,
    pub reason: &'a str,
    /// Both sides took part in the end.
    pub clean: bool,
}

/// Looks up a static file for `assets.fetch` (A-29).
pub type AssetFetch =
    Arc<dyn Fn(String) -> Pin<Box<dyn Future<Output = Option<Response>> + Send>> + Send + Sync>;

/// What the engine needs to know of the project and of the operator's wishes.
pub struct EngineSettings {
    /// Names of all parties, `main` last (A-35).
    pub parties: Vec<Arc<str>>,
    pub env: serde_json::Map<String, serde_json::Value>,
    pub vectorize: Vec<String>,
    pub ai: serde_json::Value,
    /// Host and port under which stubs and `PARTYKIT_HOST` know this host.
    pub public_host: String,
    pub heap_limit_bytes: usize,
    pub turn_deadline: Duration,
    /// How long an alarm handler may take, however often it waits (AL-14).
    pub alarm_deadline: Duration,
    pub hibernate_after: Duration,
    pub wire: crate::wire::WireSettings,
    pub log: PartyLog,
    pub on_socket_end: Option<OnSocketEnd>,
    /// Answers to requests whose handler threw say where it did, in a header.
    pub show_places: bool,
    pub assets: AssetFetch,
}

/// Starts V8 for the process. Call it once, early, on the main thread: all threads that run JavaScript
/// must descend from the one that did this.
pub fn init() {
    // An endless loop that allocates, entered through Maglev's on-stack replacement, ends up in code
    // that never looks at a termination request: neither deadline nor heap limit could stop it.
    v8::V8::set_flags_from_string("--no-maglev-osr");
    // Pages of isolates that are gone return to the kernel at once. In V8's pool for the next isolate they
    // stay, if no other isolate goes, and count as mappings, of which a process has few.
    v8::V8::set_flags_from_string("--no-memory-pool-share-memory-on-teardown");
    deno_core::JsRuntime::init_platform(None);
}

/// How many isolates there are, and how many there may be.
pub fn isolates() -> (usize, usize) {
    (isolate::live(), isolate::live_max())
}

/// The program of every party, as isolates use it.
pub type Programs = BTreeMap<Arc<str>, Arc<PartySource>>;

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("cannot boot an isolate: {0}")]
    Boot(String),
    #[error("{0}")]
    Party(String),
    #[error(
        "this machine lets the process have {0} rooms awake at once (vm.max_map_count). \
         Raise it with `sysctl vm.max_map_count=1048576`, or let rooms hibernate sooner"
    )]
    TooManyRooms(usize),
    #[error("the party's module ran too long or used too much memory while it was loaded")]
    Terminated,
}

#[cfg(test)]
mod engine_test;
