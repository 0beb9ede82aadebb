//! What the host prints: where it serves, what parties log, which requests were answered
//! (spec K-10, G-09, G-10).

use serde_json::{Value, json};

use crate::support::{Host, HostOptions, Project, run};

fn line(host: &Host, containing: &str) -> Value {
    serde_json::from_str(&host.wait_for_output(containing)).expect("every line is a JSON object")
}

#[test]
fn people_are_told_where_every_party_is() {
    run(async {
        let options = HostOptions { command: "dev", json: false, ..HostOptions::default() };
        let host = Host::start_with(&Project::at("."), options);
        let url = format!("http://{}", host.address());
        host.wait_for_output(&format!("Ready on {url}"));
        host.wait_for_output(&format!("{url}/party/:room"));
        host.wait_for_output(&format!("{url}/parties/user/:room"));
        host.wait_for_output(&format!("{url}/parties/connections/:room"));
        host.wait_for_output(&format!("page   {url}/"));
        host.get("/party/lobby").await.ok();
        host.wait_for_output("GET /party/lobby 200");
    });
}

#[test]
fn programs_are_told_the_same() {
    run(async {
        let host = Host::start(&Project::at("tests/spec/project"));
        let ready = host.ready();
        assert_eq!(ready["url"], format!("http://{}", host.address()));
        assert_eq!(ready["parties"][0], "main");
        host.get("/parties/rest/r/status?code=404").await;
        let request = line(&host, "\"request\"");
        let told = (&request["method"], &request["path"], &request["status"]);
        assert_eq!(told, (&json!("GET"), &json!("/parties/rest/r/status"), &json!(404)));
    });
}

#[test]
fn what_a_party_logs_is_told_with_its_room() {
    run(async {
        let host = Host::start(&Project::at("tests/spec/project"));
        host.get("/parties/platform/talkative/console").await.ok();
        let logged = line(&host, "from the room");
        assert_eq!(logged["party"], "platform");
        assert_eq!(logged["room"], "talkative");
        assert_eq!(logged["level"], "log");
        let text = logged["text"].as_str().expect("a text");
        assert!(text.contains("deep") && text.contains("er") && text.contains('2'), "{text}");
    });
}

#[test]
fn an_error_is_told_with_its_place_in_the_source() {
    run(async {
        let host = Host::start(&Project::at("tests/spec/project"));
        assert_eq!(host.get("/parties/rest/r/throw").await.status, 500);
        let logged = line(&host, "it broke");
        assert_eq!((&logged["party"], &logged["room"]), (&json!("rest"), &json!("r")));
        let text = logged["text"].as_str().expect("a text");
        assert!(text.contains("rest.ts:"), "no place in the source: {text}");
    });
}

#[test]
fn a_project_that_is_good_is_said_to_be() {
    for folder in ["tests/spec/project", "."] {
        let ended = crate::support::host::run_command(&Project::at(folder), "check");
        assert_eq!(ended.code, Some(0), "{}", ended.output);
    }
}

/// A rejected write that nobody waits for is how data gets lost without a word (A-100).
#[test]
fn a_write_that_failed_unheard_is_told() {
    let main = "export default class {
      constructor(room) { this.room = room; }
      onRequest() {
        this.room.storage.put('too large', new Uint8Array(50_000_000));
        return new Response('answered');
      }
    }";
    run(async {
        let host = Host::start(&Project::single(main));
        assert_eq!(host.get("/party/r").await.text(), "answered");
        let logged = line(&host, "Values cannot be larger than");
        let told = (&logged["party"], &logged["room"], &logged["level"]);
        assert_eq!(told, (&json!("main"), &json!("r"), &json!("error")));
        let text = logged["text"].as_str().expect("a text");
        assert!(text.contains("too large"), "the key is not named: {text}");
    });
}

/// No key is silently ignored: one that has no effect yet is listed in a warning.
#[test]
fn keys_without_effect_are_listed() {
    let config = r#"{ "name": "test", "main": "main.ts", "logpush": true, "domain": "a.example" }"#;
    let main = "export default class {}";
    let host = Host::start(&Project::of(&[("partykit.json", config), ("main.ts", main)]));
    let output = host.output();
    for key in ["logpush", "domain"] {
        let warned = output.lines().any(|line| line.contains("\"warning\"") && line.contains(key));
        assert!(warned, "nothing about `{key}` in:\n{output}");
    }
}
