//! The closed vocabulary in which the edge, the rooms and the engine talk: what can happen to a
//! room (`Event`) and what a room is asked to answer (`Reply`). Plain data; no V8, no sockets but
//! the raw one that is handed over, no behaviour.
//!
//! The edge (`server/`) sends `Event`s through the directory and waits for one `Reply` on the
//! `Replier` inside. The engine never sees hyper; the edge never sees V8.

use std::net::{SocketAddr, TcpStream};

use bytes::Bytes;
use http::{HeaderMap, Method};
use tokio::sync::{mpsc, oneshot};

use crate::name::RoomKey;

/// A request as it reached the edge, or as another room made it. `url` is absolute: scheme, host as
/// the client wrote it, raw path and query (spec R-12).
#[derive(Debug)]
pub struct Request {
    pub method: Method,
    pub url: String,
    pub headers: HeaderMap,
    pub peer: Option<SocketAddr>,
    /// Whose request this is: the number by which `Event::Left` says that this client has gone.
    pub visit: Visit,
    pub body: Body,
}

/// One client that waits for one answer, numbered over the whole process. Zero: nobody who could
/// leave, as for a request of another room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Visit(pub u64);

/// Bytes of a request or a response. Small bodies travel whole; others as a bounded stream of
/// chunks whose sender waits while the receiver does not read (back-pressure end to end).
#[derive(Debug)]
pub enum Body {
    Empty,
    Full(Bytes),
    Stream(BodyReader),
}

/// Chunks in order; the end of the channel is the end of the body; `Err` is a body that broke off.
pub type BodyReader = mpsc::Receiver<Result<Bytes, BodyError>>;
pub type BodyWriter = mpsc::Sender<Result<Bytes, BodyError>>;

#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct BodyError(pub String);

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// The reason phrase if the party set one.
    pub reason: Option<String>,
    pub headers: HeaderMap,
    pub body: Body,
}

/// The number of a socket inside its room, unique for the life of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u64);

/// What came of an event that wants an answer. Exactly one is sent; a `Replier` dropped without one
/// means that the room went away (host shutting down): 503.
#[derive(Debug)]
pub enum Reply {
    /// Send this to the client.
    Response(Response),
    /// Answer 101 and then hand the raw socket over with `Event::Attach` to this room (or send
    /// `Event::Abandon` if that cannot be done any more). `protocol` goes to
    /// `Sec-WebSocket-Protocol`.
    Upgrade { room: RoomKey, socket: SocketId, protocol: Option<String> },
    /// `onBeforeConnect` / `onBeforeRequest`: go on to the room, with this request instead of the
    /// original if given.
    Continue(Option<Request>),
    /// `onFetch` gave nothing: the chain of 1.3 goes on. The request comes back untouched.
    Pass(Box<Request>),
    /// The room could not answer: status and text for the client.
    Failed { status: u16, message: String },
}

pub type Replier = oneshot::Sender<Reply>;

/// The static hooks of a party, run in its lobby.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// Replies: `Continue`, `Response`, `Failed` with 401.
    BeforeConnect,
    /// Replies: `Continue(Some(_))`, `Response`, `Failed`.
    BeforeRequest,
    /// Replies: `Response`, `Upgrade` (G-08), `Pass`, `Failed`.
    Fetch,
    /// Replies: `Upgrade`, `Failed`.
    Socket,
    /// Replies: `Response`, `Failed`.
    Cron,
}

/// A raw TCP socket after its 101 was written, with the bytes that had already been read past the
/// request head.
#[derive(Debug)]
pub struct Wire {
    pub stream: TcpStream,
    /// What is spoken over it on a port with HTTPS. `read_ahead` is decrypted.
    pub tls: Option<Box<rustls::ServerConnection>>,
    pub read_ahead: Bytes,
}

/// What the outside can tell a room. Events of one room run in arrival order, one per turn.
#[derive(Debug)]
pub enum Event {
    /// `onRequest`. Replies: `Response`, `Upgrade`, `Failed`.
    Request { request: Request, reply: Replier },
    /// A WebSocket upgrade → `onConnect`. Replies: `Upgrade` (after `onConnect` settled, L-47),
    /// `Failed`.
    Connect { request: Request, reply: Replier },
    /// A static hook; lobbies only. For `Cron`, `cron` holds (name, expression, scheduled time in
    /// ms).
    Hook {
        hook: Hook,
        request: Request,
        room: Option<String>,
        cron: Option<CronRun>,
        reply: Replier,
    },
    /// The client of this visit left before its answer was complete: `request.signal` aborts, the
    /// body it was being sent ends. Follows the event that brought the request; a room that knows
    /// nothing of the visit is not started for it.
    Left { visit: Visit },
    /// The wire of a socket that was answered with `Reply::Upgrade`.
    Attach { socket: SocketId, wire: Wire },
    /// The client went away before its socket could be attached.
    Abandon { socket: SocketId },
    /// The room's alarm is due. `scheduled` in ms since the epoch; `retry` counts earlier failed
    /// attempts.
    Alarm { scheduled: i64, retry: u32 },
    /// The other end of an in-process socket (`stub.socket()`), after `Reply::Upgrade`.
    AttachPair { socket: SocketId, peer_room: RoomKey, peer: SocketId },
    /// From the other end of an in-process socket pair.
    Pair { socket: SocketId, frame: PairFrame },

    // What follows comes from the room's own shard.
    /// A complete message of a socket.
    Message { socket: SocketId, message: Message },
    /// A socket ended; the last event about it. `error` holds the text of a protocol error (W-03).
    Closed { socket: SocketId, code: u16, reason: String, clean: bool, error: Option<String> },
    /// A timer of the party is due.
    Timer { id: u32 },
    /// Something the party waits for has happened.
    Completion { id: u32, outcome: Completion },
    /// A `blockConcurrencyWhile` callback may begin.
    Section { id: u32 },
}

/// What a party gets for something it waited for.
#[derive(Debug)]
pub enum Completion {
    Done,
    /// One chunk of a body; `None` is its end.
    Chunk(Option<Bytes>),
    Response(Response),
    /// A stub's socket is open: its number in the caller's room.
    Socket(SocketId),
    /// There is no such asset.
    Nothing,
    Failed(String),
}

impl Event {
    /// Bytes this event holds while it waits in the inbox.
    pub fn weight(&self) -> usize {
        let body = |body: &Body| match body {
            Body::Full(bytes) => bytes.len(),
            Body::Empty | Body::Stream(_) => 0,
        };
        const OVERHEAD: usize = 256;
        OVERHEAD
            + match self {
                Event::Request { request, .. }
                | Event::Connect { request, .. }
                | Event::Hook { request, .. } => request.url.len() + body(&request.body),
                Event::Pair { frame: PairFrame::Message(message), .. }
                | Event::Message { message, .. } => message.len(),
                Event::Completion { outcome: Completion::Chunk(Some(bytes)), .. } => bytes.len(),
                Event::Completion { outcome: Completion::Response(response), .. } => {
                    body(&response.body)
                }
                _ => 0,
            }
    }
}

#[derive(Debug, Clone)]
pub struct CronRun {
    pub name: String,
    pub cron: String,
    pub scheduled_ms: i64,
}

/// One step of an in-process socket.
#[derive(Debug, Clone)]
pub enum PairFrame {
    Message(Message),
    Close {
        code: Option<u16>,
        reason: String,
    },
    /// The other end vanished without a close (its room broke): 1006.
    Lost,
}

/// A WebSocket message: text is valid UTF-8.
#[derive(Debug, Clone)]
pub enum Message {
    Text(Bytes),
    Binary(Bytes),
}

impl Message {
    pub fn len(&self) -> usize {
        match self {
            Message::Text(bytes) | Message::Binary(bytes) => bytes.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
