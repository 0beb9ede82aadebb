//! Every folder of `examples/` is booted from its own `partykit.json` and does what its README
//! promises. `multiparty.rs` drives the example that the root's `partykit.json` serves, end to end;
//! `gallery.rs` those with storage, limits, crons, streams, WebAssembly and packages; `pages.rs` opens
//! their pages in a browser.

mod gallery;
mod multiparty;
mod pages;

use serde_json::json;

use crate::support::node::{installed, run_script};
use crate::support::project::repository;
use crate::support::{Client, Frame, Host, HostOptions, Project, eventually, run};

/// The examples that have a test here. One that is added without a test fails.
const TESTED: [&str; 15] = [
    "alarms",
    "auth",
    "chat",
    "counter",
    "cron",
    "cursors",
    "editor",
    "hibernation",
    "multiparty",
    "polls",
    "presence",
    "socket-io",
    "stream",
    "todo",
    "wasm",
];

fn example(name: &str) -> Project {
    let folder = format!("examples/{name}");
    if repository().join(&folder).join("package-lock.json").is_file() {
        installed(&folder);
    }
    Project::at(folder)
}

#[test]
fn every_example_has_a_test_and_is_explained() {
    let index = std::fs::read_to_string(repository().join("examples/README.md"));
    let index = index.expect("the examples have an index");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(repository().join("examples")).expect("there are examples") {
        let entry = entry.expect("the folder can be read");
        if entry.path().is_dir() {
            let name = entry.file_name().into_string().expect("names are UTF-8");
            let readme = std::fs::read_to_string(entry.path().join("README.md"));
            assert!(readme.is_ok_and(|text| text.starts_with("# ")), "{name} has no README.md");
            let row = format!("| [`{name}`]({name}) |");
            assert!(index.contains(&row), "examples/README.md has no row `{row}`");
            found.push(name);
        }
    }
    found.sort();
    assert_eq!(found, TESTED);
}

/// What examples share; each has a copy, so that it can be taken away as it is.
#[test]
fn what_the_examples_share_is_the_same_in_all() {
    for shared in ["public/base.css", "public/room.js", "tsconfig.json"] {
        let mut texts = Vec::new();
        for name in TESTED {
            let path = repository().join("examples").join(name).join(shared);
            texts.extend(std::fs::read_to_string(path).map(|text| (name, text)));
        }
        assert!(texts.len() > 2, "{shared} is not in the examples any more");
        for (name, text) in &texts[1..] {
            assert!(*text == texts[0].1, "{shared} of {name} is not that of {}", texts[0].0);
        }
    }
}

/// Against the types of `partykit/server` that this repository ships: `partykit` is not installed.
#[test]
fn every_example_type_checks() {
    for name in TESTED {
        example(name);
    }
    for folder in ["examples", "examples/counter", "tests/spec/project"] {
        let folder = repository().join(folder).display().to_string();
        run_script("node_modules/typescript/bin/tsc", &["--project", &folder]);
    }
}

/// Against the types of the npm package itself, as in a project that has it installed.
#[test]
fn every_example_type_checks_with_partykit_installed() {
    let project = installed("tests/packages").join("tsconfig.examples.json").display().to_string();
    run_script("node_modules/typescript/bin/tsc", &["--project", &project]);
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
