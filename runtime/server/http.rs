//! HTTP as hyper has it, and requests and responses as rooms have them: the conversions between the
//! two, and the one table that maps what the edge refuses to statuses.
//!
//! Used by `answer`. Bodies never pile up: a small one is read whole, any other streams through a
//! bounded channel whose sender waits, and either end going away ends the other; the room is told
//! of a client that leaves in the middle (`Departure`). Nothing a party
//! puts into a response can break the framing of the connection: lengths and hop-by-hop headers are
//! ours.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, SEC_WEBSOCKET_VERSION, TE,
    TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::ext::ReasonPhrase;
use tokio::sync::mpsc;

use super::EdgeSettings;
use super::route::TargetError;
use crate::limits::{BODY_CHUNKS_MAX, BODY_WHOLE_MAX};
use crate::name::RoomKey;
use crate::room::directory::Directory;
use crate::room::event::{Body, BodyError, BodyReader, BodyWriter, Event, Response, Visit};

/// Why a request is not answered by a party. The text goes to the client.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("Party {0} not found")]
    UnknownParty(String),
    #[error("No party found in request url")]
    NoParty,
    #[error("No onRequest handler")]
    NoRequestHandler,
    #[error(".{0} must be a function")]
    NotAFunction(&'static str),
    #[error("Not found")]
    NotFound,
    #[error("this port speaks TLS: use https:// or wss://")]
    PlainText,
    #[error("bad WebSocket handshake: {0}")]
    Handshake(&'static str),
    #[error("this host speaks version 13 of the WebSocket protocol")]
    HandshakeVersion,
    #[error("the party answered with a WebSocket, but the request was not an upgrade")]
    NotAnUpgrade,
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error("a request needs exactly one Host header")]
    Host,
    #[error("the request body is larger than {0} bytes")]
    BodyTooLarge(u64),
    #[error("the request body did not arrive in time")]
    BodyLate,
    #[error("the request body broke off")]
    BodyBroken,
    #[error(
        "/__scheduled__ answers requests from this machine only; \
         the host's settings can allow others"
    )]
    CronUrl,
    #[error("the host has reached its limit of {0} open connections; try again later")]
    Crowded(usize),
    #[error("the host is shutting down")]
    Gone,
    #[error("the party's answer does not fit the request")]
    Unfitting,
    /// What a party said, in its own words.
    #[error("{message}")]
    Party { status: u16, message: String },
}

impl Refusal {
    /// The one table from errors to statuses.
    pub fn status(&self) -> StatusCode {
        match self {
            Refusal::UnknownParty(_) | Refusal::NotFound => StatusCode::NOT_FOUND,
            Refusal::NoParty
            | Refusal::NoRequestHandler
            | Refusal::NotAFunction(_)
            | Refusal::NotAnUpgrade
            | Refusal::Unfitting => StatusCode::INTERNAL_SERVER_ERROR,
            Refusal::PlainText
            | Refusal::Handshake(_)
            | Refusal::Target(_)
            | Refusal::Host
            | Refusal::BodyBroken => StatusCode::BAD_REQUEST,
            Refusal::HandshakeVersion => StatusCode::UPGRADE_REQUIRED,
            Refusal::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::BodyLate => StatusCode::REQUEST_TIMEOUT,
            Refusal::CronUrl => StatusCode::FORBIDDEN,
            Refusal::Crowded(_) | Refusal::Gone => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Party { status, .. } => final_status(*status),
        }
    }

    pub fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        let plain = HeaderValue::from_static("text/plain;charset=UTF-8");
        headers.insert(CONTENT_TYPE, plain);
        if matches!(self, Refusal::HandshakeVersion) {
            headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        }
        let status = self.status().as_u16();
        let text = self.to_string();
        let body = if text.is_empty() { Body::Empty } else { Body::Full(text.into()) };
        Response { status, reason: None, headers, body }
    }
}

/// A status that may end a request; anything else a party gives is its mistake.
fn final_status(status: u16) -> StatusCode {
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| (200..=599).contains(&status.as_u16()))
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The request's body, small ones whole.
pub async fn take_body(body: Incoming, settings: &EdgeSettings) -> Result<Body, Refusal> {
    if body.is_end_stream() {
        return Ok(Body::Empty);
    }
    match body.size_hint().exact() {
        Some(length) if length > settings.body_bytes_max => {
            Err(Refusal::BodyTooLarge(settings.body_bytes_max))
        }
        Some(length) if length <= BODY_WHOLE_MAX as u64 => {
            let whole = tokio::time::timeout(settings.body_patience, body.collect());
            let whole = whole.await.map_err(|_| Refusal::BodyLate)?;
            Ok(Body::Full(whole.map_err(|_| Refusal::BodyBroken)?.to_bytes()))
        }
        _ => {
            let (writer, reader) = mpsc::channel(BODY_CHUNKS_MAX);
            tokio::spawn(pump(body, writer, settings.body_bytes_max, settings.body_patience));
            Ok(Body::Stream(reader))
        }
    }
}

/// Moves a body from the connection to the room, as fast as the room reads.
async fn pump(mut body: Incoming, writer: BodyWriter, bytes_max: u64, patience: Duration) {
    let mut total = 0;
    loop {
        let frame = tokio::select! {
            frame = tokio::time::timeout(patience, body.frame()) => frame,
            // The room is not interested.
            () = writer.closed() => return,
        };
        let chunk = match frame {
            Err(_) => Err(Refusal::BodyLate),
            Ok(None) => return,
            Ok(Some(Err(_))) => Err(Refusal::BodyBroken),
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(bytes) => {
                    total += bytes.len() as u64;
                    if total > bytes_max {
                        Err(Refusal::BodyTooLarge(bytes_max))
                    } else {
                        Ok(bytes)
                    }
                }
                // Trailers have no place in a fetch request.
                Err(_) => continue,
            },
        };
        let last = chunk.is_err();
        let chunk = chunk.map_err(|refusal| BodyError(refusal.to_string()));
        if writer.send(chunk).await.is_err() || last {
            return;
        }
    }
}

/// What hyper sends as a body.
#[derive(Debug)]
pub enum EdgeBody {
    Empty,
    Full(Bytes),
    Stream(Streamed),
}

/// A body on its way from a room, or from a file, to a client.
#[derive(Debug)]
pub struct Streamed {
    reader: BodyReader,
    /// Bytes that are still to come, where a length was promised.
    left: Option<u64>,
    /// Dropped before the end of the body, it tells the room.
    departure: Option<Departure>,
}

impl Streamed {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let chunk = ready!(self.reader.poll_recv(cx));
        if let (Some(left), Some(Ok(chunk))) = (&mut self.left, &chunk) {
            *left = left.saturating_sub(chunk.len() as u64);
        }
        // hyper does not ask again after the last byte of a promised length.
        if chunk.as_ref().is_none_or(Result::is_err) || self.left == Some(0) {
            Departure::cancel(self.departure.take());
        }
        Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)))
    }
}

/// Tells a room, when dropped, that the client of a visit has left before its answer was complete.
pub struct Departure(Option<(Directory, RoomKey, Visit)>);

impl Departure {
    pub fn new(directory: Directory, room: RoomKey, visit: Visit) -> Self {
        Self(Some((directory, room, visit)))
    }

    /// The client stayed to the end: nothing is to be told.
    pub fn cancel(departure: Option<Self>) {
        if let Some(mut departure) = departure {
            departure.0 = None;
        }
    }
}

impl std::fmt::Debug for Departure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Departure")
            .field(&self.0.as_ref().map(|(_, room, visit)| (room, visit)))
            .finish()
    }
}

impl Drop for Departure {
    fn drop(&mut self) {
        if let Some((directory, room, visit)) = self.0.take() {
            // An error means that the host is going down, and the room with it.
            let _ = directory.deliver(room, Event::Left { visit });
        }
    }
}

impl HttpBody for EdgeBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut *self {
            EdgeBody::Empty => Poll::Ready(None),
            EdgeBody::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = EdgeBody::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            EdgeBody::Stream(streamed) => streamed.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, EdgeBody::Empty)
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            EdgeBody::Empty => SizeHint::with_exact(0),
            EdgeBody::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            EdgeBody::Stream(_) => SizeHint::default(),
        }
    }
}

/// A room's response as it goes on the wire. `departure` waits for the end of a streamed body.
pub fn into_hyper(
    method: &Method,
    response: Response,
    departure: Option<Departure>,
) -> hyper::Response<EdgeBody> {
    let Response { status, reason, mut headers, body } = response;
    let status = final_status(status);
    for name in [CONNECTION, TRANSFER_ENCODING, UPGRADE, TE, TRAILER] {
        // `Upgrade` in a 426 is part of the answer.
        if name != UPGRADE || status != StatusCode::UPGRADE_REQUIRED {
            headers.remove(name);
        }
    }
    headers.remove(HeaderName::from_static("keep-alive"));
    headers.remove(HeaderName::from_static("proxy-connection"));
    let body = match body {
        Body::Empty => EdgeBody::Empty,
        Body::Full(bytes) if bytes.is_empty() => EdgeBody::Empty,
        Body::Full(bytes) => EdgeBody::Full(bytes),
        Body::Stream(reader) => EdgeBody::Stream(Streamed { reader, left: None, departure }),
    };
    let body = frame_length(method, status, &mut headers, body);
    let mut converted = hyper::Response::new(body);
    *converted.status_mut() = status;
    *converted.headers_mut() = headers;
    let given = reason.filter(|reason| !reason.is_empty());
    let phrase = given.and_then(|given| ReasonPhrase::try_from(given).ok());
    if let Some(phrase) = phrase.or_else(|| class_phrase(status).map(ReasonPhrase::from_static)) {
        converted.extensions_mut().insert(phrase);
    }
    converted
}

/// The words for a status that has none of its own: those of its class, as PartyKit has them.
fn class_phrase(status: StatusCode) -> Option<&'static [u8]> {
    if status.canonical_reason().is_some() {
        return None;
    }
    match status.as_u16() / 100 {
        2 => Some(b"Successful"),
        3 => Some(b"Redirection"),
        4 => Some(b"Client Error"),
        5 => Some(b"Server Error"),
        _ => Some(b""),
    }
}

/// Makes `Content-Length` and body agree; drops a body where HTTP has none.
fn frame_length(
    method: &Method,
    status: StatusCode,
    headers: &mut HeaderMap,
    mut body: EdgeBody,
) -> EdgeBody {
    let declared = declared_length(headers);
    headers.remove(CONTENT_LENGTH);
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        return EdgeBody::Empty;
    }
    let known = match &body {
        EdgeBody::Full(bytes) => Some(bytes.len() as u64),
        EdgeBody::Stream(_) => declared,
        EdgeBody::Empty => None,
    };
    if method == Method::HEAD {
        // What a GET would have got.
        if let Some(length) = known.or(declared) {
            headers.insert(CONTENT_LENGTH, length.into());
        }
        return EdgeBody::Empty;
    }
    if let (EdgeBody::Stream(streamed), Some(length)) = (&mut body, known) {
        streamed.left = Some(length);
        headers.insert(CONTENT_LENGTH, length.into());
    }
    body
}

/// The length a party declares, if it is one.
fn declared_length(headers: &HeaderMap) -> Option<u64> {
    let mut values = headers.get_all(CONTENT_LENGTH).iter().map(|value| {
        let digits = value.to_str().ok()?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    });
    let first = values.next()??;
    values.all(|other| other == Some(first)).then_some(first)
}
