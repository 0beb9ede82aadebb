//! The project of several parties, end to end: over raw WebSockets with a restart in between, with
//! the real `partysocket` in Node, and by two tabs of headless Chromium.

use serde_json::{Value, json};

use super::example;
use crate::support::node::run_script;
use crate::support::{Host, Project, eventually, run};

const COUNTS: &str = "/parties/connections/active-connections";

async fn wait_counts(host: &Host, expected: Value) {
    eventually(&format!("the counts become {expected}"), || async {
        (host.get(COUNTS).await.ok().json() == expected).then_some(())
    })
    .await;
}

#[test]
fn multiparty_chat_and_counts() {
    run(async {
        let mut host = Host::start(&example("multiparty"));
        let mut counts = host.open(COUNTS).await;
        counts.expect_json(&json!({})).await;
        let put = host.send("PUT", "/parties/user/ann-id", r#"{"name":"Ann","hue":20}"#).await;
        assert_eq!(put.ok().json(), json!({ "name": "Ann", "hue": 20 }));

        let mut ann = host.open("/party/lobby?user=ann-id").await;
        counts.expect_json(&json!({ "lobby": 1 })).await;
        let mut ben = host.open("/party/lobby?user=ben-id").await;
        counts.expect_json(&json!({ "lobby": 2 })).await;
        let mut cleo = host.open("/party/kitchen?user=cleo-id").await;
        counts.expect_json(&json!({ "lobby": 2, "kitchen": 1 })).await;

        // Everybody but the sender, and only in the same room.
        ann.send("hello").await;
        let hello = json!({ "type": "message", "name": "Ann", "hue": 20, "text": "hello" });
        ben.expect_json(&hello).await;
        ben.send("hello back").await;
        assert_eq!(ann.next_json().await["text"], "hello back");
        // The room listens for changes of a name over a socket to the user's room.
        host.send("PUT", "/parties/user/ann-id", r#"{"name":"Anna","hue":21}"#).await.ok();
        let renamed = json!({ "type": "renamed", "from": "Ann", "to": "Anna" });
        ben.expect_json(&renamed).await;
        ann.expect_json(&renamed).await;
        ann.send("again").await;
        let again = json!({ "type": "message", "name": "Anna", "hue": 21, "text": "again" });
        ben.expect_json(&again).await;
        // Nothing of all this has reached the other room.
        cleo.send("anybody here?").await;
        let alone = host.get("/party/kitchen").await.ok().json();
        assert_eq!(alone, json!({ "room": "kitchen", "count": 1 }));

        ben.close().await;
        counts.expect_json(&json!({ "lobby": 1, "kitchen": 1 })).await;
        drop(cleo);
        counts.expect_json(&json!({ "lobby": 1 })).await;
        ann.close().await;
        counts.expect_json(&json!({})).await;
        host.assert_alive();
    });
}

#[test]
fn multiparty_counts_survive_a_kill_and_become_true_again() {
    run(async {
        let project = example("multiparty");
        let mut host = Host::start(&project);
        let mut people = Vec::new();
        for room in ["lobby", "lobby", "kitchen"] {
            people.push(host.open(&format!("/party/{room}")).await);
        }
        wait_counts(&host, json!({ "lobby": 2, "kitchen": 1 })).await;
        host.send("PUT", "/parties/user/ann-id", r#"{"name":"Ann","hue":20}"#).await.ok();

        host.restart(&project);
        let saved = host.get(COUNTS).await.ok().json();
        assert_eq!(saved, json!({ "lobby": 2, "kitchen": 1 }), "saved counts");
        let kept = host.get("/parties/user/ann-id").await.ok().json();
        assert_eq!(kept, json!({ "name": "Ann", "hue": 20 }));
        for person in &mut people {
            person.expect_close(1006).await;
        }
        // One comes back; those who do not are found out, and no count goes below zero.
        let _back = host.open("/party/lobby").await;
        wait_counts(&host, json!({ "lobby": 1 })).await;
    });
}

#[test]
fn multiparty_refuses_reports_from_outside() {
    run(async {
        let host = Host::start(&example("multiparty"));
        let report = r#"{"room":"lobby","count":99}"#;
        assert_eq!(host.send("POST", COUNTS, report).await.status, 403);
        assert_eq!(host.get(COUNTS).await.json(), json!({}));
        let refused = host.send("PUT", "/parties/user/x", r#"{"name":""}"#).await;
        assert_eq!(refused.status, 400);
    });
}

/// The `partykit.json` at the top serves the same project.
#[test]
fn the_root_project_is_multiparty() {
    run(async {
        let host = Host::start(&Project::at("."));
        assert_eq!(host.ready()["parties"], json!(["main", "user", "connections"]));
        assert!(host.get("/").await.ok().text().contains("Houseparty"));
        assert_eq!(
            host.get("/app.js").await.ok().headers["content-type"],
            "text/javascript; charset=utf-8"
        );
        assert_eq!(host.get(COUNTS).await.json(), json!({}));
    });
}

#[test]
fn multiparty_with_partysocket() {
    let host = Host::start(&example("multiparty"));
    let told = run_script("partysocket.js", &[&host.address().to_string()]);
    assert!(told.contains("all as it must be"), "{told}");
}

#[test]
fn multiparty_in_two_tabs() {
    let host = Host::start(&example("multiparty"));
    let told = run_script("browser.js", &[&format!("http://{}", host.address())]);
    assert!(told.contains("all as it must be"), "{told}");
}
