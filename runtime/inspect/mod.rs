//! The debugger's side of the host that knows no V8: who can be debugged, who debugs, and the server
//! that brings them together.
//!
//! With `--inspect` every isolate of a room or lobby registers here when it is made, before its party's
//! module is evaluated, and gets a `Line`: what debuggers tell it. A debugger is a `Session`. It is
//! opened for a *target*, not for an isolate: a room by its name, a lobby, or a party's newest room.
//! When the isolate goes (reload, hibernation, a reset) the session stays, and the next isolate of its
//! target gets its breakpoints before any of its code runs.
//!
//! ```text
//! DevTools, VS Code ─▶ server ─▶ session ─▶ line ─▶ engine/inspect.rs (V8, on the shard's thread)
//!                        ▲          ▲                   │
//!                        └──────────┴─── texts of V8 ◀──┘
//! ```
//!
//! Locks are taken in the order registry, session, line. Nothing here blocks but `Line::wait`, which is
//! what a pause is. `close` and `release` end every pause, so that the host can stop and reload.

mod line;
pub mod map;
mod server;
mod session;
#[cfg(test)]
mod session_test;
mod target;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

pub use self::line::{Line, Order, Say};
pub use self::server::serve;
pub use self::session::HOST_ID;
use self::session::{Maps, Session, ToClient};
use self::target::Target;
use crate::name::RoomKey;

/// The bounds of this module.
mod limits {
    use std::time::Duration;

    /// Debuggers and other clients of the port at a time.
    pub const CLIENTS_MAX: usize = 64;

    /// Largest message of a debugger, in bytes: DevTools sends whole scripts when one is edited.
    pub const MESSAGE_BYTES_MAX: usize = 64 << 20;

    /// Messages of debuggers that may wait for an isolate that is busy.
    pub const ORDERS_MAX: usize = 10_000;

    /// Bytes that may wait for a debugger which does not read: a heap snapshot arrives in one go.
    pub const UNREAD_BYTES_MAX: usize = 1 << 30;

    /// Commands a session may have unanswered, and breakpoints and settings it may have.
    pub const COMMANDS_MAX: usize = 10_000;

    /// Silence after which the kernel asks whether a debugger still exists: one that vanished must
    /// not keep a room paused.
    pub const KEEPALIVE_AFTER: Duration = Duration::from_secs(20);

    /// Time debuggers have to be told that the host stops, and how often it is looked whether they
    /// have been.
    pub const FAREWELL: Duration = Duration::from_secs(1);
    pub const FAREWELL_LOOK: Duration = Duration::from_millis(5);

    /// Time for the head of a request to arrive.
    pub const HEAD_PATIENCE: Duration = Duration::from_secs(10);
}

/// What the first room of each party does before its module is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnStart {
    Run,
    /// Waits for a debugger.
    Wait,
    /// Waits for one, and pauses at the first statement.
    Break,
}

/// What is told about a party, and where its source map is.
#[derive(Debug, Clone)]
pub struct Party {
    pub name: Arc<str>,
    /// Its file, as a URL.
    pub url: String,
    /// What its script says where its map is, and the map itself as a URL.
    pub map_mark: String,
    pub map: Arc<str>,
}

/// Everything that can be debugged, and everybody who debugs.
pub struct Registry {
    address: SocketAddr,
    on_start: OnStart,
    listener: Mutex<Option<TcpListener>>,
    /// Isolates of an older epoch must not pause: their program is about to be replaced.
    epoch: Arc<AtomicU64>,
    maps: Maps,
    closing: watch::Sender<bool>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    last: u64,
    /// By number: the newest last.
    lines: BTreeMap<u64, Arc<Line>>,
    sessions: BTreeMap<u64, Arc<Session>>,
    parties: Vec<Party>,
    /// Parties whose first room has waited.
    waited: BTreeSet<Arc<str>>,
    closed: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is guarded is valid after every statement, so a panic elsewhere does not spoil it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Registry {
    pub fn new(listener: TcpListener, on_start: OnStart) -> std::io::Result<Self> {
        Ok(Self {
            address: listener.local_addr()?,
            on_start,
            listener: Mutex::new(Some(listener)),
            epoch: Arc::default(),
            maps: Maps::default(),
            closing: watch::Sender::new(false),
            inner: Mutex::default(),
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The listener, for whoever serves; it is there once.
    pub fn take_listener(&self) -> Option<TcpListener> {
        lock(&self.listener).take()
    }

    /// The parties of the program that runs from now on.
    pub fn describe(&self, parties: Vec<Party>) {
        self.maps.replace(parties.iter().map(|party| (party.map_mark.clone(), party.map.clone())));
        lock(&self.inner).parties = parties;
    }

    // ---- for the engine -------------------------------------------------------------------------

    /// An isolate is there, with nothing of its party evaluated yet. Whoever waits for it is attached
    /// when this returns: the first orders of its line are theirs. `interrupt` is called when there is
    /// a new order.
    pub fn register(
        &self,
        key: RoomKey,
        epoch: u64,
        interrupt: Box<dyn Fn() + Send + Sync>,
    ) -> Arc<Line> {
        let mut inner = lock(&self.inner);
        inner.last += 1;
        let line = Arc::new(Line::new(inner.last, key, epoch, self.epoch.clone(), interrupt));
        inner.lines.insert(line.number, line.clone());
        for session in inner.sessions.values() {
            session.appeared(&line);
        }
        line
    }

    /// The isolate goes. Its sessions stay and wait for the next one of their target.
    pub fn unregister(&self, line: &Line) {
        let mut inner = lock(&self.inner);
        inner.lines.remove(&line.number);
        for session in inner.sessions.values() {
            if session.vanished(line.number)
                && let Some(next) = newest(&inner.lines, &session.target)
            {
                session.attach(next);
            }
        }
    }

    /// Whether this isolate waits for a debugger before its module is evaluated.
    pub fn start_of(&self, key: &RoomKey) -> OnStart {
        if self.on_start == OnStart::Run || key.is_lobby() {
            return OnStart::Run;
        }
        let first = lock(&self.inner).waited.insert(key.party.clone());
        if first { self.on_start } else { OnStart::Run }
    }

    /// The epoch of isolates that are made now.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    // ---- for the host ---------------------------------------------------------------------------

    /// The program is replaced: whatever is paused goes on, and pauses no more. A shard whose room is
    /// paused could not take the new program.
    pub fn release(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        for line in lock(&self.inner).lines.values() {
            line.ring();
        }
    }

    /// The host stops: nothing pauses any more, debuggers are sent away.
    pub fn close(&self) {
        let mut inner = lock(&self.inner);
        inner.closed = true;
        self.epoch.store(u64::MAX, Ordering::Release);
        for line in inner.lines.values() {
            line.ring();
        }
        for session in inner.sessions.values() {
            session.end("the host is going away");
        }
        self.closing.send_replace(true);
    }

    // ---- for the server -------------------------------------------------------------------------

    /// A debugger attaches. Nothing if there is no such party, or the host stops.
    fn open(&self, target: Target, out: mpsc::UnboundedSender<ToClient>) -> Option<Arc<Session>> {
        let mut inner = lock(&self.inner);
        let known = inner.parties.iter().any(|party| party.name == *target.party());
        if inner.closed || !known {
            return None;
        }
        inner.last += 1;
        let session = Session::new(inner.last, target, out, self.maps.clone());
        if let Some(line) = newest(&inner.lines, &session.target) {
            session.attach(line);
        }
        inner.sessions.insert(session.number, session.clone());
        Some(session)
    }

    /// The debugger has left: what it paused goes on.
    fn leave(&self, session: &Session) {
        lock(&self.inner).sessions.remove(&session.number);
        session.detach();
    }

    /// Waits until the host stops, and then until every debugger has been told.
    async fn closed(&self) {
        let mut closing = self.closing.subscribe();
        // It ends with the registry, which is borrowed here.
        let _ = closing.wait_for(|closing| *closing).await;
        let told = async {
            while !lock(&self.inner).sessions.is_empty() {
                tokio::time::sleep(limits::FAREWELL_LOOK).await;
            }
        };
        // One that does not read need not be told.
        let _ = tokio::time::timeout(limits::FAREWELL, told).await;
    }

    /// What `/json/list` says, to somebody who reached us as `host`.
    fn list(&self, host: &str) -> Value {
        let inner = lock(&self.inner);
        // The party with the project's own name for it first: clients that do not choose take it.
        let parties = inner.parties.iter().rev().map(|party| Target::Party(party.name.clone()));
        let rooms = inner.lines.values().rev().map(|line| Target::Place(line.key.clone()));
        let url = |target: &Target| {
            let mut parties = inner.parties.iter();
            parties.find(|party| party.name == *target.party()).map_or("", |party| &party.url)
        };
        let targets = parties.chain(rooms).map(|target| {
            let address = format!("{host}{}", target.path());
            json!({
                "description": "houseparty",
                "devtoolsFrontendUrl": format!(
                    "devtools://devtools/bundled/js_app.html?experiments=true&v8only=true&ws={address}"
                ),
                "id": target.id(),
                "title": target.title(),
                "type": "node",
                "url": url(&target),
                "webSocketDebuggerUrl": format!("ws://{address}"),
            })
        });
        Value::Array(targets.collect())
    }

    /// What `/json/version` says. VS Code attaches to the URL in it if it is given only a port.
    fn version(&self, host: &str) -> Value {
        let inner = lock(&self.inner);
        let main = inner.parties.last().map(|party| Target::Party(party.name.clone()));
        json!({
            "Browser": concat!("houseparty/", env!("CARGO_PKG_VERSION")),
            "Protocol-Version": "1.3",
            "webSocketDebuggerUrl": main.map(|main| format!("ws://{host}{}", main.path())),
        })
    }
}

fn newest<'a>(lines: &'a BTreeMap<u64, Arc<Line>>, target: &Target) -> Option<&'a Arc<Line>> {
    let lines = lines.values().filter(|line| target.includes(&line.key));
    // One that waits for a debugger would wait for ever if the debugger went past it.
    lines.max_by_key(|line| (line.is_waiting(), line.number))
}
