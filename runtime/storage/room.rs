//! One room's view of the store: everything it has written, over everything that is durable.
//!
//! Used by the room's shard alone, between and during turns. From the top down a read looks at the
//! open write set, at the batches on their way to the disk, at the cache, at `state.db`. What is on
//! its way shadows the disk until the shard has heard of its commit, so a read never goes back in time.
//!
//! What a new `RoomStore` reads is durable, so it must not be read before the batches of the room's
//! previous life have settled (`Store::is_settled`). After a failure (`Outcome`) the room discards it
//! and starts from the last durable state.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;

use super::batch::{Changes, WriteSet};
use super::reader::{Range, Reader};
use super::{AlarmRow, CommitSeq, Outcome, Store, StoreError};
use crate::limits;
use crate::name::RoomKey;

/// Which entries `list` gives. Bounds are UTF-8 bytes; `end` is exclusive (KV-17).
#[derive(Debug, Default, Clone)]
pub struct ListOptions {
    pub start: Option<Vec<u8>>,
    pub start_after: Option<Vec<u8>>,
    pub end: Option<Vec<u8>>,
    pub prefix: Option<Vec<u8>>,
    pub reverse: bool,
    pub limit: Option<usize>,
}

impl ListOptions {
    fn range(&self) -> Range {
        let mut start = self.start.clone().unwrap_or_default();
        if let Some(after) = &self.start_after {
            // The key right behind it (KV-18).
            start = [after.as_slice(), &[0]].concat();
        }
        let mut end = self.end.clone();
        if let Some(prefix) = self.prefix.as_ref().filter(|prefix| !prefix.is_empty()) {
            if start < *prefix {
                start.clone_from(prefix);
            }
            if let Some(behind) = behind(prefix)
                && end.as_ref().is_none_or(|end| behind < *end)
            {
                end = Some(behind);
            }
        }
        Range { start, end, reverse: self.reverse }
    }
}

/// The first key that does not begin with `prefix` any more (KV-19); none if there is no such key.
pub fn behind(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xFF)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

/// A batch was handed to the committer.
#[derive(Debug, Clone, Copy)]
pub struct Sealed {
    pub seq: CommitSeq,
    /// Something in it has to be durable before what follows may be seen (KV-46).
    pub confirmed: bool,
}

/// The room's number in the store.
#[derive(Debug, Clone, Copy)]
enum Number {
    Unknown,
    /// Nothing durable is stored for the room.
    None,
    Known(i64),
}

pub struct RoomStore {
    store: Arc<Store>,
    reader: Rc<Reader>,
    room: RoomKey,
    life: u64,
    number: Number,
    open: WriteSet,
    /// Batches on their way, merged: the newest value of each key.
    moving: BTreeMap<Bytes, (CommitSeq, Option<Bytes>)>,
    /// A batch on its way hides all that is durable.
    moving_clear: Option<CommitSeq>,
    moving_alarm: Option<(CommitSeq, Option<AlarmRow>)>,
    last: Option<CommitSeq>,
    cache: Cache,
    /// The durable alarm, once read.
    alarm: Option<Option<AlarmRow>>,
}

impl RoomStore {
    pub fn new(store: Arc<Store>, reader: Rc<Reader>, room: RoomKey) -> Self {
        let life = store.next_life();
        Self {
            store,
            reader,
            room,
            life,
            number: Number::Unknown,
            open: WriteSet::default(),
            moving: BTreeMap::new(),
            moving_clear: None,
            moving_alarm: None,
            last: None,
            cache: Cache::default(),
            alarm: None,
        }
    }

    // ---- reads --------------------------------------------------------------------------------

    pub fn get(&mut self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        if let Some(value) = self.written(key) {
            return Ok(value);
        }
        if let Some(value) = self.cache.get(key) {
            return Ok(value.clone());
        }
        let value = match self.number()? {
            Some(number) => self.reader.get(&self.room, number, key)?,
            None => None,
        };
        self.cache.put(Bytes::copy_from_slice(key), value.clone());
        Ok(value)
    }

    /// What the room itself wrote last under `key`, as far as it may not be durable.
    fn written(&self, key: &[u8]) -> Option<Option<Bytes>> {
        if let Some(value) = self.open.changes().get(key) {
            return Some(value.clone());
        }
        if self.open.is_cleared() {
            return Some(None);
        }
        if let Some((_, value)) = self.moving.get(key) {
            return Some(value.clone());
        }
        self.moving_clear.map(|_| None)
    }

    /// The entries that exist, each once, in the order of their keys (KV-11).
    pub fn get_many(&mut self, keys: &[Vec<u8>]) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        let mut keys: Vec<&Vec<u8>> = keys.iter().collect();
        keys.sort_unstable();
        keys.dedup();
        let mut found = Vec::new();
        for key in keys {
            if let Some(value) = self.get(key)? {
                found.push((Bytes::copy_from_slice(key), value));
            }
        }
        Ok(found)
    }

    pub fn list(&mut self, options: &ListOptions) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        let range = options.range();
        let limit = options.limit.unwrap_or(usize::MAX);
        if range.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let written = self.written_in(&range);
        let mut written: Box<dyn Iterator<Item = _>> = if range.reverse {
            Box::new(written.into_iter().rev())
        } else {
            Box::new(written.into_iter())
        };
        let before = |a: &Bytes, b: &Bytes| if range.reverse { a > b } else { a < b };
        let mut found = Vec::new();
        let mut next = written.next();
        if !self.is_base_hidden()
            && let Some(number) = self.number()?
        {
            self.reader.scan(&self.room, number, &range, |key, value| {
                // What was written before this key, then this key unless it was written anew.
                while let Some((own, change)) = next.take_if(|(own, _)| before(own, &key)) {
                    if let Some(change) = change {
                        found.push((own, change));
                    }
                    next = written.next();
                }
                match next.take_if(|(own, _)| *own == key) {
                    Some((_, change)) => {
                        found.extend(change.map(|change| (key, change)));
                        next = written.next();
                    }
                    None => found.push((key, value)),
                }
                found.len() < limit
            })?;
        }
        while let Some((own, change)) = next.take() {
            if found.len() >= limit {
                break;
            }
            found.extend(change.map(|change| (own, change)));
            next = written.next();
        }
        found.truncate(limit);
        Ok(found)
    }

    fn is_base_hidden(&self) -> bool {
        self.open.is_cleared() || self.moving_clear.is_some()
    }

    /// What may not be durable yet, in a range.
    fn written_in(&self, range: &Range) -> Changes {
        let mut all = Changes::new();
        if !self.open.is_cleared() {
            let moving = self.moving.range::<[u8], _>(range.bounds());
            all.extend(moving.map(|(key, (_, value))| (key.clone(), value.clone())));
        }
        let open = self.open.changes().range::<[u8], _>(range.bounds());
        all.extend(open.map(|(key, value)| (key.clone(), value.clone())));
        all
    }

    pub fn alarm(&mut self) -> Result<Option<AlarmRow>, StoreError> {
        if let Some(alarm) = self.open.alarm() {
            return Ok(alarm);
        }
        if let Some((_, alarm)) = self.moving_alarm {
            return Ok(alarm);
        }
        if let Some(alarm) = self.alarm {
            return Ok(alarm);
        }
        let alarm = match self.number()? {
            Some(number) => self.reader.alarm(&self.room, number)?,
            None => None,
        };
        self.alarm = Some(alarm);
        Ok(alarm)
    }

    fn number(&mut self) -> Result<Option<i64>, StoreError> {
        if self.room.is_lobby() {
            return Err(StoreError::Lobby);
        }
        if let Number::Unknown = self.number {
            self.number = self.reader.number(&self.room)?.map_or(Number::None, Number::Known);
        }
        match self.number {
            Number::Known(number) => Ok(Some(number)),
            Number::None | Number::Unknown => Ok(None),
        }
    }

    // ---- writes -------------------------------------------------------------------------------

    fn writable(&self) -> Result<(), StoreError> {
        if self.room.is_lobby() { Err(StoreError::Lobby) } else { Ok(()) }
    }

    /// `confirm`: what the room sends from now on waits until this is durable.
    pub fn put(&mut self, key: &[u8], value: Bytes, confirm: bool) -> Result<(), StoreError> {
        self.writable()?;
        let unwritten = self.written(key).is_none();
        if unwritten && self.cache.get(key).is_some_and(|durable| *durable == Some(value.clone())) {
            // Already durable (KV-53).
            return Ok(());
        }
        self.open.change(Bytes::copy_from_slice(key), Some(value), confirm);
        Ok(())
    }

    /// Gives whether the key existed.
    pub fn delete(&mut self, key: &[u8], confirm: bool) -> Result<bool, StoreError> {
        self.writable()?;
        let existed = self.get(key)?.is_some();
        if existed {
            self.open.change(Bytes::copy_from_slice(key), None, confirm);
        }
        Ok(existed)
    }

    /// Deletes every key. The alarm stays (KV-26).
    pub fn delete_all(&mut self) -> Result<(), StoreError> {
        self.writable()?;
        self.open.clear();
        Ok(())
    }

    pub fn set_alarm(&mut self, alarm: Option<AlarmRow>, confirm: bool) -> Result<(), StoreError> {
        self.writable()?;
        self.open.set_alarm(alarm, confirm);
        Ok(())
    }

    pub fn savepoint(&mut self) {
        self.open.savepoint();
    }

    /// Keeps what was written since the innermost savepoint, and closes it.
    pub fn release(&mut self) {
        self.open.release();
    }

    pub fn rollback_to_savepoint(&mut self) {
        self.open.rollback();
    }

    pub fn has_writes(&self) -> bool {
        !self.open.is_empty()
    }

    // ---- batches ------------------------------------------------------------------------------

    /// Hands what was written to the committer; none if nothing was.
    pub fn seal(&mut self) -> Result<Option<Sealed>, StoreError> {
        let Some((batch, confirmed)) = self.open.seal(&self.room, self.life) else {
            return Ok(None);
        };
        let (changes, cleared, alarm) = (batch.changes.clone(), batch.cleared, batch.alarm);
        let seq = self.store.queue.push(batch)?;
        if cleared {
            self.moving.clear();
            self.moving_clear = Some(seq);
        }
        self.moving.extend(changes.into_iter().map(|(key, value)| (key, (seq, value))));
        if let Some(alarm) = alarm {
            self.moving_alarm = Some((seq, alarm));
        }
        self.last = Some(seq);
        Ok(Some(Sealed { seq, confirmed }))
    }

    /// The last batch whose outcome is not known; everything written is durable if there is none.
    pub fn pending(&self) -> Option<CommitSeq> {
        self.last
    }

    /// `sync()`: all that was written counts as confirmed. Gives the batch on its way to wait for.
    pub fn confirm_all(&mut self) -> Option<CommitSeq> {
        self.open.confirm();
        self.last
    }

    /// Takes note of a commit. An error: batches of this life are lost, the room has to break.
    pub fn settle(&mut self, outcome: &Outcome) -> Result<(), Arc<StoreError>> {
        if let Some(error) = outcome.failed.get(&self.life) {
            return Err(error.clone());
        }
        let upto = outcome.upto;
        if self.last.is_none_or(|last| last <= upto) {
            self.last = None;
        }
        if matches!(self.number, Number::None) {
            self.number = Number::Unknown;
        }
        if self.moving_clear.is_some_and(|seq| seq <= upto) {
            self.moving_clear = None;
            self.cache.clear();
        }
        if let Some((seq, alarm)) = self.moving_alarm
            && seq <= upto
        {
            self.moving_alarm = None;
            self.alarm = Some(alarm);
        }
        let hidden = self.moving_clear.is_some();
        let durable = self.moving.extract_if(.., |_, (seq, _)| *seq <= upto);
        for (key, (_, value)) in durable {
            if !hidden {
                self.cache.put(key, value);
            }
        }
        Ok(())
    }

    /// Forgets all that is not durable. Batches of this life that are still queued are carried out,
    /// unless one of them has failed already.
    pub fn discard(&mut self) {
        self.store.queue.settle(&self.room);
        self.store.queue.bury(self.life);
        self.life = self.store.next_life();
        self.open = WriteSet::default();
        self.moving.clear();
        self.moving_clear = None;
        self.moving_alarm = None;
        self.last = None;
        self.alarm = None;
        self.number = Number::Unknown;
        self.cache.clear();
    }

    /// Gives memory back; the room is going to sleep.
    pub fn shrink(&mut self) {
        self.cache = Cache::default();
    }
}

/// Durable values that were read or written lately: also that a key does not exist.
#[derive(Debug, Default)]
struct Cache {
    values: HashMap<Bytes, Option<Bytes>>,
    weight: usize,
}

impl Cache {
    fn get(&self, key: &[u8]) -> Option<&Option<Bytes>> {
        self.values.get(key)
    }

    fn put(&mut self, key: Bytes, value: Option<Bytes>) {
        let weight = |key: &Bytes, value: &Option<Bytes>| {
            key.len() + value.as_ref().map_or(0, Bytes::len) + 96
        };
        let new = weight(&key, &value);
        if new > limits::ROOM_CACHE_VALUE_BYTES_MAX {
            if let Some(old) = self.values.remove(&key) {
                self.weight -= weight(&key, &old);
            }
            return;
        }
        if self.weight + new > limits::ROOM_CACHE_BYTES_MAX {
            self.clear();
        }
        self.weight += new;
        if let Some(old) = self.values.insert(key.clone(), value) {
            self.weight -= weight(&key, &old);
        }
    }

    fn clear(&mut self) {
        self.values.clear();
        self.weight = 0;
    }
}
