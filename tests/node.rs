//! Node's built-in modules in a party: what each check of `node/main.ts` gives is what Node gives.
//!
//! `node/expected.json` was recorded from Node 20 with the same file: bundle it for Node, ask its
//! `onRequest` for `all` and then for each name.

use crate::support::{Host, Project, run};

#[test]
fn b_15_built_in_modules_do_what_node_does() {
    let expected: serde_json::Value =
        serde_json::from_str(include_str!("node/expected.json")).expect("expected.json is JSON");
    let expected = expected.as_object().expect("expected.json is an object");
    let host = Host::start(&Project::at("tests/node"));
    run(async {
        let names = host.get("/party/room/all").await.ok().json();
        assert_eq!(names.as_array().map(Vec::len), Some(expected.len()));
        // Twice: nothing that an event leaves behind may reach a later one.
        for (name, wanted) in expected.iter().chain(expected) {
            let given = host.get(&format!("/party/room/{name}")).await;
            assert_eq!(given.status, 200, "{name}: {}", given.text());
            assert_eq!(given.json(), *wanted, "{name}");
        }
    });
}

#[test]
fn b_17_a_module_that_is_not_there_fails_at_the_call() {
    let host = Host::start(&Project::single(
        r#"
import { readFileSync } from "node:fs";
import { request } from "https";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
const said = (run) => { try { run(); return "nothing"; } catch (error) { return error.message; } };
export default {
  onRequest: () => Response.json([
    said(() => readFileSync("x")), said(() => request("https://x")),
    said(() => new DatabaseSync("x")), said(() => test("x")), typeof __houseparty_platform,
  ]),
};
"#,
    ));
    let answer = run(host.get("/party/room")).ok().json();
    let said: Vec<&str> =
        answer.as_array().into_iter().flatten().filter_map(|s| s.as_str()).collect();
    for (text, name) in
        said.iter().zip(["fs.readFileSync", "https.request", "DatabaseSync", "test"])
    {
        assert!(text.contains(name) && text.contains("not available in a party"), "{text}");
    }
    assert_eq!(said.last(), Some(&"undefined"), "what the host gives js/node is out of reach");
}
