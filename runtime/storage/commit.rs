//! Group commit: batches of all rooms → one transaction → one fsync → the outcome.
//!
//! Shards seal batches into the `Queue`; the committer takes all that is there, hands it to the `Sink`
//! (SQLite, or memory), and reports. While it waits for the disk the next group piles up, so the number
//! of fsyncs follows the disk and not the number of writes. The queue is bounded by weight: a shard that
//! would overfill it waits, which is the back-pressure of a slow disk (DUR-16).
//!
//! A group fails as a whole. The life of a room whose batch failed is dead: its later batches build
//! on what was lost and fail too, until the room has discarded its state and lives again. After a
//! failed fsync everything fails (never retried).

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::batch::Batch;
use super::{AlarmClock, CommitSeq, OnOutcome, Outcome, StoreError};
use crate::clock::now_ms;
use crate::limits;
use crate::name::RoomKey;

/// Makes a group of batches durable, all or none.
pub trait Sink: Send {
    fn commit(&mut self, group: &[Batch]) -> Result<(), StoreError>;
}

enum Order {
    Write(Batch),
    /// This life is over: none of its batches follow.
    Bury(u64),
}

#[derive(Default)]
struct Waiting {
    orders: VecDeque<Order>,
    weight: usize,
    /// The last number given to a batch.
    last: CommitSeq,
    /// Rooms of the group that is being committed now.
    in_hand: Vec<RoomKey>,
    closed: bool,
    figures: Figures,
}

/// What the committer has done since the store was opened.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    /// Transactions, each with its fsync.
    pub groups: u64,
    /// What turns wrote, one for each turn.
    pub batches: u64,
    /// Time spent in the transactions, and the longest of them.
    pub time: Duration,
    pub longest: Duration,
}

impl Figures {
    fn count(&mut self, batches: usize, took: Duration) {
        self.groups += 1;
        self.batches += batches as u64;
        self.time += took;
        self.longest = self.longest.max(took);
    }
}

impl Waiting {
    fn is_settled(&self, room: &RoomKey) -> bool {
        let of_room = |order: &Order| matches!(order, Order::Write(batch) if batch.room == *room);
        !self.in_hand.contains(room) && !self.orders.iter().any(of_room)
    }
}

/// What shards and committer share.
#[derive(Default)]
pub struct Queue {
    waiting: Mutex<Waiting>,
    /// Something was queued, or the queue was closed.
    filled: Condvar,
    /// The committer has taken or finished a group.
    moved: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a batch and gives its number. Waits while too much is queued.
    pub fn push(&self, batch: Batch) -> Result<CommitSeq, StoreError> {
        let weight = batch.weight();
        let mut waiting = self.lock();
        while waiting.weight > 0 && waiting.weight + weight > limits::COMMIT_QUEUE_BYTES_MAX {
            waiting = self.moved.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        if waiting.closed {
            return Err(StoreError::Closed);
        }
        waiting.weight += weight;
        waiting.last.0 += 1;
        let seq = waiting.last;
        waiting.orders.push_back(Order::Write(batch));
        drop(waiting);
        self.filled.notify_one();
        Ok(seq)
    }

    pub fn bury(&self, life: u64) {
        self.lock().orders.push_back(Order::Bury(life));
    }

    /// Waits until no batch of this room is on its way.
    pub fn settle(&self, room: &RoomKey) {
        let mut waiting = self.lock();
        while !waiting.is_settled(room) {
            waiting = self.moved.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub fn figures(&self) -> Figures {
        self.lock().figures
    }

    /// Whether no batch of this room is on its way.
    pub fn is_settled(&self, room: &RoomKey) -> bool {
        self.lock().is_settled(room)
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.lock().orders.is_empty()
    }

    pub fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
    }
}

/// A group of batches and the number of its last one.
struct Group {
    batches: Vec<Batch>,
    upto: CommitSeq,
}

pub struct Committer {
    queue: Arc<Queue>,
    sink: Box<dyn Sink>,
    alarms: Arc<AlarmClock>,
    on_outcome: OnOutcome,
    /// Lives of which a batch failed.
    dead: HashMap<u64, Arc<StoreError>>,
    poison: Option<Arc<StoreError>>,
    upto: CommitSeq,
}

impl Committer {
    pub fn new(
        queue: Arc<Queue>,
        sink: Box<dyn Sink>,
        alarms: Arc<AlarmClock>,
        on_outcome: OnOutcome,
    ) -> Self {
        Self {
            queue,
            sink,
            alarms,
            on_outcome,
            dead: HashMap::new(),
            poison: None,
            upto: CommitSeq::default(),
        }
    }

    /// Commits until the queue is closed and empty.
    pub fn run(mut self) {
        loop {
            {
                let mut waiting = self.queue.lock();
                while waiting.orders.is_empty() {
                    if waiting.closed {
                        return;
                    }
                    waiting =
                        self.queue.filled.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                }
            }
            self.step();
        }
    }

    /// Commits what is queued now, up to a bound. Gives whether there was anything.
    pub fn step(&mut self) -> bool {
        let mut outcome = Outcome::default();
        let Some(group) = self.take(&mut outcome) else { return false };
        let began = Instant::now();
        if !group.batches.is_empty() {
            match self.sink.commit(&group.batches) {
                Ok(()) => {
                    for batch in &group.batches {
                        if let Some(alarm) = batch.alarm {
                            self.alarms.set(&batch.room, alarm);
                        }
                    }
                }
                Err(error) => self.fail(&group.batches, error, &mut outcome),
            }
        }
        self.upto = group.upto;
        outcome.upto = group.upto;
        let mut waiting = self.queue.lock();
        waiting.in_hand.clear();
        if !group.batches.is_empty() {
            waiting.figures.count(group.batches.len(), began.elapsed());
        }
        drop(waiting);
        self.queue.moved.notify_all();
        (self.on_outcome)(&outcome);
        true
    }

    /// Takes the next group. Batches that cannot be committed any more go to the outcome instead.
    fn take(&mut self, outcome: &mut Outcome) -> Option<Group> {
        let mut waiting = self.queue.lock();
        if waiting.orders.is_empty() {
            return None;
        }
        let mut group = Group { batches: Vec::new(), upto: self.upto };
        let mut weight = 0;
        while weight < limits::COMMIT_GROUP_BYTES_MAX {
            match waiting.orders.pop_front() {
                None => break,
                Some(Order::Bury(life)) => drop(self.dead.remove(&life)),
                Some(Order::Write(batch)) => {
                    group.upto.0 += 1;
                    weight += batch.weight();
                    let refusal = match (&self.poison, self.dead.get(&batch.life)) {
                        (Some(poison), _) => Some(poison.clone()),
                        (None, Some(_)) => Some(Arc::new(StoreError::Superseded)),
                        (None, None) => None,
                    };
                    match refusal {
                        Some(error) => {
                            self.alarms.failed(&batch.room, now_ms());
                            outcome.failed.insert(batch.life, error);
                        }
                        None => {
                            waiting.in_hand.push(batch.room.clone());
                            group.batches.push(batch);
                        }
                    }
                }
            }
        }
        waiting.weight = waiting.weight.saturating_sub(weight);
        drop(waiting);
        self.queue.moved.notify_all();
        Some(group)
    }

    fn fail(&mut self, batches: &[Batch], error: StoreError, outcome: &mut Outcome) {
        let poison = error.is_poison();
        let error = Arc::new(error);
        if poison {
            self.poison = Some(error.clone());
        }
        for batch in batches {
            self.alarms.failed(&batch.room, now_ms());
            self.dead.insert(batch.life, error.clone());
            outcome.failed.insert(batch.life, error.clone());
        }
    }
}
