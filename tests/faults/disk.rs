//! A disk that fails under a running host: full, broken, tearing, slow.
//!
//! disk.c stands between the host and its `state.db*` and fails what a test tells it to. What must
//! hold: whoever was answered finds what they wrote, also after a restart; whoever could not be served
//! got a 503 and a closed socket; a failed fsync is never tried again; reads, and rooms that store
//! nothing, notice none of it.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::project::{fresh_folder, repository};
use crate::support::{Answer, Host, HostOptions, Project, eventually, run};

/// Stores a number and a log of all numbers in one turn; tells what it has; answers without storing.
const LEDGER: &str = r#"
export default class Ledger {
  constructor(room) { this.room = room; }
  write(n, bytes) {
    const { storage } = this.room;
    storage.put("last", n);
    storage.put(`log:${String(n).padStart(6, "0")}`, bytes ? new Uint8Array(bytes).fill(n) : n);
  }
  async onRequest(request) {
    const url = new URL(request.url);
    if (url.searchParams.has("in")) {
      await this.room.storage.setAlarm(Date.now() + Number(url.searchParams.get("in")));
      return new Response("set");
    }
    if (request.method === "POST") {
      const n = Number(url.searchParams.get("n"));
      this.write(n, Number(url.searchParams.get("bytes")));
      return Response.json(n);
    }
    if (url.searchParams.has("quiet")) return new Response("quiet");
    const log = [...(await this.room.storage.list({ prefix: "log:" })).keys()];
    const numbers = log.map((key) => Number(key.slice(4)));
    return Response.json({ last: (await this.room.storage.get("last")) ?? 0, log: numbers });
  }
  async onAlarm() {
    console.log("rings");
    const { storage } = this.room;
    await storage.put("rings", ((await storage.get("rings")) ?? 0) + 1);
    // The second half of the handler, while the first is on its way to the disk.
    if (this.room.id === "bell-2") await storage.sync();
    this.write(1);
  }
  onMessage(message) {
    if (message !== "quiet") this.write(Number(message));
    this.room.broadcast(message);
  }
}
"#;

/// Bytes of a large value: a few of them make a checkpoint due (`limits::CHECKPOINT_PAGES`).
const LARGE: u64 = 1 << 20;

/// Large values that certainly make one due.
const UNTIL_CHECKPOINT: u64 = 24;

/// The library of disk.c and what it is told.
pub(super) struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    pub(super) fn new() -> Self {
        let disk = Self { folder: fresh_folder() };
        let built = Command::new("clang")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(disk.library())
            .arg(repository().join("tests/faults/disk.c"))
            .output()
            .expect("clang can be run");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        disk
    }

    fn library(&self) -> PathBuf {
        self.folder.path().join("disk.so")
    }

    /// Where hosts on this disk keep their state.
    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn control(&self) -> PathBuf {
        self.folder.path().join("control")
    }

    /// A host on this disk.
    pub(super) fn host(&self, project: &Project, flags: &[&str]) -> Host {
        Host::start_with(project, self.options(flags))
    }

    fn options(&self, flags: &[&str]) -> HostOptions {
        let variable = |name: &str, path: PathBuf| (name.to_owned(), path.display().to_string());
        let env = vec![
            variable("LD_PRELOAD", self.library()),
            variable("HOUSEPARTY_DISK", self.control()),
        ];
        HostOptions { env, persist: Some(self.state()), ..HostOptions::flags(flags) }
    }

    /// From now on calls fail as said (disk.c).
    pub(super) fn fail(&self, faults: &str) {
        let next = self.folder.path().join("next");
        std::fs::write(&next, faults).expect("the faults can be written");
        std::fs::rename(&next, self.control()).expect("the faults can be renamed");
    }

    fn heal(&self) {
        self.fail("");
    }

    /// How many calls have failed or waited.
    pub(super) fn hits(&self) -> u64 {
        let hits = self.folder.path().join("control.hits");
        std::fs::metadata(hits).map_or(0, |hits| hits.len())
    }
}

async fn put(host: &Host, room: &str, n: u64) -> Answer {
    host.send("POST", &format!("/party/{room}?n={n}"), "").await
}

async fn put_large(host: &Host, room: &str, n: u64) -> Answer {
    host.send("POST", &format!("/party/{room}?n={n}&bytes={LARGE}"), "").await
}

async fn state(host: &Host, room: &str) -> Value {
    host.get(&format!("/party/{room}")).await.ok().json()
}

/// Numbers from 1 on, all acknowledged.
async fn put_all(host: &Host, rooms: &[&str], count: u64) {
    for n in 1..=count {
        for room in rooms {
            assert_eq!(put(host, room, n).await.ok().json(), n);
        }
    }
}

fn numbers(upto: u64) -> Value {
    json!({ "last": upto, "log": (1..=upto).collect::<Vec<_>>() })
}

/// What goes on whatever the disk does: reads, and rooms that store nothing.
async fn assert_others_fine(host: &mut Host, read: &str, expected: &Value) {
    assert_eq!(&state(host, read).await, expected);
    assert_eq!(host.get("/party/bystander?quiet").await.ok().text(), "quiet");
    let mut socket = host.open("/party/bystander").await;
    socket.send("quiet").await;
    socket.expect_text("quiet").await;
    host.assert_alive();
}

#[test]
fn a_full_disk_costs_503_and_nothing_that_was_acknowledged() {
    run(async {
        let (project, disk) = (Project::single(LEDGER), Disk::new());
        let mut host = disk.host(&project, &[]);
        put_all(&host, &["a", "b"], 10).await;
        let mut socket = host.open("/party/a").await;
        socket.send("11").await;
        socket.expect_text("11").await;

        disk.fail("write * full");
        for room in ["a", "b", "never-seen"] {
            let answer = put(&host, room, 12).await;
            assert_eq!(answer.status, 503, "{}", answer.text());
            assert!(answer.text().contains("disk is full"), "{}", answer.text());
        }
        assert_eq!(put_large(&host, "b", 12).await.status, 503);
        assert!(disk.hits() > 3, "no write has failed");
        host.wait_for_output("Free some space");
        // The frame that the failed turn sent is never seen, the room's sockets are told.
        socket.expect_close(1011).await;
        assert_others_fine(&mut host, "b", &numbers(10)).await;
        assert_eq!(state(&host, "a").await, numbers(11));

        disk.heal();
        assert_eq!(put(&host, "a", 12).await.ok().json(), 12);
        assert_eq!(put(&host, "b", 11).await.ok().json(), 11);
        host.restart(&project);
        assert_eq!(state(&host, "a").await, numbers(12));
        assert_eq!(state(&host, "b").await, numbers(11));
        assert_eq!(state(&host, "never-seen").await, json!({ "last": 0, "log": [] }));
    });
}

#[test]
fn what_the_operator_changes_on_a_full_disk_is_refused_and_not_pretended() {
    run(async {
        let (project, disk) = (Project::single(LEDGER), Disk::new());
        let host = disk.host(&project, &["--dashboard"]);
        put_all(&host, &["a"], 3).await;
        disk.fail("write * full");
        let path = "/__houseparty__/api/storage/value?party=main&id=a&key=last";
        let guard = [("x-houseparty".to_owned(), "1".to_owned())];
        let mut client = host.client().await;
        let answer = client.request("PUT", path, &guard, "9".into()).await.expect("an answer");
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(answer.text().contains("disk is full"), "{}", answer.text());
        assert_eq!(host.get(path).await.ok().json()["json"], "3");
        assert_eq!(state(&host, "a").await, numbers(3));
        disk.heal();
        let answer = client.request("PUT", path, &guard, "9".into()).await.expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(state(&host, "a").await["last"], 9);
    });
}

#[test]
fn a_write_that_tears_leaves_the_state_before() {
    run(async {
        let (project, disk) = (Project::single(LEDGER), Disk::new());
        let mut host = disk.host(&project, &[]);
        put_all(&host, &["a", "b"], 10).await;
        for fault in ["write state.db-wal torn", "write state.db-wal broken"] {
            let before = disk.hits();
            disk.fail(fault);
            assert_eq!(put(&host, "a", 11).await.status, 503, "{fault}");
            assert!(disk.hits() > before, "{fault}: no write has failed");
            assert_others_fine(&mut host, "a", &numbers(10)).await;
            disk.heal();
        }
        assert_eq!(put(&host, "b", 11).await.ok().json(), 11);
        // Torn last thing before the end, over what a later commit would have replaced.
        disk.fail("write state.db-wal torn");
        assert_eq!(put(&host, "a", 11).await.status, 503);
        host.kill();
        disk.heal();
        host.restart(&project);
        assert_eq!(state(&host, "a").await, numbers(10));
        assert_eq!(state(&host, "b").await, numbers(11));
        assert_eq!(put(&host, "a", 11).await.ok().json(), 11);
    });
}

#[test]
fn short_writes_are_completed() {
    run(async {
        let (project, disk) = (Project::single(LEDGER), Disk::new());
        let mut host = disk.host(&project, &[]);
        disk.fail("write * short");
        put_all(&host, &["a", "b"], 10).await;
        assert!(disk.hits() > 20, "hardly any write was short");
        host.restart(&project);
        assert_eq!(state(&host, "a").await, numbers(10));
        assert_eq!(state(&host, "b").await, numbers(10));
    });
}

/// After a failed fsync: 503 for every write until the host is started anew, and no second try.
async fn assert_stopped(host: &mut Host, disk: &Disk, durable: &Value) {
    let failed = disk.hits();
    assert_eq!(failed, 1, "one fsync has failed");
    for room in ["a", "b", "never-seen"] {
        let answer = put(host, room, 99).await;
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(answer.text().contains("restart the host"), "{}", answer.text());
    }
    assert_eq!(disk.hits(), failed, "a failed fsync was tried again");
    disk.heal();
    assert_eq!(put(host, "b", 99).await.status, 503, "as if nothing had happened");
    let line = host.wait_for_output("the disk did not confirm");
    assert!(line.contains("restart the host"), "{line}");
    assert_others_fine(host, "b", durable).await;
}

#[test]
fn after_a_failed_fsync_nothing_is_written_until_a_restart() {
    run(async {
        let (project, disk) = (Project::single(LEDGER), Disk::new());
        let mut host = disk.host(&project, &[]);
        put_all(&host, &["a", "b"], 10).await;
        let mut socket = host.open("/party/a").await;
        disk.fail("sync state.db-wal broken");
        // Nobody knows whether this one is on the disk; nobody is told that it is.
        socket.send("11").await;
        let reason = socket.expect_close(1011).await;
        assert!(reason.contains("did not confirm"), "{reason}");
        assert_stopped(&mut host, &disk, &numbers(10)).await;
        disk.fail("sync * broken");
        let failed = disk.hits();
        host.terminate();
        assert_eq!(host.wait_end().code(), Some(0), "{}", host.output());
        assert_eq!(disk.hits(), failed, "the end has tried the failed fsync again");
        disk.heal();
        host.restart(&project);
        // What the log shows may not be on the disk: the host does not build on it.
        let log = std::fs::metadata(disk.state().join("state.db-wal")).expect("there is a log");
        assert_eq!(log.len(), 0, "the log was not carried over");
        assert_eq!(state(&host, "b").await, numbers(10));
        let last = state(&host, "a").await["last"].as_u64();
        assert!(last == Some(10) || last == Some(11), "{last:?}");
        assert_eq!(put(&host, "a", 12).await.ok().json(), 12);
        assert_eq!(put(&host, "b", 11).await.ok().json(), 11);
    });
}

#[test]
fn a_checkpoint_that_is_not_confirmed_stops_writing_and_loses_nothing() {
    run(async {
        let (project, disk) = (Project::single(LEDGER), Disk::new());
        let mut host = disk.host(&project, &[]);
        put_all(&host, &["b"], 10).await;
        disk.fail("sync state.db broken");
        let mut acknowledged = 0;
        while disk.hits() == 0 {
            assert!(acknowledged < UNTIL_CHECKPOINT, "there was no checkpoint");
            acknowledged += 1;
            put_large(&host, "large", acknowledged).await.ok();
        }
        assert_stopped(&mut host, &disk, &numbers(10)).await;
        assert_eq!(state(&host, "large").await, numbers(acknowledged));
        host.restart(&project);
        assert_eq!(state(&host, "large").await, numbers(acknowledged));
        assert_eq!(state(&host, "b").await, numbers(10));
        assert_eq!(put(&host, "b", 11).await.ok().json(), 11);
    });
}

#[test]
fn a_checkpoint_without_space_does_no_harm() {
    run(async {
        let (project, disk) = (Project::single(LEDGER), Disk::new());
        let mut host = disk.host(&project, &[]);
        disk.fail("write state.db full");
        for n in 1..=UNTIL_CHECKPOINT {
            put_large(&host, "large", n).await.ok();
        }
        assert!(disk.hits() > 0, "there was no checkpoint");
        assert_eq!(state(&host, "large").await, numbers(UNTIL_CHECKPOINT));
        disk.heal();
        put_large(&host, "large", UNTIL_CHECKPOINT + 1).await.ok();
        host.restart(&project);
        assert_eq!(state(&host, "large").await, numbers(UNTIL_CHECKPOINT + 1));
    });
}

#[test]
fn an_alarm_outlives_a_full_disk_and_does_not_spin() {
    run(async {
        let (project, disk) = (Project::single(LEDGER), Disk::new());
        let mut host = disk.host(&project, &[]);
        let bells = ["bell-1", "bell-2"];
        for bell in bells {
            host.get(&format!("/party/{bell}?in=400")).await.ok();
        }
        disk.fail("write * full");
        let rings = |host: &Host| host.output().matches("\"rings\"").count();
        eventually("both have rung, in vain", || async { (rings(&host) >= 4).then_some(()) }).await;
        // The second attempt comes after two seconds; without a delay there were hundreds by then.
        assert!(rings(&host) < 12, "{} rings", rings(&host));
        disk.heal();
        for bell in bells {
            eventually("it rings and is stored", || async {
                (state(&host, bell).await["last"] == 1).then_some(())
            })
            .await;
        }
        host.assert_alive();
    });
}

#[test]
fn a_disk_that_fails_at_the_start_is_named() {
    run(async {
        let (project, disk) = (Project::single(LEDGER), Disk::new());
        for fault in ["write * full", "sync * broken"] {
            disk.fail(fault);
            let ended = Host::try_start(&project, disk.options(&[]));
            let ended = ended.err().expect("nothing can be stored");
            assert_eq!(ended.code, Some(1), "{}", ended.output);
            let named = ended.output.contains(&disk.state().display().to_string());
            assert!(named && ended.output.contains("Check the disk"), "{}", ended.output);
        }
        disk.heal();
        let mut host = disk.host(&project, &[]);
        put_all(&host, &["a"], 3).await;
        // There may be space for the log's index and for nothing else: what is stored can be read.
        host.kill();
        disk.fail("write state.db full\nwrite state.db-wal full");
        host.restart(&project);
        assert_eq!(state(&host, "a").await, numbers(3));
        assert_eq!(put(&host, "a", 4).await.status, 503);
        disk.heal();
        assert_eq!(put(&host, "a", 4).await.ok().json(), 4);
        // Not even for that.
        host.kill();
        disk.fail("write * full");
        let ended = Host::try_start(&project, disk.options(&[]));
        let ended = ended.err().expect("the store cannot be opened");
        assert!(ended.output.contains("free space"), "{}", ended.output);
    });
}

#[test]
fn a_slow_disk_delays_those_who_write_and_nobody_else() {
    const DELAY: Duration = Duration::from_millis(300);
    const ASKED: u32 = 60;
    run(async {
        let (project, disk) = (Project::single(LEDGER), Disk::new());
        // One shard: the rooms that write and the others share a thread.
        let mut host = disk.host(&project, &["--shards", "1"]);
        put_all(&host, &["b"], 10).await;
        disk.fail(&format!("sync * slow {}", DELAY.as_millis()));
        let writing = async {
            for n in 1..=10 {
                let (begun, room) = (Instant::now(), if n % 2 == 0 { "even" } else { "odd" });
                put(&host, room, n).await.ok();
                assert!(begun.elapsed() >= DELAY, "answered before it was on the disk");
            }
        };
        let others = async {
            let mut socket = host.open("/party/bystander").await;
            let begun = Instant::now();
            for n in 0..ASKED {
                assert_eq!(state(&host, "b").await, numbers(10));
                let fresh = format!("/party/bystander-{n}?quiet");
                assert_eq!(host.get(&fresh).await.ok().text(), "quiet");
                socket.send("quiet").await;
                socket.expect_text("quiet").await;
            }
            begun.elapsed()
        };
        let ((), taken) = futures::join!(writing, others);
        // Had each waited for the disk once, they would have taken thrice this.
        assert!(taken < DELAY * ASKED / 3, "{taken:?} for {ASKED} times three exchanges");
        assert!(disk.hits() >= 10, "the disk was not slow");
        host.assert_alive();
    });
}
