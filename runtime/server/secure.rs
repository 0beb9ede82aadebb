//! HTTPS at the edge: the TLS handshake, and those who come without one.
//!
//! Used by `serve` for a port that has a certificate; on any other port nothing of this runs. After
//! the handshake a connection is served like a plain one. HTTP/1.1 only: ALPN offers nothing else,
//! because a WebSocket takes its whole connection with it to its room.
//!
//! Failure: whoever does not finish its handshake in `limits::HANDSHAKE_PATIENCE`, or sends what is
//! neither TLS nor HTTP, is cut off and touches nobody else. A request in plain HTTP, the most
//! common mistake, is told where to go.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::{HOST, HeaderValue, LOCATION};
use http::{HeaderMap, Method};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::http::{EdgeBody, Refusal, into_hyper};
use super::websocket::is_websocket;
use super::{Edge, RequestLog, limits, refuse, serve_http, tune};
use crate::room::event::{Body, Response};

/// Sends a browser from the plain address to the same one with https. Not for ever: the next
/// project on this port may be a plain one.
const REDIRECT: u16 = 307;

/// How a client begins.
enum Greeting {
    Secure(Box<TlsStream<TcpStream>>),
    /// With a request in plain text.
    Plain(TcpStream),
}

/// One client, until it leaves, becomes a WebSocket, or the host stops.
pub(super) async fn connection(
    edge: Arc<Edge>,
    config: Arc<ServerConfig>,
    stream: TcpStream,
    peer: SocketAddr,
    mut stopping: watch::Receiver<()>,
) {
    tune(&stream);
    let greeting = tokio::select! {
        greeting = timeout(limits::HANDSHAKE_PATIENCE, greet(config, stream)) => greeting,
        _ = stopping.changed() => return,
    };
    match greeting {
        Ok(Ok(Greeting::Secure(stream))) => serve_http(edge, *stream, peer, stopping).await,
        Ok(Ok(Greeting::Plain(stream))) => redirect(edge, stream).await,
        // Too late, or neither TLS nor HTTP. rustls has sent its alert if there was one to send.
        Ok(Err(_)) | Err(_) => {}
    }
}

/// Tells a client over the limit to come back later, if it shakes hands in time.
pub(super) async fn refuse_secure(edge: Arc<Edge>, config: Arc<ServerConfig>, stream: TcpStream) {
    let accepted = timeout(limits::REFUSAL_PATIENCE, TlsAcceptor::from(config).accept(stream));
    if let Ok(Ok(stream)) = accepted.await {
        refuse(edge, stream).await;
    }
}

async fn greet(config: Arc<ServerConfig>, stream: TcpStream) -> io::Result<Greeting> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    // A method is upper case; a TLS record begins with the number of its kind.
    if first[0].is_ascii_uppercase() {
        return Ok(Greeting::Plain(stream));
    }
    let stream = TlsAcceptor::from(config).accept(stream).await?;
    Ok(Greeting::Secure(Box::new(stream)))
}

/// Answers one request in plain text.
async fn redirect(edge: Arc<Edge>, stream: TcpStream) {
    let patience: Duration = edge.settings.head_patience + limits::REFUSAL_PATIENCE;
    let mut protocol = edge.protocol();
    protocol.keep_alive(false);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let began = Instant::now();
        let response = redirection(&request);
        if let Some(log) = &edge.settings.on_request {
            log(&RequestLog {
                method: request.method().clone(),
                path: request.uri().path().to_owned(),
                status: response.status().as_u16(),
                duration: began.elapsed(),
            });
        }
        std::future::ready(Ok::<_, std::convert::Infallible>(response))
    });
    let served = protocol.serve_connection(TokioIo::new(stream), service);
    // Errors are the client's, as on any connection.
    let _ = timeout(patience, served).await;
}

fn redirection(request: &hyper::Request<Incoming>) -> hyper::Response<EdgeBody> {
    let method = request.method();
    let location = location(request);
    let response = match location {
        Some(location) if method == Method::GET || method == Method::HEAD => {
            let headers = HeaderMap::from_iter([(LOCATION, location)]);
            Response { status: REDIRECT, reason: None, headers, body: Body::Empty }
        }
        // No client follows a redirect with what it has to send here.
        _ => Refusal::PlainText.into_response(),
    };
    into_hyper(method, response, None)
}

/// The same URL with https, if a page was asked for.
fn location(request: &hyper::Request<Incoming>) -> Option<HeaderValue> {
    if is_websocket(request.headers()) {
        return None;
    }
    let host = request.headers().get(HOST)?.to_str().ok()?;
    // What could end the authority early would lead to another host.
    let clean = |letter: char| letter.is_ascii_alphanumeric() || ".-_:[]".contains(letter);
    if host.is_empty() || !host.chars().all(clean) {
        return None;
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let path = if path.starts_with('/') { path } else { "/" };
    HeaderValue::try_from(format!("https://{host}{path}")).ok()
}
