//! `alarm`: setting and deleting the alarm of a room, and letting it ring at once.
//!
//! All of it goes through the stored alarm, as when the party itself sets one: what rings is what is
//! durable.

use serde_json::json;

use super::Dashboard;
use super::reply::{self, Problem, Query};
use crate::clock::now_ms;
use crate::room::event::Response;
use crate::room::survey::Change;

impl Dashboard {
    pub(super) async fn set_alarm(&self, query: &Query) -> Result<Response, Problem> {
        let room = self.room_of(query)?;
        let Some(at) = query.number::<i64>("at")?.filter(|at| *at > 0) else {
            return Err(Problem::bad("`at` is a time in milliseconds since the epoch, above zero"));
        };
        // As `setAlarm` does with a time that has passed.
        let at = at.max(now_ms());
        self.change(&room, Change::Alarm(Some(at))).await?;
        Ok(reply::json(&json!({ "scheduledAt": at })))
    }

    pub(super) async fn delete_alarm(&self, query: &Query) -> Result<Response, Problem> {
        let room = self.room_of(query)?;
        self.change(&room, Change::Alarm(None)).await?;
        Ok(reply::json(&json!({ "deleted": true })))
    }

    pub(super) async fn ring_alarm(&self, query: &Query) -> Result<Response, Problem> {
        let room = self.room_of(query)?;
        self.change(&room, Change::Ring).await?;
        Ok(reply::json(&json!({ "ringing": true })))
    }
}
