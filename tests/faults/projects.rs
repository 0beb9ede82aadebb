//! Projects that cannot be served: one message with the place and what is allowed, exit code 1.
//! And projects that break while they are served: the version before goes on.

use crate::support::host::run_command;
use crate::support::{Host, HostOptions, Project, eventually, run};

const MAIN: &str = "export default class { onRequest() { return new Response('fine'); } }";

/// Neither `start` nor `check` takes the project; both say every text of `says` and end with 1.
fn refused(files: &[(&str, &str)], says: &[&str]) {
    let project = Project::of(files);
    let started = Host::try_start(&project, HostOptions::default());
    let started = started.err().expect("the project cannot be served");
    for ended in [started, run_command(&project, "check")] {
        assert_eq!(ended.code, Some(1), "{}", ended.output);
        for text in says {
            assert!(ended.output.contains(text), "no `{text}` in:\n{}", ended.output);
        }
        assert!(!ended.output.contains("panicked"), "{}", ended.output);
    }
}

#[test]
fn a_configuration_that_is_no_json() {
    let config = "{\n  \"name\": \"test\",\n  \"main\" \"main.ts\"\n}\n";
    refused(&[("partykit.json", config), ("main.ts", MAIN)], &["partykit.json:3:"]);
}

#[test]
fn an_unknown_key() {
    let config = "{\n  \"name\": \"test\",\n  \"mian\": \"main.ts\"\n}\n";
    refused(
        &[("partykit.json", config), ("main.ts", MAIN)],
        &["partykit.json:3:3", "mian", "main"],
    );
}

#[test]
fn a_wrong_type() {
    let config = "{\n  \"name\": \"test\",\n  \"main\": \"main.ts\",\n  \"port\": \"80\"\n}\n";
    let says = ["partykit.json:4:11", "port", "number"];
    refused(&[("partykit.json", config), ("main.ts", MAIN)], &says);
}

#[test]
fn a_party_name_that_is_not_allowed() {
    let config = "{\n  \"main\": \"main.ts\",\n  \"parties\": { \"Chat Room\": \"main.ts\" }\n}\n";
    let says = ["partykit.json:3:16", "Chat Room"];
    refused(&[("partykit.json", config), ("main.ts", MAIN)], &says);
}

#[test]
fn a_file_that_is_not_there() {
    let config = "{\n  \"main\": \"main.ts\",\n  \"parties\": { \"chat\": \"chta.ts\" }\n}\n";
    let says = ["partykit.json:3:24", "chta.ts"];
    refused(&[("partykit.json", config), ("main.ts", MAIN)], &says);
}

#[test]
fn no_main_party() {
    refused(&[("partykit.json", "{ \"name\": \"test\" }")], &["main"]);
}

#[test]
fn a_syntax_error_has_a_code_frame() {
    let main = "export default class {\n  onRequest( { return 1; }\n}\n";
    let config = r#"{ "main": "main.ts" }"#;
    refused(&[("partykit.json", config), ("main.ts", main)], &["main.ts:2:", "onRequest( {"]);
}

#[test]
fn an_import_that_leads_nowhere_has_a_code_frame() {
    let main = "import { a } from \"./nowhere\";\nexport default class { x = a; }\n";
    let config = r#"{ "main": "main.ts" }"#;
    refused(&[("partykit.json", config), ("main.ts", main)], &["main.ts:1:", "./nowhere"]);
}

#[test]
fn a_party_that_throws_while_it_is_loaded() {
    let main = "throw new Error('cannot be loaded');\nexport default class {}\n";
    let config = r#"{ "main": "main.ts" }"#;
    refused(&[("partykit.json", config), ("main.ts", main)], &["main.ts", "cannot be loaded"]);
}

#[test]
fn a_party_that_never_finishes_loading() {
    let main = "for (;;);\nexport default class {}\n";
    let project = Project::single(main);
    let options = HostOptions::flags(&["--turn-deadline", "1"]);
    let ended = Host::try_start(&project, options).err().expect("it cannot be served");
    assert_eq!(ended.code, Some(1), "{}", ended.output);
    assert!(ended.output.contains("main.ts"), "{}", ended.output);
}

#[test]
fn a_static_handler_that_is_no_function() {
    let main = "export default class { static onRequest = 5; }\n";
    let config = r#"{ "main": "main.ts" }"#;
    refused(&[("partykit.json", config), ("main.ts", main)], &[".onRequest should be a function"]);
}

#[test]
fn no_default_export() {
    let config = r#"{ "main": "main.ts" }"#;
    refused(
        &[("partykit.json", config), ("main.ts", "export const a = 1;\n")],
        &["main.ts", "default"],
    );
}

#[test]
fn a_broken_change_leaves_the_version_before_running() {
    run(async {
        let project = Project::single(MAIN);
        let options = HostOptions { command: "dev", ..HostOptions::default() };
        let mut host = Host::start_with(&project, options);
        assert_eq!(host.get("/party/x").await.text(), "fine");
        project.write("main.ts", "export default class {\n  onRequest( { }\n}\n");
        host.wait_for_output("The program from before keeps running");
        assert_eq!(host.get("/party/x").await.text(), "fine");
        project.write("main.ts", &MAIN.replace("fine", "finer"));
        host.wait_for_output("\"reloaded\"");
        eventually("the change is served", || async {
            (host.get("/party/x").await.text() == "finer").then_some(())
        })
        .await;
        project.write("main.ts", "throw new Error('not loadable');\nexport default class {}\n");
        host.wait_for_output("not loadable");
        assert_eq!(host.get("/party/x").await.text(), "finer");
        host.assert_alive();
    });
}

#[test]
fn a_change_closes_sockets_with_1012_and_keeps_the_storage() {
    let main = "export default class {
      constructor(room) { this.room = room; }
      async onRequest() {
        const count = ((await this.room.storage.get('count')) ?? 0) + 1;
        await this.room.storage.put('count', count);
        return new Response(`one ${count}`);
      }
    }";
    run(async {
        let project = Project::single(main);
        let options = HostOptions { command: "dev", ..HostOptions::default() };
        let mut host = Host::start_with(&project, options);
        assert_eq!(host.get("/party/x").await.text(), "one 1");
        let mut socket = host.open("/party/x").await;
        project.write("main.ts", &main.replace("one", "two"));
        socket.expect_close(1012).await;
        host.wait_for_output("\"reloaded\"");
        assert_eq!(host.get("/party/x").await.text(), "two 2");
        host.assert_alive();
    });
}
