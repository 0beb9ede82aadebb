//! The crash harness: a host under load is killed with SIGKILL at a random moment and started again
//! on the same folder, round after round; then everything is accounted for.
//!
//! What must hold: a write that was acknowledged, over HTTP or by a frame, or that an onlooker was
//! shown, is there; the two keys of one turn are never torn and the log beside them has no gap; an
//! alarm that was acknowledged rings, if need be after the restart and without any traffic to its
//! room. `load.rs` makes the load and remembers what was acknowledged.
//!
//! `HOUSEPARTY_CRASH_ROUNDS` says how many rounds (10), `HOUSEPARTY_CRASH_SEED` repeats the moments
//! of a run. How far the load has got when the kill comes differs from run to run: that is its
//! purpose.

mod load;

use std::time::Duration;

use serde_json::Value;

use crate::support::project::fresh_folder;
use crate::support::{Host, HostOptions, Project, Random, eventually, run};
use load::{Kind, Load};

/// Writes two keys and a log of the last fifty, in one turn; rings for its alarm at a room that
/// keeps count.
const LEDGER: &str = r#"
const KEPT = 50;
const logKey = (n) => `log:${String(n).padStart(9, "0")}`;

export default class Ledger {
  constructor(room) { this.room = room; }

  write(n) {
    const { storage } = this.room;
    storage.put("left", n);
    storage.put(logKey(n), n);
    storage.delete(logKey(n - KEPT));
    storage.put("right", n);
  }

  async onRequest(request) {
    const { storage } = this.room;
    const url = new URL(request.url);
    const n = Number(url.searchParams.get("n"));
    switch (url.pathname.split("/").at(-1)) {
      case "put":
        this.write(n);
        return Response.json(n);
      case "alarm":
        storage.put("wish", n);
        storage.setAlarm(Date.now() + Number(url.searchParams.get("in")));
        return Response.json(n);
      case "rang":
        await storage.put(`rang:${url.searchParams.get("room")}`, n);
        return Response.json(n);
      case "bells":
        return Response.json(Object.fromEntries(await storage.list({ prefix: "rang:" })));
    }
    const log = [...(await storage.list({ prefix: "log:" })).values()];
    const [left, right] = [await storage.get("left"), await storage.get("right")];
    return Response.json({ left: left ?? 0, right: right ?? 0, log });
  }

  onMessage(message) {
    this.write(Number(message));
    this.room.broadcast(message);
  }

  async onAlarm() {
    const { id, storage, context } = this.room;
    const n = await storage.get("wish");
    await context.parties.main.get("witness").fetch(`/rang?room=${id}&n=${n}`);
  }
}
"#;

const LOG_KEPT: u64 = 50;

fn rounds() -> u64 {
    let text = std::env::var("HOUSEPARTY_CRASH_ROUNDS").unwrap_or_else(|_| "10".to_owned());
    text.parse().expect("HOUSEPARTY_CRASH_ROUNDS is a number")
}

#[test]
fn crash_loses_nothing_that_was_acknowledged() {
    let mut random = Random::new(Random::seed("HOUSEPARTY_CRASH_SEED"));
    let project = Project::single(LEDGER);
    let folder = fresh_folder();
    run(async {
        let mut host = Host::start_with(&project, HostOptions::persist(folder.path()));
        let mut load = Load::new();
        for round in 1..=rounds() {
            let running = load.start(host.address());
            // The moment of the blow, not a wait for anything.
            tokio::time::sleep(Duration::from_millis(30 + random.below(700))).await;
            host.kill();
            load = running.stopped().await;
            host.restart(&project);
            let acknowledged = account(&host, &mut load, round).await;
            println!("round {round}: {acknowledged} acknowledged so far, all there");
        }
        // A host that acknowledges nothing would pass the rest.
        assert!(load.acknowledged(Kind::Http) > rounds(), "hardly anything was written over HTTP");
        assert!(
            load.acknowledged(Kind::Socket) > rounds(),
            "hardly anything was written by frames"
        );
        assert!(load.acknowledged(Kind::Alarm) > 0, "no alarm was set");
    });
}

/// Compares what is stored with what was acknowledged; the rooms go on from what is stored.
async fn account(host: &Host, load: &mut Load, round: u64) -> u64 {
    for room in load.writers() {
        let state = host.get(&format!("/party/{}/state", room.id)).await.ok().json();
        let stored = state["left"].as_u64().expect("a count");
        let told = || format!("round {round}, {room:?}: {state}");
        assert_eq!(state["left"], state["right"], "torn: {}", told());
        assert!(stored >= room.acknowledged, "acknowledged writes are lost: {}", told());
        assert!(stored <= room.tried, "never asked for: {}", told());
        let first = stored.saturating_sub(LOG_KEPT - 1).max(1);
        let expected: Vec<Value> = (first..=stored).map(Value::from).collect();
        assert_eq!(state["log"], Value::from(expected), "the log has a gap: {}", told());
        room.go_on_from(stored);
    }
    let bells = load.bells();
    eventually(&format!("round {round}: every alarm that was acknowledged rings"), || async {
        let rung = host.get("/party/witness/bells").await.ok().json();
        let missing = bells
            .iter()
            .find(|(id, n)| rung[format!("rang:{id}")].as_u64().unwrap_or_default() < *n);
        missing.is_none().then_some(())
    })
    .await;
    load.total()
}
