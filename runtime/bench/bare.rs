//! A server without JavaScript on one thread: what tokio and tungstenite alone can do, the
//! practical limit.
//!
//! `/parties/fanout/…` gives each message to everyone in that room, every other path echoes;
//! requests that are no upgrade get 1, 2, 3, … per path, as the party `http` of `bench/project`
//! answers. Nothing is stored. Used by `scripts/bench` and nobody else. A client that breaks the
//! protocol loses its connection.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::Rc;

use bytes::Bytes;
use futures::stream::{SplitSink, StreamExt};
use futures::{SinkExt, future};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Mutex;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::BenchError;

/// The head of a request is looked at this far to tell an upgrade, in bytes; clients send it in one
/// piece.
const PEEK_BYTES: usize = 1024;

/// Clients that may wait to be accepted: more than come at once in a measurement.
const BACKLOG: u32 = 4096;

type Sink = Rc<Mutex<SplitSink<WebSocketStream<TcpStream>, Message>>>;
type Room = Rc<RefCell<Vec<(u64, Sink)>>>;

#[derive(Default)]
struct House {
    rooms: RefCell<HashMap<String, Room>>,
    requests: RefCell<HashMap<String, u64>>,
    connections: Cell<u64>,
}

/// Serves until the process ends; says where on stdout, as the host does with `--json`.
pub fn serve(port: u16) -> Result<(), BenchError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(BenchError::io("start the server"))?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let listener = listen(port).map_err(BenchError::io(format!("listen on port {port}")))?;
        let port = listener.local_addr().map_err(BenchError::io("listen"))?.port();
        println!("{}", serde_json::json!({ "event": "ready", "port": port }));
        let house = Rc::new(House::default());
        loop {
            let (stream, _) = listener.accept().await.map_err(BenchError::io("accept"))?;
            tokio::task::spawn_local(connection(stream, house.clone()));
        }
    })
}

fn listen(port: u16) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    socket.listen(BACKLOG)
}

async fn connection(stream: TcpStream, house: Rc<House>) {
    let mut head = [0; PEEK_BYTES];
    let (Ok(()), Ok(length)) = (stream.set_nodelay(true), stream.peek(&mut head).await) else {
        return;
    };
    // A client that goes away in the middle, or breaks the protocol, is no news.
    if head[..length].to_ascii_lowercase().windows(18).any(|at| at == b"upgrade: websocket") {
        let _ = socket(stream, &house).await;
    } else {
        let service = service_fn(|request| future::ready(answer(&request, &house)));
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }
}

fn answer(
    request: &hyper::Request<hyper::body::Incoming>,
    house: &House,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let mut requests = house.requests.borrow_mut();
    let path = request.uri().path();
    if !requests.contains_key(path) {
        requests.insert(path.to_owned(), 0);
    }
    let mut body = String::new();
    if let Some(count) = requests.get_mut(path) {
        *count += 1;
        body = count.to_string();
    }
    Ok(hyper::Response::new(Full::new(body.into())))
}

// The callback's error is as large as tungstenite wants it; it is never made.
#[allow(clippy::result_large_err)]
async fn socket(stream: TcpStream, house: &House) -> Result<(), Error> {
    let mut path = String::new();
    let callback = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        path = request.uri().path().to_owned();
        Ok(response)
    };
    let socket = tokio_tungstenite::accept_hdr_async(stream, callback).await?;
    if path.starts_with("/parties/fanout/") {
        let room = house.rooms.borrow_mut().entry(path).or_default().clone();
        let number = house.connections.replace(house.connections.get() + 1);
        let (sink, mut messages) = socket.split();
        room.borrow_mut().push((number, Rc::new(Mutex::new(sink))));
        while let Some(Ok(message)) = messages.next().await {
            if message.is_text() {
                broadcast(&room, &message).await;
            }
        }
        room.borrow_mut().retain(|(other, _)| *other != number);
        return Ok(());
    }
    let (mut sink, mut messages) = socket.split();
    while let Some(message) = messages.next().await {
        let message = message?;
        if message.is_text() {
            sink.send(message).await?;
        }
    }
    Ok(())
}

/// To all, one after the other; the payload is shared.
async fn broadcast(room: &Room, message: &Message) {
    let sinks: Vec<Sink> = room.borrow().iter().map(|(_, sink)| sink.clone()).collect();
    for sink in sinks {
        // One that has gone is taken out by its own task.
        let _ = sink.lock().await.send(message.clone()).await;
    }
}
