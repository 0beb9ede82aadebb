//! What takes most of a minute by its nature: a cron runs once a minute at best, a critical section may
//! take thirty seconds. These wait for it beside the other tests.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::http::raw;
use crate::support::{Host, Project, run};

/// A minute, and what a busy machine adds.
const CRON_DEADLINE: Duration = Duration::from_secs(90);

/// Every run is told to a room.
const CRONS: &str = r#"
export default class Crons {
  constructor(room) { this.room = room; this.runs = []; }
  static async onCron(cron, lobby) {
    const body = JSON.stringify([cron.name, cron.cron, cron.scheduledTime, Date.now(), Object.keys(lobby).sort()]);
    await lobby.parties.main.get("log").fetch("/run", { method: "POST", body });
    if (cron.name === "fails") throw new Error("a cron that fails");
  }
  async onRequest(request) {
    if (request.method === "POST") this.runs.push([...(await request.json()), new URL(request.url).host]);
    return Response.json(this.runs);
  }
}
"#;

/// R-83, R-84, R-85.
#[test]
fn crons_run_on_schedule_each_under_its_name() {
    run(async {
        let config = r#"{ "name": "test", "main": "main.ts", "crons":
            { "one": "* * * * *", "two": "* * * * *", "fails": "* * * * *", "never": "0 0 29 2 *" } }"#;
        let project = Project::of(&[("partykit.json", config), ("main.ts", CRONS)]);
        let mut host = Host::start(&project);
        let begun = Instant::now();
        let runs: Vec<Value> = loop {
            let answer = host.get("/party/log").await.ok().json();
            let runs = answer.as_array().expect("a list of runs").clone();
            if runs.len() >= 3 {
                break runs;
            }
            assert!(begun.elapsed() < CRON_DEADLINE, "not within {CRON_DEADLINE:?}: {runs:?}");
            // Between two looks; nothing depends on how long it is.
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let mut names: Vec<&str> = runs.iter().filter_map(|run| run[0].as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["fails", "one", "two"]);
        let lobby = ["ai", "analytics", "assets", "bindings", "env", "parties", "vectorize"];
        for run in &runs {
            let [planned, at] = [2, 3].map(|index| run[index].as_i64().expect("a time"));
            assert_eq!((planned % 60_000, run[1].as_str()), (0, Some("* * * * *")), "{run}");
            assert!((0..30_000).contains(&(at - planned)), "{run}");
            assert_eq!(run[4], Value::from(lobby.to_vec()), "{run}");
            assert_eq!(run[5], host.address().to_string(), "{run}");
        }
        host.wait_for_output("a cron that fails");
        host.assert_alive();
    });
}

const SECTIONS: &str = r#"
export default class Sections {
  constructor(room) { this.room = room; this.born = crypto.randomUUID(); }
  async onRequest(request) {
    const { room } = this;
    const { main } = room.context.parties;
    const begin = () => main.get("log").fetch("/" + room.id, { method: "POST" });
    const last = new URL(request.url).pathname.split("/").at(-1);
    if (request.method === "POST") this.begun = [...(this.begun ?? []), last];
    switch (last) {
      case "begun": return Response.json(this.begun ?? []);
      case "never": return room.blockConcurrencyWhile(async () => {
        await begin();
        await new Promise(() => {});
      });
      case "itself": return room.blockConcurrencyWhile(async () => {
        await begin();
        await main.get(room.id).fetch("/x");
      });
      case "transaction": return room.storage.transaction(async (txn) => {
        await begin();
        await txn.put("a", 1);
        await new Promise(() => {});
      });
      case "stored": return Response.json([...(await room.storage.list()).keys()]);
    }
    return new Response(this.born);
  }
}
"#;

/// GATE-14, GATE-19, KV-60: whoever waits is told, and the room starts again.
#[test]
fn sections_end_after_thirty_seconds() {
    run(async {
        let mut host = Host::start(&Project::single(SECTIONS));
        let address = host.address();
        let ask = async |room: &str, path: &str| {
            let begun = Instant::now();
            let request = format!(
                "GET /party/{room}/{path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
            );
            let answer = raw(address, request.as_bytes(), Duration::from_secs(60)).await;
            (answer, begun.elapsed())
        };
        let stuck = async |act: &str| {
            let room = format!("room-{act}");
            let born = host.get(&format!("/party/{room}/born")).await.text();
            // The second comes when the section has begun, and waits for its end.
            let later = async {
                while !host.get("/party/log/begun").await.text().contains(&room) {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                ask(&room, "born").await
            };
            let (first, second) = futures::join!(ask(&room, act), later);
            for (answer, taken) in [&first, &second] {
                assert!(answer.starts_with("HTTP/1.1 500"), "{act}: {answer}");
                assert!(answer.contains("waited for too long"), "{act}: {answer}");
                assert!((29..50).contains(&taken.as_secs()), "{act}: {taken:?}");
            }
            let again = host.get(&format!("/party/{room}/born")).await.text();
            assert_ne!(again, born, "{act}: the room was not reset");
            let stored = host.get(&format!("/party/{room}/stored")).await.text();
            assert_eq!(stored, "[]", "{act}: half a transaction was kept");
        };
        futures::join!(stuck("never"), stuck("itself"), stuck("transaction"));
        host.assert_alive();
    });
}
