//! A client's WebSocket after its 101: bytes on one side, messages on the other.
//!
//! Used by the engine's shard, on the shard's thread: everything here is single-threaded, and
//! `Socket::attach` must be called inside a `tokio::task::LocalSet`. Each socket is one local task
//! (`session`), which sleeps while nothing happens. Sending does not involve it: `send` writes to
//! the kernel directly and wakes the task only when something is left over, so a broadcast is one
//! system call per receiver. Knows nothing of V8, rooms, parties or HTTP.
//!
//! What it hides: the WebSocket protocol, TLS, partial writes, slow clients, keep-alive, the closing
//! handshake. What it never does: block, wait for one client on behalf of another, or call back
//! into its owner from inside `send`, `close` or `abort`, whose caller may hold borrows.
//!
//! Failure: whatever ends a socket is told once, through `WireSink::closed`, the last call about
//! it. Bytes still to be delivered (a close frame) may leave after that, for `close_patience` at
//! most.

mod frame;
mod outbox;
mod reader;
mod session;
mod tls;
#[cfg(test)]
mod tls_test;
#[cfg(test)]
mod wire_test;

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;

pub use self::frame::Frame;
use self::outbox::{Outbox, Pushed};
use self::reader::{Reader, Replies};
use self::session::Session;
use self::tls::Tls;
use crate::clock::now_ms;
use crate::room::event::{Message, SocketId, Wire};

/// The bounds of this module.
mod limits {
    use std::time::Duration;

    /// Silence after which a client is pinged. Below the idle timeouts of common proxies and NATs
    /// (60 s and more), which therefore never see an idle WebSocket.
    pub const PING_EVERY: Duration = Duration::from_secs(30);

    /// Time a client has to answer a ping. One that is only slow has answered by then.
    pub const PONG_PATIENCE: Duration = Duration::from_secs(20);

    /// Time a client has to answer a close, and to fetch what was queued before it.
    pub const CLOSE_PATIENCE: Duration = Duration::from_secs(5);

    /// Messages of one socket delivered before the other sockets of the shard get their turn.
    pub const MESSAGES_PER_VISIT: usize = 32;

    /// Bytes of a client that broke the protocol that are read and forgotten, so that the close
    /// frame reaches it: closing while bytes arrive would reset the connection before it is read.
    pub const DISCARD_BYTES_MAX: usize = 16 << 20;
}

/// Whether the owner of a socket wants to hear more now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Continue,
    /// Nothing more is read until `Socket::resume`.
    Pause,
}

/// Who hears what a socket receives. Called from the socket's task; may use any socket freely.
pub trait WireSink {
    fn message(&self, socket: SocketId, message: Message) -> Flow;

    /// The socket is over. Called once and last.
    fn closed(&self, socket: SocketId, end: End);
}

/// How a socket ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// 1005 if the peer closed without a code, 1006 if it vanished.
    pub code: u16,
    pub reason: String,
    /// The peer took part in the closing handshake.
    pub clean: bool,
    /// The peer broke the protocol: too large a message, invalid UTF-8, malformed frames.
    pub error: Option<String>,
}

#[derive(Debug, Clone)]
pub struct WireSettings {
    /// Largest message a client may send, in bytes (W-03).
    pub message_max: usize,
    /// Bytes that may wait for a client that does not read; see `Outbox::push`.
    pub outbox_bytes_max: usize,
    pub ping_every: Duration,
    pub pong_patience: Duration,
    pub close_patience: Duration,
}

impl Default for WireSettings {
    fn default() -> Self {
        Self {
            message_max: crate::limits::MESSAGE_SIZE_MAX,
            outbox_bytes_max: crate::limits::OUTBOX_BYTES_MAX,
            ping_every: limits::PING_EVERY,
            pong_patience: limits::PONG_PATIENCE,
            close_patience: limits::CLOSE_PATIENCE,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// Our close frame is queued or sent; the peer's is awaited.
    Closing,
    /// Nothing is sent or delivered any more.
    Over,
}

/// Why a socket ends other than by its peer's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Aborted,
    /// The client left too much unread.
    Overflowed,
    /// Writing failed.
    Broken,
}

/// Sockets of the process that hold a connection.
static ATTACHED: AtomicUsize = AtomicUsize::new(0);

/// How many WebSockets the process has open.
pub fn attached() -> usize {
    ATTACHED.load(Ordering::Relaxed)
}

/// What has gone through a socket.
#[derive(Debug, Default)]
pub struct Traffic {
    /// When it was attached, in ms since the epoch.
    pub since_ms: i64,
    /// Bytes of messages from the client, and of frames to it.
    pub received: Cell<u64>,
    pub sent: Cell<u64>,
}

/// The handle of an attached socket.
pub struct Socket {
    id: SocketId,
    sink: Rc<dyn WireSink>,
    settings: Rc<WireSettings>,
    outbox: RefCell<Outbox>,
    phase: Cell<Phase>,
    fault: Cell<Option<Fault>>,
    paused: Cell<bool>,
    traffic: Traffic,
    /// The task is running: it looks at everything again before it sleeps, nobody has to wake it.
    visiting: Cell<bool>,
    task: RefCell<Option<Waker>>,
}

impl Socket {
    /// Takes over a connection that has been answered with 101. Must run inside a `LocalSet` of a
    /// runtime with I/O and time.
    pub fn attach(
        id: SocketId,
        wire: Wire,
        sink: Rc<dyn WireSink>,
        settings: Rc<WireSettings>,
    ) -> io::Result<Rc<Self>> {
        wire.stream.set_nonblocking(true)?;
        wire.stream.set_nodelay(true)?;
        let (read, write) = tokio::net::TcpStream::from_std(wire.stream)?.into_split();
        let tls = wire.tls.map(Tls::new);
        let reader = Reader::new(read, tls.clone(), wire.read_ahead, settings.message_max);
        ATTACHED.fetch_add(1, Ordering::Relaxed);
        let socket = Rc::new(Self {
            id,
            sink,
            settings,
            outbox: RefCell::new(Outbox::new(write, tls)),
            phase: Cell::new(Phase::Open),
            fault: Cell::new(None),
            paused: Cell::new(false),
            traffic: Traffic { since_ms: now_ms(), ..Traffic::default() },
            visiting: Cell::new(false),
            task: RefCell::new(None),
        });
        tokio::task::spawn_local(session::run(Session::new(socket.clone(), reader)));
        Ok(socket)
    }

    pub fn id(&self) -> SocketId {
        self.id
    }

    /// Sends one frame: at once if the kernel takes it, else behind what waits already. A client
    /// that leaves more than `outbox_bytes_max` unread is closed with 1008. Ignored once the socket
    /// is closing.
    pub fn send(&self, frame: &Frame) {
        if self.phase.get() == Phase::Open {
            self.traffic.sent.update(|bytes| bytes + frame.bytes().len() as u64);
            self.push(frame.bytes().clone(), self.settings.outbox_bytes_max);
        }
    }

    /// Starts the closing handshake behind everything that is queued. Messages that still arrive
    /// are dropped, as browsers do. Ignored if the socket is closing already.
    pub fn close(&self, code: Option<u16>, reason: &str) {
        if self.phase.get() == Phase::Open {
            self.phase.set(Phase::Closing);
            self.push(Frame::close(code, reason).bytes().clone(), usize::MAX);
            self.wake();
        }
    }

    /// Reads again after `Flow::Pause`.
    pub fn resume(&self) {
        if self.paused.replace(false) {
            self.wake();
        }
    }

    /// Drops the connection now; the client sees 1006.
    pub fn abort(&self) {
        if self.phase.get() != Phase::Over {
            self.outbox.borrow_mut().cut();
            self.fail(Fault::Aborted);
        }
    }

    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Bytes that wait because the client does not read them.
    pub fn buffered(&self) -> usize {
        self.outbox.borrow().bytes()
    }

    fn push(&self, frame: Bytes, bytes_max: usize) {
        let pushed = self.outbox.borrow_mut().push(frame, bytes_max);
        match pushed {
            Pushed::Sent | Pushed::Queued => {}
            Pushed::First => self.wake(),
            Pushed::Full => {
                let close = Frame::close(Some(OVERFLOW_CODE), OVERFLOW_REASON);
                self.outbox.borrow_mut().replace(close.bytes().clone());
                self.fail(Fault::Overflowed);
            }
            Pushed::Broken => self.fail(Fault::Broken),
        }
    }

    fn fail(&self, fault: Fault) {
        self.phase.set(Phase::Over);
        if self.fault.get().is_none() {
            self.fault.set(Some(fault));
        }
        self.wake();
    }

    fn wake(&self) {
        if !self.visiting.get()
            && let Some(task) = &*self.task.borrow()
        {
            task.wake_by_ref();
        }
    }
}

/// 1008, policy violation: the outbox's bound is the policy.
pub const OVERFLOW_CODE: u16 = 1008;
pub const OVERFLOW_REASON: &str = "Too much unread data";

impl Replies for Socket {
    fn reply(&self, frame: &[u8]) {
        // After our close nothing may follow (RFC 6455, 5.5.1).
        if self.phase.get() == Phase::Open {
            self.push(Bytes::copy_from_slice(frame), self.settings.outbox_bytes_max);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        ATTACHED.fetch_sub(1, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket")
            .field("id", &self.id)
            .field("phase", &self.phase.get())
            .field("buffered", &self.buffered())
            .finish_non_exhaustive()
    }
}
