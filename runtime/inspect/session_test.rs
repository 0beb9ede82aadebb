//! A session over several isolates, which are lines whose orders the test reads.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::line::{Line, Order, Say};
use super::session::{HOST_ID, Maps, Session, ToClient};
use super::target::Target;
use crate::name::RoomKey;

struct Debugger {
    session: Arc<Session>,
    texts: mpsc::UnboundedReceiver<ToClient>,
}

fn debugger(path: &str) -> Debugger {
    let (out, texts) = mpsc::unbounded_channel();
    let maps = Maps::default();
    maps.replace([("houseparty-map:main:1".to_owned(), Arc::from("data:map"))].into_iter());
    let session = Session::new(7, Target::parse(path).unwrap(), out, maps);
    Debugger { session, texts }
}

impl Debugger {
    fn command(&self, id: i64, method: &str, params: Value) {
        let text = json!({ "id": id, "method": method, "params": params }).to_string();
        self.session.command(text);
    }

    /// What it has heard since it last asked.
    fn heard(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| match self.texts.try_recv().ok()? {
            ToClient::Text(text) => Some(serde_json::from_str(&text).unwrap()),
            ToClient::End(reason) => Some(json!({ "end": reason })),
        })
        .collect()
    }
}

/// An isolate that does nothing.
struct Isolate {
    line: Arc<Line>,
    say: Option<Say>,
}

fn isolate(number: u64, room: &str) -> Isolate {
    let key = RoomKey::room("main", room);
    let line = Line::new(number, key, 0, Arc::new(AtomicU64::new(0)), Box::new(|| {}));
    Isolate { line: Arc::new(line), say: None }
}

impl Isolate {
    /// Methods of the commands that have come, by their number.
    fn commands(&mut self) -> Vec<(i64, String)> {
        let mut commands = Vec::new();
        while let Some(order) = self.line.take() {
            match order {
                Order::Open { say, .. } => self.say = Some(say),
                Order::Close { .. } => self.say = None,
                Order::Command { text, .. } => {
                    let command: Value = serde_json::from_str(&text).unwrap();
                    let method = command["method"].as_str().unwrap().to_owned();
                    commands.push((command["id"].as_i64().unwrap(), method));
                }
            }
        }
        commands
    }

    fn say(&self, text: &str) {
        self.say.as_ref().unwrap()(self.line.number, text.to_owned());
    }
}

fn methods(commands: &[(i64, String)]) -> Vec<&str> {
    commands.iter().map(|(_, method)| method.as_str()).collect()
}

#[test]
fn settings_reach_every_isolate_and_what_was_undone_does_not() {
    let mut debugger = debugger("/room/main/a");
    let mut first = isolate(1, "a");
    debugger.session.appeared(&first.line);
    debugger.command(1, "Runtime.enable", Value::Null);
    debugger.command(2, "Debugger.enable", json!({}));
    debugger.command(3, "Debugger.setBreakpointByUrl", json!({ "lineNumber": 3, "url": "u" }));
    debugger.command(4, "Debugger.setBreakpointByUrl", json!({ "lineNumber": 9, "url": "u" }));
    debugger.command(5, "Debugger.removeBreakpoint", json!({ "breakpointId": "1:9:0:u" }));
    debugger.command(6, "Profiler.enable", json!({}));
    debugger.command(7, "Profiler.disable", json!({}));
    debugger.command(8, "Runtime.evaluate", json!({ "expression": "1" }));
    assert!(first.commands().iter().any(|(id, method)| *id == 8 && method == "Runtime.evaluate"));
    assert!(debugger.session.vanished(1));
    let mut second = isolate(2, "a");
    debugger.session.appeared(&second.line);
    let told = second.commands();
    assert!(told.iter().all(|(id, _)| *id > HOST_ID), "{told:?}");
    assert_eq!(
        methods(&told),
        [
            "Runtime.enable",
            "Debugger.enable",
            "Debugger.setBlackboxPatterns",
            "Debugger.setBreakpointByUrl"
        ]
    );
    // The answers are the host's; where the breakpoint is now is the debugger's.
    debugger.heard();
    for (id, _) in &told[..3] {
        second.say(&format!("{{\"id\":{id},\"result\":{{}}}}"));
    }
    let location = json!({ "scriptId": "5", "lineNumber": 3 });
    let answer = json!({ "breakpointId": "1:3:0:u", "locations": [location] });
    second.say(&format!("{{\"id\":{},\"result\":{answer}}}", told[3].0));
    let heard = debugger.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!(heard[0]["method"], "Debugger.breakpointResolved");
    assert_eq!(heard[0]["params"]["breakpointId"], "1:3:0:u");
}

#[test]
fn what_the_isolate_owes_is_answered_when_it_goes() {
    let mut debugger = debugger("/room/main/a");
    let mut first = isolate(1, "a");
    debugger.session.appeared(&first.line);
    debugger.command(1, "Runtime.enable", json!({}));
    debugger.command(2, "Runtime.evaluate", json!({ "expression": "never" }));
    first.commands();
    first.say("{\"id\":1,\"result\":{}}");
    first.say("{\"method\":\"Debugger.paused\",\"params\":{}}");
    debugger.heard();
    debugger.session.vanished(1);
    let heard = debugger.heard();
    assert_eq!(heard[0]["id"], 2);
    assert!(heard[0]["error"]["message"].as_str().unwrap().contains("gone"));
    assert_eq!(heard[1]["method"], "Debugger.resumed");
    assert_eq!(heard[2]["method"], "Runtime.executionContextsCleared");
    // What the old one still says is nobody's.
    first.say("{\"method\":\"Debugger.paused\",\"params\":{}}");
    assert!(debugger.heard().is_empty());
}

#[test]
fn without_an_isolate_settings_are_answered_and_questions_refused() {
    let mut debugger = debugger("/party/main");
    debugger.command(1, "Debugger.enable", json!({}));
    debugger.command(2, "Debugger.setBreakpointByUrl", json!({ "lineNumber": 3, "urlRegex": "x" }));
    debugger.command(3, "Runtime.evaluate", json!({ "expression": "1" }));
    debugger.session.command("{".to_owned());
    let heard = debugger.heard();
    assert!(heard[0]["result"]["debuggerId"].is_string());
    assert_eq!(heard[1]["result"]["breakpointId"], "2:3:0:x");
    assert!(heard[2]["error"]["message"].as_str().unwrap().contains("not awake"));
    assert_eq!(heard[3]["error"]["code"], -32700);
}

#[test]
fn a_party_is_followed_to_its_newest_room_but_not_out_of_a_pause() {
    let mut debugger = debugger("/party/main");
    let (mut a, mut b, mut c) = (isolate(1, "a"), isolate(2, "b"), isolate(3, "c"));
    debugger.session.appeared(&a.line);
    debugger.session.appeared(&b.line);
    a.commands();
    b.commands();
    assert!(a.say.is_none() && b.say.is_some());
    b.say("{\"method\":\"Debugger.paused\",\"params\":{}}");
    debugger.session.appeared(&c.line);
    c.commands();
    assert!(c.say.is_none());
    b.say("{\"method\":\"Debugger.resumed\",\"params\":{}}");
    debugger.session.appeared(&c.line);
    c.commands();
    assert!(c.say.is_some());
    debugger.heard();
}

#[test]
fn the_mark_of_a_map_becomes_the_map() {
    let mut debugger = debugger("/room/main/a");
    let mut first = isolate(1, "a");
    debugger.session.appeared(&first.line);
    first.commands();
    for mark in ["houseparty-map:main:1", "houseparty-map:main:2"] {
        let params = json!({ "url": "file:///x.js", "sourceMapURL": mark });
        first.say(&format!("{{\"method\":\"Debugger.scriptParsed\",\"params\":{params}}}"));
    }
    let heard = debugger.heard();
    assert_eq!(heard[0]["params"]["sourceMapURL"], "data:map");
    assert_eq!(heard[1]["params"]["sourceMapURL"], "houseparty-map:main:2");
}

#[test]
fn a_room_that_waits_is_not_left_for_a_newer_one() {
    let debugger = debugger("/party/main");
    let (mut a, mut b) = (isolate(1, "a"), isolate(2, "b"));
    a.line.set_waiting(true);
    debugger.session.appeared(&a.line);
    debugger.session.appeared(&b.line);
    a.commands();
    b.commands();
    assert!(a.say.is_some() && b.say.is_none());
}
