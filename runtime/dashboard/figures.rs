//! `GET host`: figures of the process, the store and the rooms together; parties and crons.
//!
//! Counters go up as long as the host runs. Whoever wants rates asks twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::reply::{self, Problem, Query, ms};
use super::{Dashboard, limits};
use crate::room::event::Response;
use crate::room::survey::{RoomReport, State};

/// What the rooms of one party add up to.
#[derive(Default)]
struct Sum {
    awake: usize,
    hibernated: usize,
    connections: usize,
    inbox: usize,
    turns: u64,
}

impl Sum {
    fn add(&mut self, report: &RoomReport) {
        match report.state {
            State::Starting | State::Running => self.awake += 1,
            State::Hibernated => self.hibernated += 1,
            State::Asleep => {}
        }
        self.connections += report.connections;
        self.inbox += report.inbox;
        self.turns += report.turns;
    }

    fn json(&self) -> Value {
        json!({
            "awake": self.awake,
            "hibernated": self.hibernated,
            "connections": self.connections,
            "inbox": self.inbox,
            "turns": self.turns,
        })
    }
}

impl Dashboard {
    pub(super) async fn figures(self: &Arc<Self>) -> Result<Value, Problem> {
        let shards = self.survey(false).await?;
        let mut all = Sum::default();
        let mut of_party: BTreeMap<Arc<str>, Sum> = BTreeMap::new();
        let parties = self.host.parties();
        let mut lobbies: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        for shown in &shards.rooms {
            if shown.report.room.is_lobby() {
                lobbies.insert(shown.report.room.party.clone(), shown.json(None));
                continue;
            }
            all.add(&shown.report);
            of_party.entry(shown.report.room.party.clone()).or_default().add(&shown.report);
        }
        let parties = parties.iter().map(|name| {
            let sum = of_party.remove(name).unwrap_or_default();
            json!({ "name": &**name, "rooms": sum.json(), "lobby": lobbies.remove(name) })
        });
        let parties: Vec<Value> = parties.collect();
        let (isolates, isolates_max) = self.host.isolates();
        // Without a limit there is no number to show.
        let isolates_max = (isolates_max < usize::MAX).then_some(isolates_max);
        let store = self.host.store_figures();
        let dashboard = self.clone();
        let process = tokio::task::spawn_blocking(move || dashboard.process.read());
        Ok(json!({
            "version": env!("CARGO_PKG_VERSION"),
            "startedAt": self.began_ms,
            "shards": self.host.shards(),
            "busy": shards.busy_json(),
            "rooms": all.json(),
            "isolates": { "used": isolates, "limit": isolates_max },
            "store": {
                "commits": store.groups,
                "batches": store.batches,
                "time": ms(store.time),
                "longest": ms(store.longest),
            },
            "process": process.await.map_err(|_| Problem::stopping())?,
            "parties": parties,
            "crons": self.crons(),
        }))
    }

    fn crons(&self) -> Vec<Value> {
        let crons = self.host.crons().into_iter().map(
            |cron| json!({ "name": cron.name, "cron": cron.expression, "nextAt": cron.next_ms }),
        );
        crons.collect()
    }

    /// `POST cron`.
    pub(super) async fn run_cron(&self, query: &Query) -> Result<Response, Problem> {
        let name = query.need("name")?;
        let Some(run) = self.host.run_cron(&name) else {
            return Err(Problem::missing(format!("the project has no cron `{name}`")));
        };
        match tokio::time::timeout(limits::CRON_PATIENCE, run).await {
            Ok(answer) => Ok(reply::json(&json!({ "status": answer.status, "text": answer.text }))),
            Err(_) => Ok(reply::json(&json!({ "status": null, "text": "it is still running" }))),
        }
    }
}
