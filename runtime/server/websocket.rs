//! The WebSocket handshake: who asks for one, whether it is well-formed, and what it is answered
//! with.
//!
//! Called by `answer`. After the 101 the connection leaves the edge for good: `Promise` sees to it
//! that the room which expects the socket hears of it exactly once, whatever happens to the client
//! in between: `Attach` with the connection, or `Abandon`. Reads no frames.

use bytes::Bytes;
use http::header::{
    CONNECTION, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, Method, StatusCode, Version};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::http::{EdgeBody, Refusal};
use crate::name::RoomKey;
use crate::room::directory::Directory;
use crate::room::event::{Event, SocketId, Wire};

/// Whether a request asks for a WebSocket: by its `Upgrade` header alone.
pub fn is_websocket(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// A checked handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    accept: HeaderValue,
    /// The first sub-protocol the client offers.
    offered: Option<HeaderValue>,
}

impl Handshake {
    /// RFC 6455, 4.2.1, as far as the answer depends on it.
    pub fn check(
        method: &Method,
        version: Version,
        headers: &HeaderMap,
    ) -> Result<Handshake, Refusal> {
        let bad = |problem| Err(Refusal::Handshake(problem));
        if method != Method::GET {
            return bad("a WebSocket handshake is a GET request");
        }
        if version != Version::HTTP_11 {
            return bad("a WebSocket handshake needs HTTP/1.1");
        }
        match headers.get(SEC_WEBSOCKET_VERSION) {
            None => return bad("Sec-WebSocket-Version is missing"),
            Some(version) if version.as_bytes() != b"13" => return Err(Refusal::HandshakeVersion),
            Some(_) => {}
        }
        let Some(key) = headers.get(SEC_WEBSOCKET_KEY) else {
            return bad("Sec-WebSocket-Key is missing");
        };
        if !is_key(key.as_bytes()) {
            return bad("Sec-WebSocket-Key is not 16 bytes in base64");
        }
        let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes()))
            .expect("base64 is a valid header value");
        Ok(Handshake { accept, offered: first_protocol(headers) })
    }

    /// The 101. Without a choice by the party the client's first offer is accepted (W-13 BETTER).
    pub fn accept(self, protocol: Option<&str>) -> hyper::Response<EdgeBody> {
        let mut response = hyper::Response::new(EdgeBody::Empty);
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, self.accept);
        let chosen = protocol.and_then(|name| HeaderValue::from_str(name).ok()).or(self.offered);
        if let Some(protocol) = chosen {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, protocol);
        }
        response
    }
}

/// 16 bytes in base64: 22 characters and two of padding.
fn is_key(key: &[u8]) -> bool {
    let in_alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == 24 && key[..22].iter().all(in_alphabet) && &key[22..] == b"=="
}

fn first_protocol(headers: &HeaderMap) -> Option<HeaderValue> {
    let offered = headers.get(SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    let first = offered.split(',').map(str::trim).find(|name| !name.is_empty())?;
    // A sub-protocol is a token, as a header's name is.
    HeaderName::from_bytes(first.as_bytes()).ok()?;
    HeaderValue::from_str(first).ok()
}

/// A room holds a socket ready for a client. Dropped before `keep` succeeds, the room is told that
/// nobody comes.
pub struct Promise {
    directory: Directory,
    room: RoomKey,
    socket: SocketId,
    kept: bool,
}

impl Promise {
    pub fn new(directory: Directory, room: RoomKey, socket: SocketId) -> Self {
        Self { directory, room, socket, kept: false }
    }

    /// Waits until the 101 is written and hands the connection over.
    pub async fn keep(mut self, upgrade: OnUpgrade) {
        // The client left before its 101: dropping `self` says so.
        let Ok(upgraded) = upgrade.await else { return };
        let Some(wire) = wire_of(upgraded) else { return };
        self.kept = true;
        let attach = Event::Attach { socket: self.socket, wire };
        // An error means that the host is going down, and the connection with it.
        let _ = self.directory.deliver(self.room.clone(), attach);
    }
}

/// The connection without hyper, plain or with its TLS state.
fn wire_of(upgraded: Upgraded) -> Option<Wire> {
    let (stream, tls, read_buf) = match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => (parts.io.into_inner(), None, parts.read_buf),
        Err(upgraded) => {
            let parts = upgraded.downcast::<TokioIo<TlsStream<TcpStream>>>().ok()?;
            let (stream, tls) = parts.io.into_inner().into_inner();
            (stream, Some(Box::new(tls)), parts.read_buf)
        }
    };
    Some(Wire { stream: stream.into_std().ok()?, tls, read_ahead: detached(read_buf) })
}

/// The rest of the read buffer, without the buffer: usually there is none.
fn detached(read_buf: Bytes) -> Bytes {
    Bytes::copy_from_slice(&read_buf)
}

impl Drop for Promise {
    fn drop(&mut self) {
        if !self.kept {
            let abandon = Event::Abandon { socket: self.socket };
            let _ = self.directory.deliver(self.room.clone(), abandon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        });
        pairs.collect()
    }

    #[test]
    fn the_example_of_the_standard() {
        let headers = headers(&[("sec-websocket-version", "13"), ("sec-websocket-key", KEY)]);
        let handshake = Handshake::check(&Method::GET, Version::HTTP_11, &headers).unwrap();
        let response = handshake.accept(None);
        assert_eq!(response.headers()[SEC_WEBSOCKET_ACCEPT], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(!response.headers().contains_key(SEC_WEBSOCKET_PROTOCOL));
    }

    #[test]
    fn protocols() {
        for (offered, chosen, expected) in [
            ("chat, superchat", None, Some("chat")),
            (" , v2 ,", None, Some("v2")),
            ("chat", Some("other"), Some("other")),
            ("a b", None, None),
            (",", None, None),
            ("chat", Some("bad\n"), Some("chat")),
        ] {
            let headers = headers(&[
                ("sec-websocket-version", "13"),
                ("sec-websocket-key", KEY),
                ("sec-websocket-protocol", offered),
            ]);
            let handshake = Handshake::check(&Method::GET, Version::HTTP_11, &headers).unwrap();
            let response = handshake.accept(chosen);
            let protocol = response.headers().get(SEC_WEBSOCKET_PROTOCOL);
            assert_eq!(protocol.map(|value| value.to_str().unwrap()), expected, "{offered}");
        }
    }

    #[test]
    fn what_is_refused() {
        let version = ("sec-websocket-version", "13");
        let status = |method, http, pairs: &[(&'static str, &str)]| {
            Handshake::check(method, http, &headers(pairs)).map_err(|error| error.status().as_u16())
        };
        let key = ("sec-websocket-key", KEY);
        let v11 = Version::HTTP_11;
        assert!(status(&Method::GET, v11, &[version, key]).is_ok());
        assert_eq!(status(&Method::POST, v11, &[version, key]), Err(400));
        assert_eq!(status(&Method::GET, Version::HTTP_10, &[version, key]), Err(400));
        assert_eq!(status(&Method::GET, v11, &[key]), Err(400));
        let old = ("sec-websocket-version", "8");
        assert_eq!(status(&Method::GET, v11, &[old, key]), Err(426));
        assert_eq!(status(&Method::GET, v11, &[version]), Err(400));
        for bad in ["", "short", "dGhlIHNhbXBsZSBub25jZQ=!", "dGhlIHNhbXBsZSBub25jZSE="] {
            assert_eq!(
                status(&Method::GET, v11, &[version, ("sec-websocket-key", bad)]),
                Err(400),
                "{bad}"
            );
        }
    }

    #[test]
    fn upgrade_header_alone_decides() {
        assert!(is_websocket(&headers(&[("upgrade", "WebSocket")])));
        assert!(!is_websocket(&headers(&[("upgrade", "h2c")])));
        assert!(!is_websocket(&headers(&[("connection", "upgrade")])));
    }
}
