//! The edge: HTTP connections on one side, events of rooms on the other.
//!
//! `node` starts it with `serve`. A request goes through `answer`: its path is routed (`route`),
//! static hooks are asked, and then the room, a lobby or the asset folder (`assets`) answers.
//! Whatever has to run a party's code is sent through the directory as an `Event` and waited for;
//! the edge itself knows of a party only its `Shape`. A WebSocket is handed over to its room after
//! the 101 and is gone from here (`websocket`). The edge knows no V8 and keeps no state between
//! requests.
//!
//! Failure: a bad request is answered by its status and touches nobody else; a client that vanishes
//! ends its own request; too many connections are answered with 503; when the system has no more
//! file descriptors accepting pauses and goes on. Nothing a client sends ends `serve`.

mod answer;
mod assets;
#[cfg(test)]
mod assets_test;
#[cfg(test)]
mod departure_test;
#[cfg(test)]
mod hostile_test;
mod http;
mod pattern;
#[cfg(test)]
mod rig_test;
mod route;
mod secure;
#[cfg(test)]
mod server_test;
mod websocket;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use self::assets::{AssetSettings, Assets};
pub use self::pattern::Patterns;
use crate::room::directory::Directory;

/// The bounds of this module.
mod limits {
    use std::time::Duration;

    /// Request line and headers, in bytes. Room for large cookies; beyond it 431.
    pub const HEAD_BYTES_MAX: usize = 64 << 10;

    /// Header lines of a request; beyond it 431.
    pub const HEADERS_MAX: usize = 100;

    /// Largest request body, in bytes; beyond it 413. The limit of the platform PartyKit runs on.
    pub const BODY_BYTES_MAX: u64 = 100 << 20;

    /// Time for a request head to arrive, which is also how long a kept-alive connection may idle.
    pub const HEAD_PATIENCE: Duration = Duration::from_secs(30);

    /// Time for a TLS handshake: some round trips, and a retransmission or two on a bad line.
    pub const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(10);

    /// Longest silence in the middle of a request body.
    pub const BODY_PATIENCE: Duration = Duration::from_secs(60);

    /// HTTP connections at a time; WebSockets do not count once they are with their room. Far above
    /// what one machine serves, below what would exhaust its memory (about 10 KB each).
    pub const CONNECTIONS_MAX: usize = 32 << 10;

    /// Connections over the limit that are told so; further ones are just closed.
    pub const REFUSALS_MAX: usize = 64;

    /// How long a connection over the limit may take to fetch its 503.
    pub const REFUSAL_PATIENCE: Duration = Duration::from_secs(2);

    /// Time for requests in flight when the host stops.
    pub const DRAIN_PATIENCE: Duration = Duration::from_secs(10);

    /// Pauses of the accept loop when the system is out of descriptors: from, to.
    pub const ACCEPT_PAUSE: Duration = Duration::from_millis(5);
    pub const ACCEPT_PAUSE_MAX: Duration = Duration::from_secs(1);

    /// Silence after which the kernel probes whether the client of an HTTP connection still exists.
    pub const KEEPALIVE_AFTER: Duration = Duration::from_secs(60);
}

/// What the edge must know of a party without entering V8; found by the engine at load time.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Shape {
    pub before_connect: HookShape,
    pub before_request: HookShape,
    pub on_request: bool,
    pub on_fetch: bool,
    pub on_socket: bool,
    pub on_cron: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HookShape {
    #[default]
    Absent,
    Function,
    /// Defined, but not a function.
    #[serde(rename = "invalid")]
    NotFunction,
}

/// Who may call `/__scheduled__`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CronUrl {
    /// This machine; not through a proxy.
    #[default]
    Loopback,
    Everybody,
}

/// Everything the edge asks of the project; replaced as a whole on reload.
#[derive(Clone, Debug, Default)]
pub struct Site {
    pub parties: HashMap<Arc<str>, Shape>,
    /// Name and expression, as configured.
    pub crons: Vec<(String, String)>,
    pub assets: Option<Assets>,
    pub cron_url: CronUrl,
}

/// A request that has been answered, for the operator's eyes.
#[derive(Debug, Clone)]
pub struct RequestLog {
    pub method: ::http::Method,
    pub path: String,
    pub status: u16,
    /// Until the head of the response was there.
    pub duration: Duration,
}

pub type OnRequest = Arc<dyn Fn(&RequestLog) + Send + Sync>;
pub type OnTrouble = Arc<dyn Fn(&str) + Send + Sync>;

#[derive(Clone)]
pub struct EdgeSettings {
    pub head_bytes_max: usize,
    pub headers_max: usize,
    pub body_bytes_max: u64,
    pub head_patience: Duration,
    pub body_patience: Duration,
    pub connections_max: usize,
    pub drain_patience: Duration,
    /// The scheme of the URLs parties see.
    pub scheme: &'static str,
    /// The certificate, if the port speaks HTTPS.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Everybody who connects is a reverse proxy of ours, whose `X-Forwarded-For` and
    /// `X-Forwarded-Proto` are believed.
    pub trusted_proxy: bool,
    pub on_request: Option<OnRequest>,
    /// Told when the edge has trouble of its own, in words for the operator.
    pub on_trouble: Option<OnTrouble>,
}

impl Default for EdgeSettings {
    fn default() -> Self {
        Self {
            head_bytes_max: limits::HEAD_BYTES_MAX,
            headers_max: limits::HEADERS_MAX,
            body_bytes_max: limits::BODY_BYTES_MAX,
            head_patience: limits::HEAD_PATIENCE,
            body_patience: limits::BODY_PATIENCE,
            connections_max: limits::CONNECTIONS_MAX,
            drain_patience: limits::DRAIN_PATIENCE,
            scheme: "http",
            tls: None,
            trusted_proxy: false,
            on_request: None,
            on_trouble: None,
        }
    }
}

impl std::fmt::Debug for EdgeSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EdgeSettings")
            .field("scheme", &self.scheme)
            .field("connections_max", &self.connections_max)
            .field("trusted_proxy", &self.trusted_proxy)
            .finish_non_exhaustive()
    }
}

/// What all connections share.
struct Edge {
    directory: Directory,
    site: watch::Receiver<Arc<Site>>,
    settings: EdgeSettings,
    /// The address we listen on: the host of requests that name none (HTTP/1.0).
    local: SocketAddr,
}

/// Serves until `shutdown` resolves, then lets requests in flight finish, for `drain_patience` at
/// most. Fails only if the listener is unusable from the start.
pub async fn serve(
    listener: TcpListener,
    directory: Directory,
    site: watch::Receiver<Arc<Site>>,
    settings: EdgeSettings,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let local = listener.local_addr()?;
    let drain_patience = settings.drain_patience;
    let edge = Arc::new(Edge { directory, site, settings, local });
    let (stop, stopping) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut refusals = JoinSet::new();
    let mut pause = limits::ACCEPT_PAUSE;
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            Some(_) = refusals.join_next() => continue,
        };
        match accepted {
            Ok((stream, peer)) => {
                pause = limits::ACCEPT_PAUSE;
                let (edge, tls, stopping) =
                    (edge.clone(), edge.settings.tls.clone(), stopping.clone());
                let crowded = connections.len() >= edge.settings.connections_max;
                match tls {
                    None if !crowded => {
                        connections.spawn(connection(edge, stream, peer, stopping));
                    }
                    Some(tls) if !crowded => {
                        connections.spawn(secure::connection(edge, tls, stream, peer, stopping));
                    }
                    _ if refusals.len() >= limits::REFUSALS_MAX => {}
                    None => drop(refusals.spawn(refuse(edge, stream))),
                    Some(tls) => drop(refusals.spawn(secure::refuse_secure(edge, tls, stream))),
                }
            }
            Err(error) if is_of_the_client(&error) => {}
            Err(error) => {
                edge.trouble(&format!(
                    "cannot accept connections: {error}; trying again in {} ms (if this is about \
                     open files, raise the limit with `ulimit -n`)",
                    pause.as_millis()
                ));
                tokio::select! {
                    () = &mut shutdown => break,
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(limits::ACCEPT_PAUSE_MAX);
            }
        }
    }
    drop(listener);
    drop(stop);
    let drained = async { while connections.join_next().await.is_some() {} };
    // Whoever has not finished by then is cut off when `connections` is dropped.
    let _ = tokio::time::timeout(drain_patience, drained).await;
    Ok(())
}

/// Whether an error of `accept` is about one connection that is gone already.
fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

impl Edge {
    fn trouble(&self, text: &str) {
        if let Some(tell) = &self.settings.on_trouble {
            tell(text);
        }
    }

    fn protocol(&self) -> http1::Builder {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(self.settings.head_patience)
            .max_header_size(self.settings.head_bytes_max);
        // The default costs no allocation per request.
        if self.settings.headers_max != limits::HEADERS_MAX {
            builder.max_headers(self.settings.headers_max);
        }
        builder
    }
}

/// One client, until it leaves, becomes a WebSocket, or the host stops (`stopping` is closed).
async fn connection(
    edge: Arc<Edge>,
    stream: TcpStream,
    peer: SocketAddr,
    stopping: watch::Receiver<()>,
) {
    tune(&stream);
    serve_http(edge, stream, peer, stopping).await;
}

fn tune(stream: &TcpStream) {
    let keepalive = socket2::TcpKeepalive::new().with_time(limits::KEEPALIVE_AFTER);
    // Both only tune; a connection that refuses them is about to fail anyway.
    let _ = socket2::SockRef::from(stream).set_tcp_keepalive(&keepalive);
    let _ = stream.set_nodelay(true);
}

async fn serve_http(
    edge: Arc<Edge>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    mut stopping: watch::Receiver<()>,
) {
    let protocol = edge.protocol();
    let service = service_fn(move |request| answer::answer(edge.clone(), peer, request));
    let served = protocol.serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut served = pin!(served);
    tokio::select! {
        // Errors are the client's: a malformed request has been answered, a lost one cannot be.
        _ = served.as_mut() => return,
        _ = stopping.changed() => served.as_mut().graceful_shutdown(),
    }
    let _ = served.await;
}

/// Tells a client over the limit to come back later.
async fn refuse(edge: Arc<Edge>, stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut protocol = edge.protocol();
    protocol.keep_alive(false);
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let refusal = http::Refusal::Crowded(edge.settings.connections_max);
        let response = http::into_hyper(request.method(), refusal.into_response(), None);
        std::future::ready(Ok::<_, std::convert::Infallible>(response))
    });
    let served = protocol.serve_connection(TokioIo::new(stream), service);
    let _ = tokio::time::timeout(limits::REFUSAL_PATIENCE, served).await;
}
