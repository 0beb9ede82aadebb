//! The host in a terminal: hot keys, colours, questions, what a busy port does (K-11, C-20).

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::folder;
use crate::support::Project;
use crate::support::host::Ended;
use crate::support::project::repository;

const MAIN: &str = "export default class { onRequest() { return new Response('hi'); } }";

/// Runs `houseparty` in a terminal, step by step (see terminal.py).
fn in_terminal(folder: &Path, env: &[(&str, &str)], arguments: &[&str], steps: &Value) -> Ended {
    let output = Command::new("python3")
        .arg(repository().join("tests/cli/terminal.py"))
        .arg(steps.to_string())
        .arg(env!("CARGO_BIN_EXE_houseparty"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .env_remove("PARTYKIT_LOG")
        .env("TERM", "xterm")
        .envs(env.iter().copied())
        .output()
        .expect("python3 can be run");
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Ended { code: output.status.code(), output: text }
}

fn serve(project: &Project, env: &[(&str, &str)], flags: &[&str], steps: &Value) -> Ended {
    let state = folder();
    let config = project.config().to_str().expect("a path in UTF-8");
    let state_path = state.path().to_str().expect("a path in UTF-8");
    let mut arguments = vec!["dev", "-c", config, "--port", "0", "--persist", state_path];
    arguments.extend(flags);
    in_terminal(state.path(), env, &arguments, steps)
}

#[test]
fn k_11_keys_do_what_the_line_says() {
    let project = Project::single(MAIN);
    // A browser that notes what it is asked to open.
    let tools = folder();
    let opened = tools.path().join("opened");
    let opener = tools.path().join("xdg-open");
    std::fs::write(&opener, format!("#!/bin/sh\necho \"$1\" > {}\n", opened.display())).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&opener, mode).unwrap();
    let path = format!("{}:{}", tools.path().display(), std::env::var("PATH").unwrap());
    let steps = json!([
        { "expect": "Ready on" }, { "expect": "browser" }, { "echo": false },
        { "send": "b" }, { "file": opened },
        { "send": "?\u{1b}[A" },
        { "send": "C" }, { "expect": "\u{1b}[2J" },
        { "send": "x" },
    ]);
    let ended = serve(&project, &[("PATH", &path)], &[], &steps);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    assert!(ended.output.contains("--- echo True"), "the terminal was not put back");
    let url = std::fs::read_to_string(&opened).unwrap();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
}

#[test]
fn ctrl_c_ends_with_0_and_puts_the_terminal_back() {
    let steps = json!([{ "expect": "Ready on" }, { "echo": false }, { "send": "\u{3}" }]);
    let ended = serve(&Project::single(MAIN), &[], &[], &steps);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    assert!(ended.output.contains("--- echo True"), "{}", ended.output);
}

#[test]
fn without_hot_keys_the_keyboard_is_left_alone() {
    let steps = json!([
        { "expect": "Ready on" }, { "echo": true }, { "send": "x\n" }, { "expect": "x\r\n" },
        { "signal": 15 },
    ]);
    let ended = serve(&Project::single(MAIN), &[], &["--no-hotkeys"], &steps);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    assert!(!ended.output.contains("browser"), "{}", ended.output);
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let steps = json!([{ "expect": "Ready on" }, { "expect": "main" }, { "send": "q" }]);
    let project = Project::single(MAIN);
    let coloured = serve(&project, &[], &[], &steps);
    assert!(coloured.output.contains("Ready on \u{1b}[1mhttp://"), "{}", coloured.output);
    for env in [[("NO_COLOR", "1")], [("NO_COLOR", "yes")]] {
        let plain = serve(&project, &env, &[], &steps);
        assert!(plain.output.contains("Ready on http://"), "{}", plain.output);
        assert!(!plain.output.contains('\u{1b}'), "{}", plain.output);
    }
}

#[test]
fn what_takes_long_is_told_on_a_terminal() {
    // The loop has a result that is used: the bundler leaves out one that has none.
    let main = "let turns = 0;
      for (const end = Date.now() + 2500; Date.now() < end;) turns++;
      export default class { onRequest() { return new Response(`${turns}`); } }";
    let project = Project::single(main);
    let steps = json!([
        { "expect": "building and loading the parties (1 s)" }, { "expect": "Ready on" },
        { "send": "x" },
    ]);
    let ended = serve(&project, &[], &[], &steps);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
}

#[test]
fn c_20_a_busy_default_port_is_no_trouble() {
    // Somebody else may have the port already; then it is as busy.
    let _busy = std::net::TcpListener::bind("127.0.0.1:1999");
    let project = Project::single(MAIN);
    let config = project.config().to_str().unwrap();
    let state = folder();
    let steps = json!([
        { "expect": "Port 1999 is taken; using " }, { "expect": "Ready on" }, { "send": "x" },
    ]);
    let arguments = ["dev", "-c", config, "--persist", "false"];
    let ended = in_terminal(state.path(), &[], &arguments, &steps);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
}

#[test]
fn init_asks_where_to_if_the_folder_holds_something_else() {
    let here = folder();
    std::fs::write(here.path().join("notes.txt"), "mine").unwrap();
    let steps = json!([{ "expect": "[my-party]: " }, { "send": "a chat\n" }]);
    let ended = in_terminal(here.path(), &[], &["init"], &steps);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    let config = std::fs::read_to_string(here.path().join("a chat/partykit.json")).unwrap();
    assert!(config.contains("\"name\": \"a-chat\""), "{config}");
    // Nothing to ask: --yes, or a folder that is empty.
    let ended = in_terminal(here.path(), &[], &["init", "--yes", "--dry-run"], &json!([]));
    assert_eq!(ended.code, Some(0), "{}", ended.output);
}
