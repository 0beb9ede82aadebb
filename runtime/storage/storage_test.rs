//! The store with its committer thread, on a real disk.

use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::name::RoomKey;

const PATIENCE: Duration = Duration::from_secs(20);

struct Opened {
    store: Arc<Store>,
    reader: Rc<Reader>,
    outcomes: mpsc::Receiver<Outcome>,
}

fn try_open(path: &Path) -> Result<Opened, StoreError> {
    let (sender, outcomes) = mpsc::channel();
    let store = Store::open(
        Location::File(path.to_owned()),
        Durability::Fsync,
        Box::new(move |outcome| drop(sender.send(outcome.clone()))),
    )?;
    let reader = Rc::new(store.reader()?);
    Ok(Opened { store: Arc::new(store), reader, outcomes })
}

fn open(path: &Path) -> Opened {
    match try_open(path) {
        Ok(opened) => opened,
        Err(error) => panic!("{error}"),
    }
}

impl Opened {
    fn room(&self, id: &str) -> RoomStore {
        let key = RoomKey::room("main", id);
        self.store.queue.settle(&key);
        RoomStore::new(self.store.clone(), self.reader.clone(), key)
    }

    fn durable(&self, room: &mut RoomStore) {
        while room.pending().is_some() {
            let outcome = self.outcomes.recv_timeout(PATIENCE).unwrap();
            room.settle(&outcome).unwrap();
        }
    }
}

#[test]
fn what_is_committed_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path());
    let mut room = first.room("a");
    room.put(b"key", Bytes::from_static(b"value"), true).unwrap();
    room.set_alarm(Some(AlarmRow { scheduled_ms: 5, due_ms: 9, retry: 2 }), true).unwrap();
    assert!(room.seal().unwrap().unwrap().confirmed);
    room.put(b"open", Bytes::from_static(b"never sealed"), true).unwrap();
    first.durable(&mut room);
    first.store.close().unwrap();
    drop((room, first));

    let second = open(folder.path());
    let mut room = second.room("a");
    assert_eq!(room.get(b"key").unwrap().unwrap(), "value");
    assert_eq!(room.get(b"open").unwrap(), None);
    assert_eq!(room.alarm().unwrap().unwrap().due_ms, 9);
    let due = second.store.alarm_clock().take_due(9);
    assert_eq!(
        due,
        [(RoomKey::room("main", "a"), AlarmRow { scheduled_ms: 5, due_ms: 9, retry: 2 })]
    );
    assert!(second.room("b").list(&ListOptions::default()).unwrap().is_empty());
}

#[test]
fn batches_of_many_rooms_share_a_commit() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    let mut rooms: Vec<_> = (0..200).map(|number| opened.room(&number.to_string())).collect();
    let mut last = CommitSeq::default();
    for room in &mut rooms {
        room.put(b"n", Bytes::from_static(b"1"), true).unwrap();
        last = room.seal().unwrap().unwrap().seq;
    }
    let mut commits = 0;
    loop {
        let outcome = opened.outcomes.recv_timeout(PATIENCE).unwrap();
        commits += 1;
        for room in &mut rooms {
            room.settle(&outcome).unwrap();
        }
        if outcome.upto == last {
            break;
        }
    }
    assert!(commits < 100, "200 batches took {commits} commits");
    assert!(rooms.iter().all(|room| room.pending().is_none()));
}

#[test]
fn a_new_life_sees_what_the_last_one_had_on_its_way() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    for round in 0..50_u8 {
        let mut room = opened.room("a");
        let before = room.get(b"n").unwrap().map_or(0, |value| value[0]);
        assert_eq!(before, round);
        room.put(b"n", Bytes::from(vec![round + 1]), true).unwrap();
        room.seal().unwrap();
    }
}

#[test]
fn a_second_host_is_refused_and_told_who_holds_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path());
    let error = try_open(folder.path()).err().unwrap().to_string();
    assert!(error.contains("another host") && error.contains("--persist"), "{error}");
    assert!(error.contains(&std::process::id().to_string()), "{error}");
    first.store.close().unwrap();
    drop(first);
    open(folder.path());
}

#[test]
fn files_that_cannot_be_read_are_refused_with_a_reason() {
    let newer = tempfile::tempdir().unwrap();
    drop(open(newer.path()));
    let connection = rusqlite::Connection::open(newer.path().join("state.db")).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);

    let foreign = tempfile::tempdir().unwrap();
    let connection = rusqlite::Connection::open(foreign.path().join("state.db")).unwrap();
    connection.execute_batch("CREATE TABLE shopping (item)").unwrap();
    drop(connection);

    let noise = tempfile::tempdir().unwrap();
    std::fs::write(noise.path().join("state.db"), [7; 4096]).unwrap();

    let file = tempfile::NamedTempFile::new().unwrap();
    for (path, expected) in [
        (newer.path(), "newer version"),
        (foreign.path(), "another program"),
        (noise.path(), "not a store"),
        (file.path(), "cannot be used"),
    ] {
        let error = try_open(path).err().unwrap().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
        assert!(error.contains(&*path.to_string_lossy()), "{error}");
    }
}

#[test]
fn a_damaged_file_gives_errors_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    let mut room = opened.room("a");
    for number in 0..2_000_u32 {
        let value = Bytes::from(vec![u8::try_from(number % 251).unwrap(); 300]);
        room.put(format!("key-{number:05}").as_bytes(), value, true).unwrap();
    }
    room.seal().unwrap();
    opened.durable(&mut room);
    opened.store.close().unwrap();
    drop((room, opened));
    let path = folder.path().join("state.db");
    // Everything into the database file, so that damage to it counts.
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "journal_mode", "DELETE").unwrap();
    drop(connection);
    let good = std::fs::read(&path).unwrap();
    let mut refusals = 0;
    for seed in 1..60_usize {
        let mut bad = good.clone();
        for hit in 0..40 {
            let at = 4096 + (seed * 7919 + hit * 104_729) % (bad.len() - 4096);
            bad[at] ^= 0x5A;
        }
        std::fs::write(&path, &bad).unwrap();
        let outcome = try_open(folder.path()).and_then(|opened| {
            let listed = opened.room("a").list(&ListOptions::default());
            opened.store.close()?;
            listed
        });
        refusals += usize::from(outcome.is_err());
    }
    assert!(refusals > 0, "no damage was noticed");
}

#[test]
fn after_close_nothing_is_taken_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    let mut room = opened.room("a");
    opened.store.close().unwrap();
    room.put(b"key", Bytes::from_static(b"value"), true).unwrap();
    assert!(matches!(room.seal(), Err(StoreError::Closed)));
}
