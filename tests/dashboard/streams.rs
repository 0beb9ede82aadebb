//! The log, the stream of events, crons, and a dashboard that is open while its host stops.

use std::time::Instant;

use serde_json::{Value, json};

use crate::support::http::Streaming;
use crate::support::{Host, eventually, run};

use super::{ask, change, get, host};

/// A stream of events, and what has arrived of the next.
struct Events {
    stream: Streaming,
    buffer: String,
}

impl Events {
    async fn open(host: &Host, query: &str) -> Self {
        let mut client = host.client().await;
        let path = format!("/__houseparty__/api/events?{query}");
        let stream = client.stream("GET", &path, futures::stream::empty()).await.expect("a stream");
        assert_eq!(stream.status, 200);
        assert_eq!(stream.headers["content-type"], "text/event-stream");
        Self { stream, buffer: String::new() }
    }

    /// The next event: its name and what it says.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.buffer.split_once("\n\n") {
                let event = event.to_owned();
                self.buffer = rest.to_owned();
                let Some((name, data)) = event.split_once("\ndata: ") else { continue };
                let name = name.strip_prefix("event: ").expect("an event has a name").to_owned();
                return Some((name, serde_json::from_str(data).expect("an event is JSON")));
            }
            self.buffer += &self.stream.next().await?.ok()?;
        }
    }

    /// The next event for which `find` gives something.
    async fn find<T>(&mut self, what: &str, find: impl Fn(&str, &Value) -> Option<T>) -> T {
        loop {
            let Some((name, value)) = self.next().await else { panic!("the stream ended: {what}") };
            if let Some(found) = find(&name, &value) {
                return found;
            }
        }
    }
}

fn says(value: &Value, text: &str) -> bool {
    value["lines"].as_array().is_some_and(|lines| lines.iter().any(|line| line["text"] == text))
}

#[test]
fn the_log_has_what_parties_say_and_who_asked() {
    run(async {
        let host = host(&[]);
        let mut ann = host.open("/party/tea").await;
        ann.expect_text("welcome to tea").await;
        ann.send("one").await;
        ann.expect_text("echo:one").await;
        ann.send("throw").await;
        host.get("/party/other?x").await.ok();
        let log = get(&host, "log").await;
        let lines = log["lines"].as_array().unwrap();
        let heard = lines.iter().find(|line| line["text"] == "heard one").expect("the line");
        assert_eq!(
            (&heard["party"], &heard["id"], &heard["level"]),
            (&json!("main"), &json!("tea"), &json!("log"))
        );
        let request =
            lines.iter().find(|line| line["path"] == "/party/other").expect("the request");
        assert_eq!((&request["status"], &request["method"]), (&json!(200), &json!("GET")));
        assert!(!log.to_string().contains("__houseparty__"), "the dashboard does not watch itself");
        let error = eventually("the error is logged", || async {
            let log = get(&host, "log?party=main&id=tea").await;
            let lines = log["lines"].as_array().unwrap().clone();
            assert!(lines.iter().all(|line| line["id"] == "tea"));
            lines.into_iter().find(|line| line["level"] == "error")
        })
        .await;
        assert!(error["text"].as_str().unwrap().contains("thrown on purpose"));
        let later = get(&host, &format!("log?since={}", error["number"])).await;
        assert!(later["lines"].as_array().unwrap().len() < lines.len());
    });
}

#[test]
fn events_come_when_something_changes_and_only_then() {
    run(async {
        let host = host(&[]);
        let mut events = Events::open(&host, "rooms&log").await;
        let total = |wanted: u64| {
            move |name: &str, value: &Value| {
                (name == "rooms" && value["total"] == wanted).then_some(())
            }
        };
        events.find("no room yet", total(0)).await;
        let mut ann = host.open("/party/tea").await;
        ann.expect_text("welcome to tea").await;
        events.find("the room", total(1)).await;
        ann.send("hello").await;
        events
            .find("its line", |name, value| {
                (name == "log" && says(value, "heard hello")).then_some(())
            })
            .await;

        let mut room = Events::open(&host, "room&party=main&id=tea&log").await;
        let first =
            room.find("the room", |name, value| (name == "room").then(|| value.clone())).await;
        assert_eq!(first["connections"], 1);
        ann.close().await;
        room.find("nobody is left", |name, value| {
            (name == "room" && value["connections"] == 0).then_some(())
        })
        .await;
        let mut nobody = Events::open(&host, "room&party=main&id=nobody").await;
        let (name, problem) = nobody.next().await.expect("an event");
        assert_eq!(
            (name.as_str(), &problem["status"], &problem["of"]),
            ("problem", &json!(404), &json!("room"))
        );
    });
}

#[test]
fn places_for_streams_are_bounded_and_given_back() {
    run(async {
        let host = host(&[]);
        let mut open = Vec::new();
        for _ in 0..32 {
            open.push(Events::open(&host, "log").await);
        }
        assert_eq!(ask(&host, "events?log").await.status, 503);
        drop(open);
        eventually("a place is free", || async {
            let mut client = host.client().await;
            let path = "/__houseparty__/api/events?log";
            let stream = client.stream("GET", path, futures::stream::empty()).await.ok()?;
            (stream.status == 200).then_some(())
        })
        .await;
    });
}

#[test]
fn crons_run_when_they_are_asked_to() {
    run(async {
        let host = host(&[]);
        let run = |name: &'static str| change(&host, "POST", name, &[], "");
        assert_eq!(run("cron?name=tidy").await.ok().json()["status"], 200);
        host.wait_for_output("cron tidy");
        let broken = run("cron?name=broken").await.ok().json();
        assert_eq!(broken["status"], 500, "{broken}");
        assert_eq!(run("cron?name=nothing").await.status, 404);
        assert_eq!(run("cron").await.status, 400);
    });
}

#[test]
fn an_open_dashboard_does_not_keep_the_host_from_stopping() {
    run(async {
        let mut host = host(&[]);
        let mut ann = host.open("/party/tea").await;
        ann.expect_text("welcome to tea").await;
        let mut events = Events::open(&host, "host&rooms&log").await;
        assert!(events.next().await.is_some());
        let began = Instant::now();
        host.terminate();
        while events.next().await.is_some() {}
        assert!(host.wait_end().success());
        assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    });
}
