//! TEMPORARY stub.
use crate::name::RoomKey;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct CommitSeq(pub u64);
pub enum Location {
    File(PathBuf),
    Memory,
}
#[derive(Clone, Copy, Debug)]
pub enum Durability {
    Fsync,
    Process,
    Memory,
}
#[derive(Clone, Debug)]
pub struct Outcome {
    pub upto: CommitSeq,
    pub result: Result<(), Arc<StoreError>>,
}
impl Outcome {
    pub fn failure_of(&self, _: &RoomKey) -> Option<Arc<StoreError>> {
        self.result.clone().err()
    }
}
#[derive(Debug, thiserror::Error)]
#[error("storage")]
pub struct StoreError;
pub struct Store {
    clock: Arc<AlarmClock>,
}
pub struct Reader;
pub struct AlarmClock;
impl AlarmClock {
    pub fn wake(&self, _: &RoomKey) {}
    pub fn changed(&self) -> impl Future<Output = ()> + use<> {
        std::future::pending()
    }
    pub fn take_due(&self, _: i64) -> Vec<(RoomKey, AlarmRow)> {
        vec![]
    }
    pub fn next_due(&self) -> Option<i64> {
        None
    }
}
impl Store {
    pub fn open(
        _: Location,
        _: Durability,
        _: Box<dyn Fn(&Outcome) + Send>,
    ) -> Result<Store, StoreError> {
        Ok(Store { clock: Arc::new(AlarmClock) })
    }
    pub fn reader(&self) -> Result<Reader, StoreError> {
        Ok(Reader)
    }
    pub fn alarm_clock(&self) -> Arc<AlarmClock> {
        self.clock.clone()
    }
    pub fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
#[derive(Clone, Copy, Debug)]
pub struct AlarmRow {
    pub scheduled_ms: i64,
    pub due_ms: i64,
    pub retry: u32,
}
impl AlarmRow {
    pub fn at(ms: i64) -> Self {
        Self { scheduled_ms: ms, due_ms: ms, retry: 0 }
    }
}
#[derive(Default)]
pub struct ListOptions {
    pub start: Option<Vec<u8>>,
    pub start_after: Option<Vec<u8>>,
    pub end: Option<Vec<u8>>,
    pub prefix: Option<Vec<u8>>,
    pub reverse: bool,
    pub limit: Option<usize>,
}
pub struct Sealed {
    pub seq: CommitSeq,
    pub confirmed: bool,
}
pub struct RoomStore {
    map: BTreeMap<Vec<u8>, Bytes>,
    alarm: Option<AlarmRow>,
}
impl RoomStore {
    pub fn new(_: Arc<Store>, _: Rc<Reader>, _: RoomKey) -> Self {
        Self { map: BTreeMap::new(), alarm: None }
    }
    pub fn get(&mut self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        Ok(self.map.get(key).cloned())
    }
    pub fn get_many(&mut self, keys: &[Vec<u8>]) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        Ok(keys
            .iter()
            .filter_map(|k| self.map.get(k).map(|v| (Bytes::from(k.clone()), v.clone())))
            .collect())
    }
    pub fn list(&mut self, _: &ListOptions) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        Ok(self.map.iter().map(|(k, v)| (Bytes::from(k.clone()), v.clone())).collect())
    }
    pub fn put(&mut self, key: &[u8], value: Bytes, _: bool) -> Result<(), StoreError> {
        self.map.insert(key.to_vec(), value);
        Ok(())
    }
    pub fn delete(&mut self, key: &[u8], _: bool) -> Result<bool, StoreError> {
        Ok(self.map.remove(key).is_some())
    }
    pub fn delete_all(&mut self) -> Result<(), StoreError> {
        self.map.clear();
        Ok(())
    }
    pub fn alarm(&mut self) -> Result<Option<AlarmRow>, StoreError> {
        Ok(self.alarm)
    }
    pub fn set_alarm(&mut self, a: Option<AlarmRow>, _: bool) -> Result<(), StoreError> {
        self.alarm = a;
        Ok(())
    }
    pub fn savepoint(&mut self) {}
    pub fn release(&mut self) {}
    pub fn rollback_to_savepoint(&mut self) {}
    pub fn has_writes(&self) -> bool {
        false
    }
    pub fn seal(&mut self) -> Option<Sealed> {
        None
    }
    pub fn committed(&mut self, _: CommitSeq) {}
    pub fn discard(&mut self) {}
    pub fn pending(&self) -> Option<CommitSeq> {
        None
    }
    pub fn shrink(&mut self) {}
}
