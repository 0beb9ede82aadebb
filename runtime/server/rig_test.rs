//! What the tests of the edge share: a host whose rooms are a closure, and a client that writes
//! bytes.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::{EdgeSettings, Shape, Site, serve};
use crate::room::directory::{Delivery, Directory};
use crate::room::event::{Body, Event, Hook, Replier, Reply, Request, Response};

pub const DEADLINE: Duration = Duration::from_secs(20);

pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.unwrap_or_else(|_| panic!("no {what} in time"))
}

/// A running edge in front of made-up rooms.
pub struct Rig {
    pub address: SocketAddr,
    pub seen: Arc<Seen>,
    pub site: watch::Sender<Arc<Site>>,
    pub stop: Option<oneshot::Sender<()>>,
    pub served: JoinHandle<std::io::Result<()>>,
}

/// What reached the rooms, in order, in short.
#[derive(Default)]
pub struct Seen {
    lines: Mutex<Vec<String>>,
    changed: Notify,
}

impl Seen {
    fn note(&self, line: String) {
        self.lines.lock().unwrap().push(line);
        self.changed.notify_waiters();
    }

    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }

    pub async fn until(&self, wanted: &str) {
        soon(wanted, async {
            loop {
                let changed = self.changed.notified();
                if self.lines.lock().unwrap().iter().any(|line| line == wanted) {
                    return;
                }
                changed.await;
            }
        })
        .await;
    }
}

fn describe(delivery: &Delivery) -> String {
    let room = &delivery.room;
    match &delivery.event {
        Event::Request { .. } => format!("request {room}"),
        Event::Connect { .. } => format!("connect {room}"),
        Event::Hook { hook, room: Some(id), .. } => format!("{hook:?} {room} for {id}"),
        Event::Hook { hook, cron: Some(run), .. } => {
            format!("{hook:?} {room} {} {}", run.name, run.cron)
        }
        Event::Hook { hook, .. } => format!("{hook:?} {room}"),
        Event::Attach { socket, .. } => format!("attach {room} {}", socket.0),
        Event::Left { .. } => format!("left {room}"),
        Event::Abandon { socket } => format!("abandon {room} {}", socket.0),
        other => format!("{other:?}"),
    }
}

impl Rig {
    pub async fn new(
        site: Site,
        settings: EdgeSettings,
        rooms: impl FnMut(Delivery) + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, mut deliveries) = mpsc::unbounded_channel::<Delivery>();
        let seen = Arc::new(Seen::default());
        let note = seen.clone();
        let mut rooms = rooms;
        tokio::spawn(async move {
            while let Some(delivery) = deliveries.recv().await {
                let line = describe(&delivery);
                rooms(delivery);
                note.note(line);
            }
        });
        let (site, sites) = watch::channel(Arc::new(site));
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        let served =
            tokio::spawn(serve(listener, Directory::new(vec![sender]), sites, settings, shutdown));
        Self { address, seen, site, stop: Some(stop), served }
    }

    /// With default settings and the given parties.
    pub async fn parties(
        parties: &[(&str, Shape)],
        rooms: impl FnMut(Delivery) + Send + 'static,
    ) -> Self {
        Self::new(site(parties), EdgeSettings::default(), rooms).await
    }

    pub async fn connect(&self) -> TcpStream {
        soon("connection", TcpStream::connect(self.address)).await.unwrap()
    }

    /// Sends bytes, reads to the end of the connection.
    pub async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        // A reset after the answer is as good as an end.
        let _ = soon("end of connection", stream.read_to_end(&mut answer)).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub async fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let length = match body.len() {
            0 => String::new(),
            length => format!("Content-Length: {length}\r\n"),
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: Test.Local:99\r\nConnection: close\r\n\
             {headers}{length}\r\n{body}"
        );
        Answer::parse(&self.raw(request.as_bytes()).await)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", "").await
    }
}

pub struct Answer {
    pub status: u16,
    pub reason: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn parse(text: &str) -> Self {
        let (head, body) =
            text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {text:?}"));
        let mut lines = head.split("\r\n");
        let mut first = lines.next().unwrap().splitn(3, ' ');
        assert!(first.next().unwrap().starts_with("HTTP/1."));
        let status = first.next().unwrap().parse().unwrap();
        let reason = first.next().unwrap_or_default().to_owned();
        let headers: HeaderMap = lines
            .map(|line| {
                let (name, value) = line.split_once(": ").unwrap();
                let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
                (name, HeaderValue::from_str(value).unwrap())
            })
            .collect();
        let body = if headers.get("transfer-encoding").is_some_and(|it| it == "chunked") {
            unchunk(body)
        } else {
            body.to_owned()
        };
        Self { status, reason, headers, body }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn is(&self, status: u16, body: &str) {
        assert_eq!((self.status, self.body.as_str()), (status, body));
    }
}

fn unchunk(mut text: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = text.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return whole;
        }
        whole.push_str(&rest[..size]);
        text = &rest[size + 2..];
    }
    whole + "(broken off)"
}

pub fn site(parties: &[(&str, Shape)]) -> Site {
    let parties: HashMap<Arc<str>, Shape> =
        parties.iter().map(|(name, shape)| (Arc::from(*name), shape.clone())).collect();
    Site { parties, ..Site::default() }
}

pub fn with_request() -> Shape {
    Shape { on_request: true, ..Shape::default() }
}

pub fn respond(text: impl Into<String>) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("text/plain;charset=UTF-8"));
    let body = Body::Full(text.into().into());
    Reply::Response(Response { status: 200, reason: None, headers, body })
}

/// The parts of an event that wants an answer.
pub fn open(event: Event) -> Option<(Option<Hook>, Request, Replier)> {
    match event {
        Event::Request { request, reply } | Event::Connect { request, reply } => {
            Some((None, request, reply))
        }
        Event::Hook { hook, request, reply, .. } => Some((Some(hook), request, reply)),
        _ => None,
    }
}

/// Rooms that answer everything with the same kind of reply.
pub fn always(reply: impl Fn(Request) -> Reply + Send + 'static) -> impl FnMut(Delivery) + Send {
    move |delivery| {
        if let Some((_, request, replier)) = open(delivery.event) {
            let _ = replier.send(reply(request));
        }
    }
}

pub async fn read_body(body: Body) -> Result<Vec<u8>, String> {
    match body {
        Body::Empty => Ok(Vec::new()),
        Body::Full(bytes) => Ok(bytes.to_vec()),
        Body::Stream(mut reader) => {
            let mut whole = Vec::new();
            while let Some(chunk) = reader.recv().await {
                whole.extend_from_slice(&chunk.map_err(|error| error.to_string())?);
            }
            Ok(whole)
        }
    }
}
