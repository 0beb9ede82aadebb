//! `GET room` and what can be done to one: restart it, close a connection.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::reply::{self, Problem, Query};
use super::rooms::{Shown, alarm_json};
use super::{Dashboard, Words, limits};
use crate::limits::CLOSE_REASON_BYTES_MAX;
use crate::name::RoomKey;
use crate::room::connection::Phase;
use crate::room::event::{Response, SocketId};
use crate::room::survey::{Change, ConnectionReport, Link, Question, Refused, RoomDetail};

impl Dashboard {
    pub(super) async fn show_room(self: &Arc<Self>, query: &Query) -> Result<Value, Problem> {
        let room = self.room_of(query)?;
        let (skip, count) = (query.number("offset")?.unwrap_or(0), query.limit()?);
        let key = room.clone();
        let stored = self.look_up(move |catalogue| catalogue.room(&key)).await?;
        let asked = self
            .ask_about(&room, limits::SHARD_PATIENCE, |reply| Question::Room {
                room: room.clone(),
                skip,
                count,
                reply,
            })
            .await?;
        if asked.is_none() && stored.is_none() {
            return Err(Problem::missing(
                "there is no such room: it does not live, and it has stored nothing",
            ));
        }
        let mut value = match asked {
            Some(detail) => self.detail_json(detail, skip).await?,
            None => json!({
                "party": &*room.party,
                "id": room.id().map(|id| &**id),
                "state": "stored",
                "connections": 0,
                "list": [],
            }),
        };
        let keys = stored.as_ref().map_or(0, |stored| stored.keys);
        value["keys"] = keys.min(crate::storage::KEYS_COUNTED_MAX).into();
        value["moreKeys"] = (keys > crate::storage::KEYS_COUNTED_MAX).into();
        value["alarm"] = stored.and_then(|stored| stored.alarm).map_or(Value::Null, alarm_json);
        Ok(value)
    }

    async fn detail_json(&self, detail: RoomDetail, skip: usize) -> Result<Value, Problem> {
        let attachments: Vec<_> =
            detail.connections.iter().filter_map(|it| it.attachment.clone()).collect();
        let words = self.host.readable(attachments).await.unwrap_or_default();
        let mut words = words.into_iter();
        let mut list = Vec::with_capacity(detail.connections.len());
        for connection in &detail.connections {
            let state = if connection.attachment.is_some() { words.next() } else { None };
            list.push(connection_json(connection, state));
        }
        let shown = Shown { report: detail.report, stuck: None, stale: false };
        let mut value = shown.json(None);
        value["hibernates"] = detail.hibernates.into();
        value["rawSockets"] = detail.raw_sockets.into();
        value["timers"] = detail.timers.into();
        value["requests"] = detail.requests.into();
        value["section"] = detail.section.into();
        value["offset"] = skip.into();
        value["list"] = list.into();
        Ok(value)
    }

    /// Has something changed, and says so when it is durable.
    pub(super) async fn change(&self, room: &RoomKey, change: Change) -> Result<(), Problem> {
        let patience: Duration = limits::CHANGE_PATIENCE;
        let asked = self.ask_about(room, patience, |reply| Question::Change {
            room: room.clone(),
            change,
            reply,
        });
        asked.await?.map_err(|refused| {
            let status = match refused {
                Refused::NoConnection | Refused::NoAlarm => 404,
                Refused::Changed => 412,
                Refused::Asleep | Refused::Busy(_) => 409,
                Refused::Store(_) => 503,
            };
            Problem::new(status, refused.to_string())
        })
    }

    pub(super) async fn restart_room(&self, query: &Query) -> Result<Response, Problem> {
        let room = self.room_of(query)?;
        let force = query.get("force").is_some_and(|force| force != "0");
        self.change(&room, Change::Restart { force }).await?;
        Ok(reply::json(&json!({ "restarted": true })))
    }

    pub(super) async fn close_connection(&self, query: &Query) -> Result<Response, Problem> {
        let room = self.room_of(query)?;
        let Some(socket) = query.number("socket")? else {
            return Err(Problem::bad("`socket` is the number of a connection"));
        };
        let code = query.number::<u16>("code")?.unwrap_or(1000);
        if code != 1000 && !(3000..=4999).contains(&code) {
            return Err(Problem::bad("`code` is 1000 or from 3000 to 4999"));
        }
        let reason = query.get("reason").unwrap_or_default().to_owned();
        if reason.len() > CLOSE_REASON_BYTES_MAX {
            let most = CLOSE_REASON_BYTES_MAX;
            return Err(Problem::bad(format!("`reason` has at most {most} bytes")));
        }
        let change = Change::Close { socket: SocketId(socket), code, reason };
        self.change(&room, change).await?;
        Ok(reply::json(&json!({ "closed": true })))
    }
}

fn connection_json(connection: &ConnectionReport, state: Option<Words>) -> Value {
    let phase = match connection.phase {
        Phase::Connecting => "connecting",
        Phase::Open => "open",
        Phase::Closing => "closing",
    };
    let tags: Vec<&str> = connection.tags.iter().map(Arc::as_ref).collect();
    let mut value = json!({
        "socket": connection.socket.0,
        "id": &*connection.id,
        "uri": &*connection.uri,
        "tags": tags,
        "phase": phase,
        // JSON as text: numbers stay as they are written.
        "state": match state {
            Some(Words::Json { json, .. }) => Some(json),
            Some(Words::Unreadable(why)) => Some(format!("({why})")),
            None => None,
        },
    });
    match &connection.link {
        Link::Waiting => {}
        Link::Room(room) => value["room"] = room.to_string().into(),
        Link::Client { since_ms, received, sent, unread } => {
            value["sinceAt"] = (*since_ms).into();
            value["received"] = (*received).into();
            value["sent"] = (*sent).into();
            value["unread"] = (*unread).into();
        }
    }
    value
}
