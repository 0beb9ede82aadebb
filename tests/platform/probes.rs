//! The table of globals, thing by thing: every check of the parties in `project/src` passes.

use crate::support::{Host, Project, run};

/// Parties whose checks throw when something is wrong.
const PARTIES: [&str; 4] = ["globals", "streams", "http", "crypto"];

/// Answers for other checks, and what those of them that never end would do.
const NOT_CHECKS: [&str; 12] = [
    "echo",
    "endless",
    "events",
    "fixed-length-answer",
    "moved",
    "redirect-away",
    "redirect-loop",
    "slow",
    "take-form",
    "all",
    "fall",
    "page",
];

#[test]
fn g_00_every_global_is_there_and_does_what_it_should() {
    let host = Host::start(&Project::at("tests/platform/project"));
    run(async {
        let mut failed = Vec::new();
        for party in PARTIES {
            let names = host.get(&format!("/parties/{party}/room/all")).await.ok().json();
            let names = names.as_array().expect("a list of names");
            assert!(names.len() > 10, "{party}: {names:?}");
            for name in names.iter().filter_map(|name| name.as_str()) {
                if NOT_CHECKS.contains(&name) {
                    continue;
                }
                let answer = host.get(&format!("/parties/{party}/room/{name}")).await;
                if answer.status != 200 {
                    failed.push(format!("{party}/{name}: {}", answer.text()));
                }
            }
        }
        assert!(failed.is_empty(), "{} checks fail:\n{}", failed.len(), failed.join("\n\n"));
    });
}

#[test]
fn g_00_a_stream_of_known_length_is_sent_with_it() {
    let host = Host::start(&Project::at("tests/platform/project"));
    let answer = run(host.get("/parties/streams/room/fixed-length-answer")).ok();
    assert_eq!(answer.text(), "fixed");
    assert_eq!(answer.headers.get("content-length").map(|it| it.as_bytes()), Some(&b"5"[..]));
}
