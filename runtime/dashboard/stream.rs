//! `GET events`: what the dashboard shows, as server-sent events while it changes.
//!
//! The query says what is wanted: `host`, `rooms` (with the parameters of `GET rooms`), `room` (with
//! those of `GET room`), `log` (`since`; only the lines of a room if `party` and `id` name one). Each
//! gives events of its name with what the GET would answer, at once and then once a second if it is
//! not what was sent last; `log` gives `{lines, last, missed}` as lines come, some at a time. What
//! cannot be answered gives an event `problem` with `{of, error, …}`.
//!
//! One task for each stream, which ends with its client, with the host, or when the client reads
//! nothing for a while. Nothing is asked while nobody listens.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::reply::{self, Problem, Query};
use super::{Dashboard, Place, limits};
use crate::limits::BODY_CHUNKS_MAX;
use crate::name::RoomKey;
use crate::room::event::{Body, BodyWriter, Response};

/// How often changes are looked for.
const BEAT: Duration = Duration::from_secs(1);

/// Beats without a word after which a comment is sent, so that a client that is gone is noticed.
const SILENT_BEATS_MAX: u32 = 15;

/// How long a client may leave a full connection unread.
const READ_PATIENCE: Duration = Duration::from_secs(30);

/// Pause between two events of the log: lines that come in a burst are sent together.
const LOG_PAUSE: Duration = Duration::from_millis(50);

const TOPICS: [&str; 3] = ["host", "rooms", "room"];

/// A client that listens.
struct Listener {
    dashboard: Arc<Dashboard>,
    query: Query,
    writer: BodyWriter,
    /// What was sent last, for each topic.
    sent: HashMap<&'static str, String>,
    silent: u32,
    /// The number of the last line of the log that was sent.
    after: u64,
    room: Option<RoomKey>,
    _place: Place,
}

/// The client is gone.
struct Gone;

impl Dashboard {
    pub(super) fn stream(self: &Arc<Self>, query: &Query) -> Result<Response, Problem> {
        let after = query.number("since")?.unwrap_or(0);
        let room = match query.get("party").filter(|_| query.has("id")) {
            Some(_) => Some(self.room_of(query)?),
            None => None,
        };
        let Some(place) = self.take_stream() else {
            let most = limits::STREAMS_MAX;
            return Err(Problem::unavailable(format!("{most} dashboards are open already")));
        };
        let (writer, reader) = mpsc::channel(BODY_CHUNKS_MAX);
        let listener = Listener {
            dashboard: self.clone(),
            query: query.clone(),
            writer,
            sent: HashMap::new(),
            silent: 0,
            after,
            room,
            _place: place,
        };
        tokio::spawn(listener.run());
        let mut response = reply::json(&Value::Null);
        response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        response.body = Body::Stream(reader);
        Ok(response)
    }
}

impl Listener {
    async fn run(mut self) {
        let mut stopping = self.dashboard.stopping.subscribe();
        let mut grown = self.dashboard.log.listen();
        let wants_log = self.query.has("log");
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        if wants_log && self.send_log(true).await.is_err() {
            return;
        }
        while !*stopping.borrow_and_update() {
            let writer = self.writer.clone();
            let done = tokio::select! {
                () = writer.closed() => return,
                _ = stopping.changed() => return,
                _ = beat.tick() => self.look().await,
                changed = grown.changed(), if wants_log => {
                    if changed.is_err() {
                        return;
                    }
                    tokio::time::sleep(LOG_PAUSE).await;
                    grown.mark_unchanged();
                    self.send_log(false).await
                }
            };
            if done.is_err() {
                return;
            }
        }
    }

    /// Sends what has changed.
    async fn look(&mut self) -> Result<(), Gone> {
        for topic in TOPICS {
            if !self.query.has(topic) {
                continue;
            }
            let found = match topic {
                "host" => self.dashboard.figures().await,
                "rooms" => self.dashboard.list_rooms(&self.query).await,
                _ => self.dashboard.show_room(&self.query).await,
            };
            let (name, value) = match found {
                Ok(value) => (topic, value),
                Err(problem) => ("problem", problem.into_event(topic)),
            };
            let text = value.to_string();
            if self.sent.get(topic) != Some(&text) {
                self.send(name, &text).await?;
                self.sent.insert(topic, text);
            }
        }
        self.silent += 1;
        if self.silent > SILENT_BEATS_MAX {
            self.write(Bytes::from_static(b":\n\n")).await?;
        }
        Ok(())
    }

    async fn send_log(&mut self, first: bool) -> Result<(), Gone> {
        let most = limits::ROWS_MAX;
        let found = self.dashboard.log.excerpt(self.after, self.room.as_ref(), most);
        self.after = found.last;
        if found.lines.is_empty() && found.missed == 0 && !first {
            return Ok(());
        }
        let value = json!({ "lines": found.lines, "last": found.last, "missed": found.missed });
        self.send("log", &value.to_string()).await
    }

    /// JSON has no line breaks of its own, so an event is one line.
    async fn send(&mut self, name: &str, json: &str) -> Result<(), Gone> {
        self.write(format!("event: {name}\ndata: {json}\n\n").into()).await
    }

    async fn write(&mut self, bytes: Bytes) -> Result<(), Gone> {
        self.silent = 0;
        match timeout(READ_PATIENCE, self.writer.send(Ok(bytes))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }
}
