//! The store's reader on files whose bytes have changed: thousands of seeded mutations of `state.db` and of
//! its write-ahead log. A failing seed is in the panic and replays with `HOUSEPARTY_SEED`.
//!
//! Held: nothing panics or hangs; what cannot be read is an error with a reason. The log carries checksums,
//! so that damage to it is told: what is left of it is a state the rooms were in, never another. SQLite has
//! none for the pages of the file itself: there a wrong byte may be read, and the sum of each value
//! (`engine/value.rs`) says so.

use std::path::Path;
use std::rc::Rc;

use bytes::Bytes;

use super::*;

const LOGS: u64 = 700;
const FILES: u64 = 1_500;
const BATCHES: u32 = 40;

/// xorshift64*, as in model_test.rs.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap() % bound.max(1)
    }

    /// Changes a file in one of the ways in which disks, or people, do.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        let len = bytes.len();
        let (from, to) = (self.below(len), self.below(len));
        match self.below(8) {
            0 => bytes[from] ^= 1 << self.below(8),
            1 => {
                for _ in 0..40 {
                    let at = self.below(len);
                    bytes[at] = u8::try_from(self.below(256)).unwrap();
                }
            }
            // A sector that was never written.
            2 => bytes[from..(from + 512).min(len)].fill(0),
            3 => bytes.truncate(from),
            4 => bytes.extend_from_slice(&[0xA5; 5000]),
            // A page in the place of another.
            5 => {
                let page = |at: usize| at / 4096 * 4096;
                let size = 4096.min(len - page(from)).min(len - page(to));
                let copy = bytes[page(from)..page(from) + size].to_vec();
                bytes[page(to)..page(to) + size].copy_from_slice(&copy);
            }
            // The header, of the file and of its first page.
            6 => bytes[self.below(200.min(len))] = u8::try_from(self.below(256)).unwrap(),
            _ => {
                let swap = bytes[from..(from + 64).min(len)].to_vec();
                let at = to.min(len - swap.len());
                bytes[at..at + swap.len()].copy_from_slice(&swap);
            }
        }
    }
}

fn open(folder: &Path) -> Result<(Arc<Store>, Rc<Reader>), StoreError> {
    let location = Location::File(folder.to_owned());
    let store = Store::open(location, Durability::Process, Box::new(|_| {}))?;
    let reader = Rc::new(store.reader()?);
    Ok((Arc::new(store), reader))
}

fn room(store: &Arc<Store>, reader: &Rc<Reader>) -> RoomStore {
    RoomStore::new(store.clone(), reader.clone(), RoomKey::room("main", "a"))
}

/// Each batch says its number in every key; together they fill some pages.
fn write(store: &Arc<Store>, reader: &Rc<Reader>) {
    let mut room = room(store, reader);
    for number in 1..=BATCHES {
        let value = Bytes::from(number.to_le_bytes().repeat(200));
        for key in 0..5_u32 {
            room.put(format!("all-{key}").as_bytes(), value.clone(), true).unwrap();
        }
        room.put(format!("log-{number:04}").as_bytes(), value, true).unwrap();
        room.set_alarm(Some(AlarmRow::at(i64::from(number) * 1_000_000)), true).unwrap();
        room.seal().unwrap();
        store.queue.settle(&RoomKey::room("main", "a"));
    }
}

/// Which batch the store holds; an error, or what is no state of the room at all.
fn state(folder: &Path) -> Result<Result<u32, String>, StoreError> {
    let (store, reader) = open(folder)?;
    let mut room = room(&store, &reader);
    let read = || -> Result<_, StoreError> {
        let entries = room.list(&ListOptions::default())?;
        for (key, _) in &entries {
            room.get(key)?;
        }
        Ok((entries, room.alarm()?))
    };
    let mut read = read;
    let found = read();
    let mut due = store.alarm_clock().take_due(i64::MAX);
    due.retain(|(key, _)| *key == RoomKey::room("main", "a"));
    // It is written to as well, so that a damaged file is met in the committer, too.
    room.put(b"after", Bytes::from_static(b"the damage"), true)?;
    room.seal()?;
    store.close()?;
    let (entries, alarm) = found?;
    let number = |value: &[u8]| {
        let first: [u8; 4] = value.get(..4)?.try_into().ok()?;
        (value == first.repeat(200)).then_some(u32::from_le_bytes(first))
    };
    let held: Vec<_> = entries.iter().map(|(key, value)| (key.clone(), number(value))).collect();
    let last = held.iter().find(|(key, _)| key == "all-0").and_then(|(_, number)| *number);
    let last = last.unwrap_or(0);
    let expected: Vec<_> = (0..5)
        .filter(|_| last > 0)
        .map(|key| (Bytes::from(format!("all-{key}")), Some(last)))
        .chain((1..=last).map(|number| (Bytes::from(format!("log-{number:04}")), Some(number))))
        .collect();
    let rings = (last > 0).then(|| AlarmRow::at(i64::from(last) * 1_000_000));
    let clock = due.first().map(|(_, row)| *row);
    let whole = held == expected && alarm == rings && clock == rings;
    Ok(if whole { Ok(last) } else { Err(format!("{alarm:?} {clock:?} {held:?}")) })
}

fn seeds(count: u64) -> Vec<u64> {
    match std::env::var("HOUSEPARTY_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (1..=count).collect(),
    }
}

/// A damaged copy of `file` beside whole copies of `others`.
fn damaged(seed: u64, file: &Path, others: &[&Path]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = std::fs::read(file).unwrap();
    Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1).damage(&mut bytes);
    std::fs::write(folder.path().join(file.file_name().unwrap()), bytes).unwrap();
    for other in others {
        std::fs::copy(other, folder.path().join(other.file_name().unwrap())).unwrap();
    }
    folder
}

#[test]
fn what_is_left_of_a_damaged_log_is_a_state_of_the_room() {
    let folder = tempfile::tempdir().unwrap();
    let (store, reader) = open(folder.path()).unwrap();
    write(&store, &reader);
    let [file, log] = ["state.db", "state.db-wal"].map(|name| folder.path().join(name));
    assert!(std::fs::metadata(&log).unwrap().len() > 100_000, "all is in the log");
    let (mut whole, mut less) = (0, 0);
    for seed in seeds(LOGS) {
        let damaged = damaged(seed, &log, &[&file]);
        match state(damaged.path()) {
            Ok(Ok(BATCHES)) => whole += 1,
            Ok(Ok(_)) => less += 1,
            Ok(Err(told)) => panic!("seed {seed}: no state of the room: {told}"),
            // What is left of the log may be less than the file needs: it is refused then.
            Err(error) => assert!(!error.to_string().is_empty(), "seed {seed}"),
        }
    }
    assert!(std::env::var_os("HOUSEPARTY_SEED").is_some() || whole + less > 100);
    store.close().unwrap();
}

#[test]
fn a_damaged_file_is_an_error_or_is_read_and_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let (store, reader) = open(folder.path()).unwrap();
    write(&store, &reader);
    store.close().unwrap();
    drop((store, reader));
    let file = folder.path().join("state.db");
    // Everything into the file, so that damage to it counts.
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.pragma_update(None, "journal_mode", "DELETE").unwrap();
    drop(connection);
    let (mut read, mut refused) = (0, 0);
    for seed in seeds(FILES) {
        let damaged = damaged(seed, &file, &[]);
        match state(damaged.path()) {
            Ok(_) => read += 1,
            Err(error) => {
                refused += 1;
                assert!(error.to_string().len() > 20, "seed {seed}: {error}");
            }
        }
    }
    assert!(std::env::var_os("HOUSEPARTY_SEED").is_some() || (read > 50 && refused > 50));
}
