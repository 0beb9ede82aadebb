//! Every folder of `examples/` is booted from its own `partykit.json` and does what its README
//! promises. `multiparty.rs` drives the example that the root's `partykit.json` serves, end to end.

mod multiparty;

use serde_json::json;

use crate::support::node::run_script;
use crate::support::project::repository;
use crate::support::{Client, Frame, Host, HostOptions, Project, Socket, eventually, run};

/// The examples that have a test below. One that is added without a test fails here.
const TESTED: [&str; 6] = ["alarms", "auth", "counter", "hibernation", "multiparty", "presence"];

fn example(name: &str) -> Project {
    Project::at(format!("examples/{name}"))
}

#[test]
fn every_example_has_a_test_and_is_explained() {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(repository().join("examples")).expect("there are examples") {
        let entry = entry.expect("the folder can be read");
        if entry.path().is_dir() {
            let name = entry.file_name().into_string().expect("names are UTF-8");
            assert!(entry.path().join("README.md").is_file(), "{name} has no README.md");
            found.push(name);
        }
    }
    found.sort();
    assert_eq!(found, TESTED);
}

/// Against the types of `partykit/server` that this repository ships, with nothing installed.
#[test]
fn every_example_type_checks() {
    for name in TESTED {
        let folder = repository().join("examples").join(name).display().to_string();
        run_script("node_modules/typescript/bin/tsc", &["--project", &folder]);
    }
    let folder = repository().join("tests/spec/project").display().to_string();
    run_script("node_modules/typescript/bin/tsc", &["--project", &folder]);
}

#[test]
fn counter() {
    run(async {
        let mut host = Host::start(&example("counter"));
        let visits = |count: u64| json!({ "room": "visits", "count": count });
        assert_eq!(host.send("POST", "/party/visits", "").await.ok().json(), visits(1));
        assert_eq!(host.send("POST", "/party/visits", "").await.json(), visits(2));
        assert_eq!(host.get("/party/visits").await.json(), visits(2));
        assert_eq!(host.get("/party/other").await.json(), json!({ "room": "other", "count": 0 }));
        assert_eq!(host.send("PATCH", "/party/visits", "").await.status, 405);
        // "Send a thousand at once: none gets lost."
        let address = host.address();
        let tasks = (0..20).map(|_| {
            tokio::spawn(async move {
                let mut client = Client::connect(address).await.expect("the host accepts");
                for _ in 0..50 {
                    let answer = client.request("POST", "/party/many", &[], Default::default());
                    assert_eq!(answer.await.expect("an answer").status, 200);
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.expect("every request is answered");
        }
        assert_eq!(host.get("/party/many").await.json()["count"], 1000);
        // "Stop the host between two calls, even with kill -9, and go on counting."
        host.kill();
        host.restart(&example("counter"));
        assert_eq!(host.get("/party/many").await.json()["count"], 1000);
        assert_eq!(host.send("POST", "/party/visits", "").await.json(), visits(3));
        assert_eq!(host.send("DELETE", "/party/visits", "").await.json(), visits(0));
    });
}

#[test]
fn alarms() {
    run(async {
        let mut host = Host::start(&example("alarms"));
        let mut listener = host.open("/party/tea").await;
        let soon = r#"{"text":"Take the bag out","seconds":0.2}"#;
        let pending = host.send("POST", "/party/tea", soon).await.ok().json();
        assert_eq!(pending[0]["text"], "Take the bag out");
        assert_eq!(listener.next_json().await["text"], "Take the bag out");
        assert_eq!(host.send("POST", "/party/tea", "{}").await.status, 400);
        // Two reminders, one alarm; the later one first.
        host.send("POST", "/party/tea", r#"{"text":"second","seconds":0.4}"#).await.ok();
        host.send("POST", "/party/tea", r#"{"text":"first","seconds":0.1}"#).await.ok();
        assert_eq!(listener.next_json().await["text"], "first");
        assert_eq!(listener.next_json().await["text"], "second");
        // "Those that fell due while the host was off are sent soon after it starts."
        host.send("POST", "/party/tea", r#"{"text":"overdue","seconds":2}"#).await.ok();
        host.restart(&example("alarms"));
        let mut listener = host.open("/party/tea").await;
        assert_eq!(listener.next_json().await["text"], "overdue");
        eventually("nothing is left", || async {
            (host.get("/party/tea").await.json() == json!([])).then_some(())
        })
        .await;
    });
}

#[test]
fn auth() {
    run(async {
        let host = Host::start(&example("auth"));
        assert_eq!(host.get("/party/club").await.status, 401);
        let opened = Socket::try_open(host.address(), "/party/club", &[]).await;
        assert_eq!(opened.err().expect("strangers are turned away").status, 401);
        let token = host.get("/token?name=ann").await.ok().text();
        let mut client = host.client().await;
        let bearer = [("authorization".to_owned(), format!("Bearer {token}"))];
        let answer = client.request("GET", "/party/club", &bearer, Default::default()).await;
        assert_eq!(answer.expect("an answer").ok().text(), "Hello, ann");
        let forged = [
            ("authorization".to_owned(), format!("Bearer {token}")),
            ("x-name".to_owned(), "root".to_owned()),
        ];
        let answer = client.request("GET", "/party/club", &forged, Default::default()).await;
        assert_eq!(answer.expect("an answer").ok().text(), "Hello, ann");
        let mut ann = host.open(&format!("/party/club?token={token}")).await;
        ann.expect_text("Welcome, ann").await;
        let other = host.get("/token?name=ben").await.ok().text();
        let mut ben = host.open(&format!("/party/club?token={other}")).await;
        ben.expect_text("Welcome, ben").await;
        ann.expect_text("ben came in").await;
        let wrong = format!("/party/club?token=ann.{}", other.trim_start_matches("ben."));
        let opened = Socket::try_open(host.address(), &wrong, &[]).await;
        assert_eq!(opened.err().expect("a wrong signature").status, 401);
    });
}

#[test]
fn hibernation() {
    run(async {
        let options = HostOptions::flags(&["--hibernate-after", "0.5"]);
        let mut host = Host::start_with(&example("hibernation"), options);
        let mut player = host.open("/party/quiz").await;
        player.expect_text("What is six times seven?").await;
        player.send("42").await;
        let first = player.next_json().await;
        assert_eq!(first["points"], 1);
        // Each answer wakes the room up, so ask seldom: until it was gone in between.
        let mut points = 1;
        loop {
            assert!(points < 20, "the room never hibernates");
            // Longer than the room stays in memory; how much longer does not matter.
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            player.send(" 42 ").await;
            points += 1;
            let answer = player.next_json().await;
            assert_eq!(answer["points"], points, "the points are kept");
            if answer["wokenAt"] != first["wokenAt"] {
                break;
            }
        }
        host.assert_alive();
    });
}

#[test]
fn presence() {
    run(async {
        let host = Host::start(&example("presence"));
        let mut ann = host.open("/party/match?name=ann&role=player").await;
        let here = |players: serde_json::Value, watchers: u64| json!({ "players": players, "watchers": watchers });
        ann.expect_json(&here(json!([{ "name": "ann", "status": "here" }]), 0)).await;
        let mut watcher = host.open("/party/match").await;
        let with_watcher = here(json!([{ "name": "ann", "status": "here" }]), 1);
        ann.expect_json(&with_watcher).await;
        watcher.expect_json(&with_watcher).await;
        ann.send("away").await;
        let away = here(json!([{ "name": "ann", "status": "away" }]), 1);
        watcher.expect_json(&away).await;
        // What a watcher sends is ignored: the next thing anybody hears is Ann's.
        watcher.send("away").await;
        ann.send("here").await;
        watcher.expect_json(&with_watcher).await;
        assert_eq!(host.get("/party/match").await.json(), with_watcher);
        ann.close().await;
        watcher.expect_json(&here(json!([]), 1)).await;
        watcher.start_close(Some(1000), "").await;
        assert!(matches!(watcher.next().await, Frame::Close { code: 1000, .. }));
    });
}
