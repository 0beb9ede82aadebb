//! `houseparty bench store-alarms` and `bench storage-handle`: the store without a host, for what only
//! large numbers show. Hidden; `scripts/bench` calls them and puts what they say into its report.
//!
//! They write into a folder that is theirs alone and fail if it is in use.

use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;

use crate::clock::now_ms;
use crate::name::RoomKey;
use crate::storage::{AlarmRow, CommitSeq, Durability, Location, Outcome, RoomStore, Store};

/// Alarms begin a year from now: they are to be scheduled, not to ring.
const FAR_MS: i64 = 365 * 86_400_000;

/// How long the store may take for all.
const PATIENCE: Duration = Duration::from_secs(120);

struct Scale {
    store: Arc<Store>,
    outcomes: mpsc::Receiver<Outcome>,
}

fn open(folder: &Path) -> anyhow::Result<Scale> {
    let (sender, outcomes) = mpsc::channel();
    let on_outcome = move |outcome: &Outcome| drop(sender.send(outcome.clone()));
    let location = Location::File(folder.to_owned());
    let store = Store::open(location, Durability::Process, Box::new(on_outcome))?;
    Ok(Scale { store: Arc::new(store), outcomes })
}

/// One alarm in each of `count` rooms.
pub fn store_alarms(folder: &Path, count: u32) -> anyhow::Result<()> {
    let Scale { store, .. } = open(folder)?;
    let reader = Rc::new(store.reader()?);
    let far = now_ms() + FAR_MS;
    for number in 0..count {
        let key = RoomKey::room("sleeper", format!("alarm-{number}"));
        let mut room = RoomStore::new(store.clone(), reader.clone(), key);
        room.set_alarm(Some(AlarmRow::at(far + i64::from(number))), true)?;
        room.seal()?;
    }
    store.close()?;
    Ok(())
}

/// Bytes of memory for each of `count` rooms' storage, with one small value at hand.
pub fn storage_handle(folder: &Path, count: u32) -> anyhow::Result<f64> {
    let Scale { store, outcomes } = open(folder)?;
    let reader = Rc::new(store.reader()?);
    let mut rooms = Vec::with_capacity(count as usize);
    let mut last = CommitSeq::default();
    let before = resident()?;
    for number in 0..count {
        let key = RoomKey::room("sleeper", format!("room-{number}"));
        let mut room = RoomStore::new(store.clone(), reader.clone(), key);
        room.put(b"key", Bytes::from(vec![b'x'; 64]), true)?;
        if let Some(sealed) = room.seal()? {
            last = sealed.seq;
        }
        rooms.push(room);
    }
    loop {
        let outcome = outcomes.recv_timeout(PATIENCE).context("the store does not commit")?;
        if outcome.upto < last {
            continue;
        }
        for room in &mut rooms {
            room.settle(&outcome)?;
        }
        break;
    }
    let more = resident()?.saturating_sub(before);
    drop(rooms);
    store.close()?;
    Ok(more as f64 / f64::from(count))
}

/// Memory of this process, in bytes.
fn resident() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("/proc is needed")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    Ok(kib.context("the process has no memory?")? * 1024)
}
