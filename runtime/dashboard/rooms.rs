//! `GET rooms`: what lives on all shards, and what is only stored.
//!
//! Rooms that live are asked for, put into order and cut into pages here; their memory is asked for
//! when the page is known. A shard that does not answer in time is shown as it was seen last, and the
//! room that keeps it busy as busy.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::PoisonError;
use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};

use super::Dashboard;
use super::reply::{Problem, Query, ms};
use crate::name::RoomKey;
use crate::room::survey::{Heap, Question, RoomReport, State};
use crate::storage::{AlarmRow, KEYS_COUNTED_MAX, StoredRoom, Which};

/// Rooms whose last activity is that close, in ms, count as active at the same time.
const ACTIVE_STEP_MS: i64 = 5_000;

/// A room as the dashboard shows it.
pub struct Shown {
    pub report: RoomReport,
    /// How long the turn lasts that it is in, if that is remarkable.
    pub stuck: Option<Duration>,
    /// Its shard has not answered: all this is from before.
    pub stale: bool,
}

/// What the shards say.
pub struct Survey {
    pub rooms: Vec<Shown>,
    /// Rooms that keep a shard busy.
    pub busy: Vec<(RoomKey, Duration)>,
}

impl Survey {
    pub fn busy_json(&self) -> Vec<Value> {
        let busy = self.busy.iter().map(|(room, time)| {
            json!({ "party": &*room.party, "id": room.id().map(|id| &**id), "time": ms(*time) })
        });
        busy.collect()
    }
}

pub fn state_name(state: State) -> &'static str {
    match state {
        State::Starting => "starting",
        State::Running => "running",
        State::Hibernated => "hibernated",
        State::Asleep => "asleep",
    }
}

pub fn heap_json(heap: Heap) -> Value {
    json!({ "used": heap.used, "total": heap.total, "buffers": heap.buffers })
}

pub fn alarm_json(alarm: AlarmRow) -> Value {
    json!({ "scheduledAt": alarm.scheduled_ms, "dueAt": alarm.due_ms, "retry": alarm.retry })
}

/// A room of which nothing is known but that its turn lasts long.
fn unknown(room: RoomKey, stuck: Duration) -> Shown {
    let report = RoomReport {
        room,
        state: State::Running,
        connections: 0,
        inbox: 0,
        turns: 0,
        busy: stuck,
        since_ms: 0,
        active_ms: 0,
        heap: None,
    };
    Shown { report, stuck: Some(stuck), stale: true }
}

impl Shown {
    pub fn json(&self, heap: Option<Heap>) -> Value {
        let report = &self.report;
        let known = |ms: i64| (ms != 0).then_some(ms);
        json!({
            "party": &*report.room.party,
            "id": report.room.id().map(|id| &**id),
            "state": state_name(report.state),
            "connections": report.connections,
            "inbox": report.inbox,
            "turns": report.turns,
            "time": ms(report.busy),
            "sinceAt": known(report.since_ms),
            "activeAt": known(report.active_ms),
            "heap": report.heap.or(heap).map(heap_json),
            "stuck": self.stuck.map(ms),
            "stale": self.stale,
        })
    }
}

pub fn stored_json(stored: &StoredRoom) -> Value {
    json!({
        "party": &*stored.room.party,
        "id": stored.room.id().map(|id| &**id),
        "keys": stored.keys.min(KEYS_COUNTED_MAX),
        "moreKeys": stored.keys > KEYS_COUNTED_MAX,
        "alarm": stored.alarm.map(alarm_json),
    })
}

impl Dashboard {
    /// Every room and lobby.
    pub(super) async fn survey(&self, heaps: bool) -> Result<Survey, Problem> {
        let answers = self.ask_all(|reply| Question::Rooms { heaps, reply }).await?;
        let mut survey = Survey { rooms: Vec::new(), busy: Vec::new() };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for (shard, answer) in answers.into_iter().enumerate() {
            let Some(seen) = seen.get_mut(shard) else { continue };
            if let Some(reports) = answer {
                seen.rooms.clone_from(&reports);
                let shown = |report| Shown { report, stuck: None, stale: false };
                survey.rooms.extend(reports.into_iter().map(shown));
                continue;
            }
            let running = self.host.running(shard);
            let mut found = false;
            for report in &seen.rooms {
                let mut shown = Shown { report: report.clone(), stuck: None, stale: true };
                if let Some((room, time)) = &running
                    && *room == report.room
                {
                    shown.stuck = Some(*time);
                    found = true;
                }
                survey.rooms.push(shown);
            }
            if let Some((room, time)) = running {
                if !found {
                    survey.rooms.push(unknown(room.clone(), time));
                }
                survey.busy.push((room, time));
            }
        }
        Ok(survey)
    }

    pub(super) async fn list_rooms(&self, query: &Query) -> Result<Value, Problem> {
        match query.get("state") {
            None | Some("live") => self.list_live(query).await,
            Some("stored") => self.list_stored(query).await,
            Some(other) => {
                Err(Problem::bad(format!("`state` is `live` or `stored`, not `{other}`")))
            }
        }
    }

    async fn list_live(&self, query: &Query) -> Result<Value, Problem> {
        let sort = query.get("sort").unwrap_or("name");
        let Survey { mut rooms, busy } = self.survey(sort == "heap").await?;
        let (party, search) = (query.get("party"), query.get("search"));
        rooms.retain(|shown| {
            let room = &shown.report.room;
            let Some(id) = room.id() else { return false };
            party.is_none_or(|party| *room.party == *party)
                && search.is_none_or(|search| id.contains(search))
        });
        order(&mut rooms, sort)?;
        let total = rooms.len();
        let (offset, limit) = (query.number("offset")?.unwrap_or(0), query.limit()?);
        let page: Vec<Shown> = rooms.into_iter().skip(offset).take(limit).collect();
        let heaps = if sort == "heap" { HashMap::new() } else { self.heaps(&page).await? };
        let rooms: Vec<Value> =
            page.iter().map(|shown| shown.json(heaps.get(&shown.report.room).copied())).collect();
        let busy = Survey { rooms: Vec::new(), busy }.busy_json();
        Ok(json!({ "total": total, "offset": offset, "rooms": rooms, "busy": busy }))
    }

    /// The memory of the rooms of a page.
    async fn heaps(&self, page: &[Shown]) -> Result<HashMap<RoomKey, Heap>, Problem> {
        let awake = page.iter().filter(|shown| {
            !shown.stale && matches!(shown.report.state, State::Running | State::Starting)
        });
        let mut shards: BTreeMap<usize, Vec<RoomKey>> = BTreeMap::new();
        for shown in awake {
            let room = &shown.report.room;
            shards.entry(self.host.shard_of(room)).or_default().push(room.clone());
        }
        let asked = shards
            .into_iter()
            .map(|(shard, rooms)| self.ask(shard, |reply| Question::Heaps { rooms, reply }));
        let answers: Vec<_> = asked.collect::<Result<_, _>>()?;
        Ok(join_all(answers).await.into_iter().flatten().flatten().collect())
    }

    async fn list_stored(&self, query: &Query) -> Result<Value, Problem> {
        let limit = query.limit()?;
        let after = query.get("after").map(|after| {
            // A party's name has no slash.
            let (party, id) = after.split_once('/').unwrap_or((after, ""));
            (party.to_owned(), id.to_owned())
        });
        let which = Which {
            party: query.get("party").map(str::to_owned),
            search: query.get("search").unwrap_or_default().to_owned(),
            after,
            limit: limit + 1,
        };
        let mut stored = self.look_up(move |catalogue| catalogue.rooms(&which)).await?;
        let more = stored.len() > limit;
        stored.truncate(limit);
        let next = stored.last().filter(|_| more).map(|last| last.room.to_string());
        let live: HashMap<RoomKey, State> = {
            let survey = self.survey(false).await?;
            survey.rooms.into_iter().map(|it| (it.report.room, it.report.state)).collect()
        };
        let rooms = stored.iter().map(|stored| {
            let mut value = stored_json(stored);
            value["state"] = live.get(&stored.room).map_or("stored", |it| state_name(*it)).into();
            value
        });
        Ok(json!({ "rooms": rooms.collect::<Vec<_>>(), "next": next }))
    }
}

/// Puts rooms into order; those that are equal in it, by name.
fn order(rooms: &mut [Shown], sort: &str) -> Result<(), Problem> {
    rooms.sort_unstable_by(|a, b| a.report.room.cmp(&b.report.room));
    let memory = |report: &RoomReport| report.heap.map_or(0, |heap| heap.total + heap.buffers);
    match sort {
        "name" => {}
        // Rooms that are all at work keep their places, so that one can click on them.
        "active" => rooms.sort_by_key(|it| Reverse(it.report.active_ms / ACTIVE_STEP_MS)),
        "connections" => rooms.sort_by_key(|it| Reverse(it.report.connections)),
        "turns" => rooms.sort_by_key(|it| Reverse(it.report.turns)),
        "time" => rooms.sort_by_key(|it| Reverse(it.report.busy)),
        "inbox" => rooms.sort_by_key(|it| Reverse(it.report.inbox)),
        "heap" => rooms.sort_by_key(|it| Reverse(memory(&it.report))),
        other => {
            return Err(Problem::bad(format!(
                "`sort` is name, active, connections, turns, time, inbox or heap, not `{other}`"
            )));
        }
    }
    // What is stuck is what one looks for.
    rooms.sort_by_key(|it| it.stuck.is_none());
    Ok(())
}
