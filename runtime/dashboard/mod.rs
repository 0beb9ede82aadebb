//! The dashboard at `/__houseparty__/`: what the host does, for the person who runs it.
//!
//! The edge hands over every request below the paths that `claims` names; `node` builds the
//! `Dashboard` and gives it a `Host`, through which it asks shards, store, crons and log. It owns no
//! room and runs no party code. While nobody looks, it costs the host a bounded log in memory and
//! nothing else. Who may come in is decided in `access.rs`, before anything else happens.
//!
//! # API
//!
//! JSON below `/__houseparty__/api/`, for the page (js/dashboard) and for scripts. A room is named by
//! the query parameters `party` and `id`, decoded once: `id` is then the raw id, as in the room's
//! URL, so a percent sign in it is sent as `%25`. Whatever changes something wants the header
//! `X-Houseparty: 1`, with any value. Errors are `{"error": text}` with a fitting status: 400 for
//! what makes no sense, 403 for who may not come in, 404, 405, 409 if the room is in the way, 412 if
//! a value has changed meanwhile, 413, 503 if a shard is busy for too long or the host stops. Times
//! are milliseconds since the epoch if their name ends in `At`, else durations in milliseconds.
//!
//! | | |
//! | --- | --- |
//! | `GET host` | version, figures of the process and the store, parties, crons |
//! | `GET rooms` | rooms that live. `party`, `search` (part of the id), `sort`, `offset`, `limit` |
//! | `GET rooms?state=stored` | rooms that have stored something. `after` is the last answer's `next` |
//! | `GET room` | one room with its connections (`offset`, `limit`) and its alarm |
//! | `POST room/restart` | gives its isolate back; with `force=1` also in the middle of its work |
//! | `POST room/close` | closes the connection `socket`, with `code` and `reason` |
//! | `GET storage` | keys and values in order. `prefix`, `limit`; `after` as above |
//! | `GET storage/value` | one `key`: its JSON, and a `tag` that changes with it |
//! | `PUT storage/value` | stores the body, JSON, under `key`. `If-Match: tag` and `If-None-Match: *` as in HTTP |
//! | `DELETE storage/value` | deletes the key; also with `If-Match` |
//! | `PUT alarm`, `DELETE alarm`, `POST alarm/ring` | sets the alarm to `at`, deletes it, lets it ring now |
//! | `POST cron` | runs the cron `name` now; the answer is what the party answered |
//! | `GET log` | what was logged lately, after the line with the number `since`; and `party` and `id` for one room |
//! | `GET events` | the same as a stream of events, while they change; see `stream.rs` |
//!
//! `sort` is `name`, `active`, `connections`, `turns`, `time`, `inbox` or `heap`; `time` of a room is
//! what its shard has spent in its turns.
//!
//! ```text
//! curl http://127.0.0.1:1999/__houseparty__/api/rooms
//! curl -X POST -H 'X-Houseparty: 1' '…/api/room/restart?party=main&id=lobby'
//! ```

mod access;
mod alarm;
mod figures;
mod host;
mod log;
mod page;
mod process;
mod reply;
mod room;
mod rooms;
mod stream;
mod values;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use http::Method;
use tokio::sync::{oneshot, watch};

pub use self::access::Audience;
pub use self::host::{Cron, CronAnswer, Host, Words};
pub use self::log::{Answered, Log};
use self::reply::{Problem, Query};
use crate::clock::now_ms;
use crate::name::RoomKey;
use crate::room::event::{Request, Response};
use crate::room::survey::{NotAsked, Question, RoomReport};
use crate::storage::{Catalogue, StoreError};

/// The bounds of this module.
mod limits {
    use std::time::Duration;

    /// How long a shard may take to answer; one that is busy for longer is shown as busy.
    pub const SHARD_PATIENCE: Duration = Duration::from_millis(500);

    /// How long a change may take until it is durable. A turn may run for ten seconds.
    pub const CHANGE_PATIENCE: Duration = Duration::from_secs(12);

    /// How long a cron that was started by hand may take until the answer does without its outcome.
    pub const CRON_PATIENCE: Duration = Duration::from_secs(30);

    /// Rows of one answer.
    pub const ROWS_DEFAULT: usize = 50;
    pub const ROWS_MAX: usize = 500;

    /// Largest value that is shown in a list of keys, in bytes.
    pub const PREVIEW_BYTES_MAX: usize = 8 << 10;

    /// Largest request body, in bytes: JSON is longer than what is stored of it.
    pub const BODY_BYTES_MAX: usize = 8 << 20;

    /// Longest key, in bytes (js/storage.js).
    pub const KEY_BYTES_MAX: usize = 2048;

    /// Streams of events at a time: each asks the shards once a second.
    pub const STREAMS_MAX: usize = 32;
}

/// What a shard said last.
#[derive(Default)]
struct Seen {
    rooms: Vec<RoomReport>,
}

pub struct Dashboard {
    host: Arc<dyn Host>,
    audience: Audience,
    /// Where the host listens.
    address: SocketAddr,
    log: Arc<Log>,
    began_ms: i64,
    catalogue: Arc<Mutex<Option<Catalogue>>>,
    seen: Mutex<Vec<Seen>>,
    process: process::Process,
    streams: AtomicUsize,
    stopping: watch::Sender<bool>,
}

impl Dashboard {
    pub fn new(
        host: Arc<dyn Host>,
        audience: Audience,
        address: SocketAddr,
        log: Arc<Log>,
    ) -> Self {
        let seen = (0..host.shards()).map(|_| Seen::default()).collect();
        Self {
            host,
            audience,
            address,
            log,
            began_ms: now_ms(),
            catalogue: Arc::default(),
            seen: Mutex::new(seen),
            process: process::Process::default(),
            streams: AtomicUsize::new(0),
            stopping: watch::Sender::new(false),
        }
    }

    /// Whether a path is the dashboard's. The rest below `/__houseparty__/` belongs to others.
    pub fn claims(path: &str) -> bool {
        let Some(rest) = path.strip_prefix("/__houseparty__") else { return false };
        matches!(rest, "" | "/") || rest.starts_with("/api/") || rest.starts_with("/app/")
    }

    /// Ends every stream: the host is about to stop.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Answers a request for one of its paths.
    pub async fn answer(self: Arc<Self>, request: Request) -> Response {
        let Ok(url) = url::Url::parse(&request.url) else {
            return Problem::bad("the address makes no sense").into_response();
        };
        let api = url.path().strip_prefix("/__houseparty__/api/");
        if let Err(problem) = access::admit(&request, &url, self.audience, self.address) {
            return match api {
                Some(_) => problem.into_response(),
                None => problem.into_text(),
            };
        }
        let Some(name) = api else { return page::answer(&request.method, url.path()) };
        let query = Query::new(&url);
        match self.api(name, &query, request).await {
            Ok(response) => response,
            Err(problem) => problem.into_response(),
        }
    }

    async fn api(
        self: Arc<Self>,
        name: &str,
        query: &Query,
        request: Request,
    ) -> Result<Response, Problem> {
        let method =
            if request.method == Method::HEAD { Method::GET } else { request.method.clone() };
        let known: &[Method] = match name {
            "host" | "rooms" | "room" | "storage" | "log" | "events" => &[Method::GET],
            "storage/value" => &[Method::GET, Method::PUT, Method::DELETE],
            "alarm" => &[Method::PUT, Method::DELETE],
            "room/restart" | "room/close" | "alarm/ring" | "cron" => &[Method::POST],
            _ => return Err(Problem::missing("the dashboard has no such address")),
        };
        if !known.contains(&method) {
            return Err(Problem::method(known));
        }
        match (name, &method) {
            ("host", _) => Ok(reply::json(&self.figures().await?)),
            ("rooms", _) => Ok(reply::json(&self.list_rooms(query).await?)),
            ("room", _) => Ok(reply::json(&self.show_room(query).await?)),
            ("storage", _) => self.list_storage(query).await,
            ("log", _) => Ok(reply::json(&self.log.read(query)?)),
            ("events", _) => self.stream(query),
            ("storage/value", &Method::GET) => self.show_value(query).await,
            ("storage/value", &Method::PUT) => self.put_value(query, request).await,
            ("storage/value", _) => self.delete_value(query, &request.headers).await,
            ("room/restart", _) => self.restart_room(query).await,
            ("room/close", _) => self.close_connection(query).await,
            ("alarm", &Method::PUT) => self.set_alarm(query).await,
            ("alarm", _) => self.delete_alarm(query).await,
            ("alarm/ring", _) => self.ring_alarm(query).await,
            _ => self.run_cron(query).await,
        }
    }

    /// Asks every shard. None for one that has no time to answer.
    async fn ask_all<T: Send + 'static>(
        &self,
        question: impl Fn(oneshot::Sender<T>) -> Question,
    ) -> Result<Vec<Option<T>>, Problem> {
        let shards = 0..self.host.shards();
        let answers: Vec<_> =
            shards.map(|shard| self.ask(shard, &question)).collect::<Result<_, _>>()?;
        Ok(join_all(answers).await)
    }

    /// Asks one shard. None: it has no time to answer.
    fn ask<T: Send + 'static>(
        &self,
        shard: usize,
        question: impl FnOnce(oneshot::Sender<T>) -> Question,
    ) -> Result<BoxFuture<'static, Option<T>>, Problem> {
        let (reply, answer) = oneshot::channel();
        match self.host.ask(shard, question(reply)) {
            Err(NotAsked::Stopping) => return Err(Problem::stopping()),
            // Nobody will answer.
            Ok(()) | Err(NotAsked::Crowded) => {}
        }
        let answer = tokio::time::timeout(limits::SHARD_PATIENCE, answer);
        Ok(async { answer.await.ok()?.ok() }.boxed())
    }

    /// Asks the shard of a room.
    async fn ask_about<T>(
        &self,
        room: &RoomKey,
        patience: Duration,
        question: impl FnOnce(oneshot::Sender<T>) -> Question,
    ) -> Result<T, Problem> {
        let shard = self.host.shard_of(room);
        let (reply, answer) = oneshot::channel();
        match self.host.ask(shard, question(reply)) {
            Ok(()) => {}
            Err(NotAsked::Stopping) => return Err(Problem::stopping()),
            Err(NotAsked::Crowded) => return Err(Problem::busy(self.host.running(shard))),
        }
        match tokio::time::timeout(patience, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(Problem::reset()),
            Err(_) => Err(Problem::busy(self.host.running(shard))),
        }
    }

    /// Reads what is stored, on a thread that may wait for the disk.
    async fn look_up<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Catalogue) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let (host, shared) = (self.host.clone(), self.catalogue.clone());
        let done = tokio::task::spawn_blocking(move || {
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let catalogue = match &*shared {
                Some(catalogue) => catalogue,
                None => shared.insert(host.catalogue()?),
            };
            read(catalogue)
        });
        match done.await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => Err(Problem::unavailable(error.to_string())),
            Err(_) => Err(Problem::stopping()),
        }
    }

    /// The room that a query names.
    fn room_of(&self, query: &Query) -> Result<RoomKey, Problem> {
        let party = query.need("party")?;
        let id = query.need("id")?;
        let parties = self.host.parties();
        if !parties.iter().any(|known| **known == *party) {
            let names = parties.join(", ");
            return Err(Problem::missing(format!(
                "there is no party `{party}`; there are: {names}"
            )));
        }
        if id.is_empty() {
            return Err(Problem::bad("`id` is the id of a room and not empty"));
        }
        Ok(RoomKey::room(party, id))
    }

    /// Takes a place for one more stream, given back when the value is dropped.
    fn take_stream(self: &Arc<Self>) -> Option<Place> {
        let taken = self.streams.fetch_add(1, Ordering::Relaxed);
        let place = Place(self.clone());
        (taken < limits::STREAMS_MAX).then_some(place)
    }
}

struct Place(Arc<Dashboard>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}
