//! What the dashboard has to be given: the host behind it, as `node` knows it.
//!
//! Every question is answered at once or with a future; none of them waits for a room.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;

use crate::name::RoomKey;
use crate::room::survey::{NotAsked, Question};
use crate::storage::{Catalogue, Figures, StoreError};

/// What the dashboard asks of the host it shows.
pub trait Host: Send + Sync {
    fn shards(&self) -> usize;
    fn shard_of(&self, room: &RoomKey) -> usize;
    fn ask(&self, shard: usize, question: Question) -> Result<(), NotAsked>;
    /// The room whose turn it is on a shard, and for how long already.
    fn running(&self, shard: usize) -> Option<(RoomKey, Duration)>;
    /// Names of the parties.
    fn parties(&self) -> Vec<Arc<str>>;
    fn crons(&self) -> Vec<Cron>;
    /// Runs a cron of the project now. None: there is none of this name.
    fn run_cron(&self, name: &str) -> Option<BoxFuture<'static, CronAnswer>>;
    /// Isolates there are, and may be.
    fn isolates(&self) -> (usize, usize);
    fn store_figures(&self) -> Figures;
    fn catalogue(&self) -> Result<Catalogue, StoreError>;
    /// What stored values say. None: it cannot be told now.
    fn readable(&self, stored: Vec<Bytes>) -> BoxFuture<'_, Option<Vec<Words>>>;
    /// The bytes with which JSON is stored, or what is wrong with it. None: it cannot be told now.
    fn stored(&self, json: String) -> BoxFuture<'_, Option<Result<Vec<u8>, String>>>;
}

/// A cron of the project.
#[derive(Debug, Clone)]
pub struct Cron {
    pub name: String,
    pub expression: String,
    pub next_ms: Option<i64>,
}

/// What came of a cron.
#[derive(Debug, Clone)]
pub struct CronAnswer {
    pub status: u16,
    pub text: String,
}

/// A stored value in words.
#[derive(Debug, Clone)]
pub enum Words {
    /// JSON, and whether it says all there is.
    Json {
        json: String,
        exact: bool,
    },
    Unreadable(String),
}
