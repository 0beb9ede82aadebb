//! The port debuggers come to: `/json/version`, `/json`, `/json/list`, and a WebSocket per target.
//!
//! Runs on the edge's runtime, on a listener of its own that is bound to loopback. Whoever may debug
//! may do anything, so nothing of the web gets in: a request needs a `Host` that names this machine
//! (a page whose name resolves to us would send its own), and none may come from a web page's script.
//! A client that breaks the rules is refused or closed; nothing it does ends `serve`.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::header::{
    CONNECTION, CONTENT_TYPE, HOST, HeaderValue, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    UPGRADE,
};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig};

use super::session::{Session, ToClient};
use super::target::Target;
use super::{Registry, limits};

type Answer = hyper::Response<Full<Bytes>>;
type Request = hyper::Request<hyper::body::Incoming>;

/// Serves until the registry is closed. Connections beyond the bound are closed at once.
pub async fn serve(
    listener: std::net::TcpListener,
    registry: Arc<Registry>,
) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let free = Arc::new(Semaphore::new(limits::CLIENTS_MAX));
    let mut closed = std::pin::pin!(registry.closed());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut closed => return Ok(()),
        };
        let Ok((stream, _)) = accepted else {
            // Out of descriptors, say: that is over sooner or later.
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            continue;
        };
        let Ok(place) = free.clone().try_acquire_owned() else { continue };
        let registry = registry.clone();
        tokio::spawn(async move {
            connection(stream, registry, Arc::new(place)).await;
        });
    }
}

type Place = Arc<tokio::sync::OwnedSemaphorePermit>;

async fn connection(stream: TcpStream, registry: Arc<Registry>, place: Place) {
    let keepalive = socket2::TcpKeepalive::new()
        .with_time(limits::KEEPALIVE_AFTER)
        .with_interval(limits::KEEPALIVE_AFTER / 4);
    // Both only tune.
    let _ = socket2::SockRef::from(&stream).set_tcp_keepalive(&keepalive);
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request| {
        let answer = answer(request, &registry, &place);
        std::future::ready(Ok::<_, Infallible>(answer))
    });
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new()).header_read_timeout(limits::HEAD_PATIENCE);
    // An error is the client's, and the end of its connection.
    let _ = protocol.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

fn answer(mut request: Request, registry: &Arc<Registry>, place: &Place) -> Answer {
    let host = match admitted(request.headers()) {
        Ok(host) => host.unwrap_or_else(|| registry.address().to_string()),
        Err(why) => return text(StatusCode::FORBIDDEN, why),
    };
    if request.method() != Method::GET {
        return text(StatusCode::METHOD_NOT_ALLOWED, "the debugger's port answers GET only\n");
    }
    if request.headers().contains_key(UPGRADE) {
        return upgrade(&mut request, registry, place);
    }
    match request.uri().path() {
        "/json" | "/json/" | "/json/list" | "/json/list/" => json(&registry.list(&host)),
        "/json/version" | "/json/version/" => json(&registry.version(&host)),
        _ => text(
            StatusCode::NOT_FOUND,
            "Here debuggers attach. Open chrome://inspect, or see /json/list\n",
        ),
    }
}

/// Gives the host under which we were reached, or why the request is refused.
fn admitted(headers: &HeaderMap) -> Result<Option<String>, &'static str> {
    let host = match headers.get(HOST) {
        None => None,
        Some(host) => {
            let host = host.to_str().ok().filter(|host| is_this_machine(host));
            Some(host.ok_or("the debugger is reached as localhost or 127.0.0.1 only\n")?.to_owned())
        }
    };
    match headers.get(ORIGIN) {
        None => Ok(host),
        Some(origin) if origin.as_bytes().starts_with(b"devtools://") => Ok(host),
        Some(_) => Err("web pages may not debug\n"),
    }
}

/// Whether a `Host` header names this machine: a page cannot make a browser send one of these.
fn is_this_machine(host: &str) -> bool {
    if let Ok(address) = host.parse::<SocketAddr>() {
        return address.ip().is_loopback();
    }
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
    });
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn text(status: StatusCode, text: &'static str) -> Answer {
    let mut answer = Answer::new(Full::from(text));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}

fn json(value: &serde_json::Value) -> Answer {
    let mut answer = Answer::new(Full::from(format!("{value:#}\n")));
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    answer
}

fn upgrade(request: &mut Request, registry: &Arc<Registry>, place: &Place) -> Answer {
    let headers = request.headers();
    let is_websocket = headers
        .get(UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let accept = headers
        .get(SEC_WEBSOCKET_KEY)
        .filter(|_| is_websocket)
        .and_then(|key| HeaderValue::try_from(derive_accept_key(key.as_bytes())).ok());
    let Some(accept) = accept else {
        return text(StatusCode::BAD_REQUEST, "not a WebSocket handshake\n");
    };
    let (out, texts) = mpsc::unbounded_channel();
    let session = Target::parse(request.uri().path()).and_then(|target| registry.open(target, out));
    let Some(session) = session else {
        return text(StatusCode::NOT_FOUND, "there is no such target: see /json/list\n");
    };
    let attached = Attached { registry: registry.clone(), session, _place: place.clone() };
    tokio::spawn(attached.debug(hyper::upgrade::on(request), texts));
    let mut answer = Answer::new(Full::default());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    answer
}

/// A debugger that is there; when this is dropped it is not, and what it paused goes on.
struct Attached {
    registry: Arc<Registry>,
    session: Arc<Session>,
    _place: Place,
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.registry.leave(&self.session);
    }
}

impl Attached {
    async fn debug(self, upgrade: OnUpgrade, mut texts: mpsc::UnboundedReceiver<ToClient>) {
        let Ok(upgraded) = upgrade.await else { return };
        let config = WebSocketConfig::default()
            .max_message_size(Some(limits::MESSAGE_BYTES_MAX))
            .max_frame_size(Some(limits::MESSAGE_BYTES_MAX));
        let io: TokioIo<Upgraded> = TokioIo::new(upgraded);
        let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
        let (mut sink, mut stream) = socket.split();
        let session = self.session.clone();
        let reading = async {
            while let Some(Ok(message)) = stream.next().await {
                if let Message::Text(text) = message {
                    session.command(text.as_str().to_owned());
                } else if message.is_close() {
                    return;
                }
            }
        };
        let writing = async {
            while let Some(message) = texts.recv().await {
                match message {
                    ToClient::Text(text) => {
                        let bytes = text.len();
                        if sink.send(Message::text(text)).await.is_err() {
                            return;
                        }
                        self.session.has_read(bytes);
                    }
                    ToClient::End(reason) => {
                        let frame = CloseFrame { code: CloseCode::Away, reason: reason.into() };
                        let _ = sink.send(Message::Close(Some(frame))).await;
                        return;
                    }
                }
            }
        };
        let (reading, writing): (Pin<&mut (dyn Future<Output = ()> + Send)>, _) =
            (std::pin::pin!(reading), std::pin::pin!(writing));
        tokio::select! {
            () = reading => {}
            () = writing => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_admitted() {
        for host in
            ["localhost", "localhost:9229", "127.0.0.1:9229", "127.0.0.1", "[::1]:9", "[::1]"]
        {
            assert!(is_this_machine(host), "{host}");
        }
        for host in
            ["evil.example", "evil.example:9229", "localhost.evil.example", "10.0.0.1", "", "1"]
        {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[test]
    fn web_pages_are_not_admitted() {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("127.0.0.1:9229"));
        assert!(admitted(&headers).is_ok());
        headers.insert(ORIGIN, HeaderValue::from_static("devtools://devtools"));
        assert!(admitted(&headers).is_ok());
        for origin in ["http://localhost:1999", "https://evil.example", "null"] {
            headers.insert(ORIGIN, HeaderValue::from_static(origin));
            assert!(admitted(&headers).is_err(), "{origin}");
        }
    }
}
