//! The debugger: `--inspect`, driven over the DevTools protocol by a Node client
//! (`clients/inspect.js`), a scenario per test. The party is `inspect/server.ts`.
//!
//! Each test has a host and a debugger's port of its own.

use std::net::TcpListener;

use crate::support::node::run_script;
use crate::support::{Host, HostOptions, Project, run};

/// Milliseconds of `--turn-deadline` and `--hibernate-after`.
const TURN_DEADLINE_MS: u64 = 1_000;
const HIBERNATE_MS: u64 = 300;

fn project() -> Project {
    Project::of(&[
        (
            "partykit.json",
            r#"{
                "name": "inspected",
                "main": "src/server.ts",
                "parties": { "hooked": "src/hooked.ts" }
            }"#,
        ),
        ("src/server.ts", include_str!("inspect/server.ts")),
        ("src/hooked.ts", include_str!("inspect/hooked.ts")),
    ])
}

fn start(project: &Project, flags: &[&str]) -> Host {
    let options = HostOptions { command: "dev", ..HostOptions::flags(flags) };
    Host::start_with(project, options)
}

/// The URL of the debugger's port.
fn port(host: &Host) -> String {
    let line = host.wait_for_output("\"event\":\"inspect\"");
    let line: serde_json::Value = serde_json::from_str(&line).expect("the line is JSON");
    line["url"].as_str().expect("it has a URL").to_owned()
}

fn drive(scenario: &str, host: &Host, project: &Project, more: serde_json::Value) {
    let folder = project.config().parent().expect("the configuration is in a folder");
    let mut place = serde_json::json!({
        "host": format!("http://{}", host.address()),
        "inspect": port(host),
        "pid": host.pid(),
        "folder": folder.canonicalize().expect("the folder is there"),
        "deadline": TURN_DEADLINE_MS,
        "hibernate": HIBERNATE_MS,
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        place[name] = value.clone();
    }
    run_script("inspect.js", &[scenario, &place.to_string()]);
}

fn scenario(name: &str, flags: &[&str]) -> Host {
    let project = project();
    let host = start(&project, &[&["--inspect=0"], flags].concat());
    drive(name, &host, &project, serde_json::Value::Null);
    host
}

#[test]
fn u_29_breakpoints_in_typescript_scopes_steps_and_console() {
    scenario("debug", &[]);
}

#[test]
fn u_29_a_cpu_profile_and_a_heap_snapshot() {
    scenario("profiles", &[]);
}

#[test]
fn vs_code_reads_the_map_before_the_script_runs() {
    scenario("instrumentation", &[]);
}

#[test]
fn a_lobby_is_a_target_of_its_own() {
    scenario("lobby", &[]);
}

#[test]
fn errors_of_handlers_are_in_the_console() {
    scenario("errors", &[]);
}

#[test]
fn a_pause_is_not_counted_and_other_threads_go_on() {
    let host = scenario("patience", &["--turn-deadline", "1", "--shards", "2"]);
    assert_eq!(host.output().matches("paused in the debugger").count(), 1, "{}", host.output());
}

#[test]
fn a_debugged_room_stays_awake_and_a_sleeping_one_is_attached_to_when_it_wakes() {
    scenario("sleep", &["--hibernate-after", "0.3"]);
}

#[test]
fn breakpoints_outlive_a_reload_and_a_pause_does_not() {
    scenario("reload", &[]);
}

#[test]
fn rooms_that_break_and_debuggers_that_vanish_hurt_nobody() {
    let mut host = scenario("breaks", &["--heap-limit", "32"]);
    host.assert_alive();
}

#[test]
fn a_host_with_a_paused_room_stops() {
    let mut host = scenario("stops", &[]);
    assert!(host.wait_end().success(), "{}", host.output());
}

#[test]
fn only_debuggers_on_this_machine_get_in() {
    scenario("refusals", &[]);
}

#[test]
fn a_party_is_debugged_from_its_first_statement() {
    let project = project();
    for (flag, waits, breaks) in [
        ("--inspect=0", false, false),
        ("--inspect-wait=0", true, false),
        ("--inspect-brk=0", true, true),
    ] {
        let host = start(&project, &[flag]);
        drive("starts", &host, &project, serde_json::json!({ "waits": waits, "breaks": breaks }));
        assert_eq!(host.output().contains("waits for a debugger"), waits, "{}", host.output());
    }
}

#[test]
fn k_12_the_default_port_moves_and_one_that_was_asked_for_does_not() {
    let project = project();
    // Taken by us, or by somebody else on this machine: both will do.
    let _taken = TcpListener::bind(("127.0.0.1", 9229));
    let host = start(&project, &["--inspect"]);
    assert_ne!(port(&host), "http://127.0.0.1:9229");
    let busy = TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    let flag = format!("--inspect={}", busy.local_addr().expect("it has an address").port());
    let options = HostOptions::flags(&[&flag]);
    let ended = Host::try_start(&project, options).err().expect("the port is taken");
    assert!(ended.output.contains("cannot listen for debuggers"), "{}", ended.output);
}

#[test]
fn a_host_that_waits_for_a_debugger_stops() {
    let project = project();
    let mut host = start(&project, &["--inspect-wait=0"]);
    let address = host.address();
    let asked = std::thread::spawn(move || {
        let stream = std::net::TcpStream::connect(address).expect("the host accepts");
        use std::io::{Read, Write};
        (&stream)
            .write_all(b"GET /party/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .expect("the request can be sent");
        let mut answer = String::new();
        let _ = (&stream).read_to_string(&mut answer);
        answer
    });
    host.wait_for_output("waits for a debugger");
    host.terminate();
    assert!(host.wait_end().success(), "{}", host.output());
    let answer = asked.join().expect("the client does not panic");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn without_the_flag_nobody_can_attach() {
    let project = project();
    let host = start(&project, &[]);
    run(async { host.get("/party/a").await.ok() });
    assert!(!host.output().contains("inspect"), "{}", host.output());
}
