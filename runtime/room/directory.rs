//! Where is this room? The only way to send an event to a room from outside its shard.
//!
//! Rooms are spread over the shards by a hash of their key, so the answer needs no table and never
//! changes while the process lives. Cluster mode replaces this file: the callers only know
//! `deliver`.

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::event::Event;
use crate::name::RoomKey;

/// What a shard's thread is told from outside.
#[derive(Debug)]
pub struct Delivery {
    pub room: RoomKey,
    pub event: Event,
}

/// Sends events to rooms. Cheap to clone.
#[derive(Clone)]
pub struct Directory {
    shards: Arc<[mpsc::UnboundedSender<Delivery>]>,
    hasher: std::hash::BuildHasherDefault<std::hash::DefaultHasher>,
}

/// The host is shutting down; the event was not delivered.
#[derive(Debug, thiserror::Error)]
#[error("the host is shutting down")]
pub struct Gone;

impl Directory {
    pub fn new(shards: Vec<mpsc::UnboundedSender<Delivery>>) -> Self {
        assert!(!shards.is_empty(), "a node has at least one shard");
        Self { shards: shards.into(), hasher: std::hash::BuildHasherDefault::new() }
    }

    /// Index of the shard on which the room lives.
    pub fn shard_of(&self, room: &RoomKey) -> usize {
        let mut hasher = self.hasher.build_hasher();
        std::hash::Hash::hash(room, &mut hasher);
        (hasher.finish() % self.shards.len() as u64) as usize
    }

    /// Puts the event at the end of the room's inbox. The queue to a shard has no bound of its own:
    /// the bounds are the edge's limit on open connections and each room's inbox, which refuses
    /// with 503 (`limits`).
    pub fn deliver(&self, room: RoomKey, event: Event) -> Result<(), Gone> {
        let shard = self.shard_of(&room);
        self.shards[shard].send(Delivery { room, event }).map_err(|_| Gone)
    }
}
