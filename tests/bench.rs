//! `houseparty bench` against a host that serves `bench/project`: every workload counts what it
//! sent, and a host that loses or doubles something is found out.
//!
//! How fast it is does not matter here.

use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{Host, HostOptions, Project};

fn bench(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_houseparty"));
    command.arg("bench").args(arguments).output().expect("it can be run")
}

/// Short, and small enough for a busy machine.
fn measure(host: &Host, workload: &[&str]) -> Value {
    let url = format!("http://{}", host.address());
    let pid = host.pid().to_string();
    let short = ["--url", &url, "--pid", &pid, "--duration", "0.5", "--warm-up", "0.2", "--json"];
    let output = bench(&[workload, &short].concat());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{workload:?}: {error}\n{}", host.output());
    serde_json::from_slice(&output.stdout).expect("the report is JSON")
}

#[test]
fn every_workload_accounts_for_what_it_sent() {
    let host = Host::start(&Project::at("bench/project"));
    let workloads: [&[&str]; 13] = [
        &["echo", "--connections", "8", "--rooms", "4", "--window", "3", "--size", "300"],
        &["echo", "--connections", "4", "--rooms", "4", "--burn", "3"],
        &["fanout", "--connections", "20", "--rooms", "2"],
        &["http", "--connections", "8"],
        &["put", "--connections", "8"],
        &["put", "--connections", "4", "--rooms", "10"],
        &["batch", "--connections", "4"],
        &["list", "--rooms", "3"],
        &["cold"],
        &["cold", "--every", "20"],
        &["parties", "--connections", "8"],
        &["idle", "--connections", "20"],
        &["storm", "--connections", "50"],
    ];
    for workload in workloads {
        let report = measure(&host, workload);
        let number = |name: &str| report[name].as_u64().expect("it is a number");
        assert_eq!(report["workload"], workload[0]);
        assert!(number("counted") > 0 && number("delivered") >= number("counted"), "{report}");
        assert_eq!((number("expected"), number("lost")), (number("delivered"), 0), "{report}");
        assert_eq!((number("misplaced"), number("failures")), (0, 0), "{report}");
        let [p50, max] = ["p50", "max"].map(|name| report["latency"][name].as_f64());
        assert!(p50 > Some(0.0) && p50 <= max, "{report}");
        assert!(report["host"]["resident_bytes"].as_u64() > Some(1_000_000), "{report}");
    }
}

/// A party that answers every tenth message twice, one that swallows the first, one that numbers
/// its answers wrongly.
#[test]
fn what_is_lost_or_doubled_is_found_out() {
    let project = Project::of(&[
        (
            "partykit.json",
            r#"{"name":"liars","main":"doubles.ts","parties":{"repeats":"repeats.ts"}}"#,
        ),
        (
            "doubles.ts",
            r#"let count = 0;
export default { onMessage(message, sender) {
  sender.send(message);
  if (++count % 10 === 0) sender.send(message);
} };"#,
        ),
        (
            "repeats.ts",
            r#"let count = 0;
export default { onRequest() { return new Response(String(++count % 10 + 1)); } };"#,
        ),
    ]);
    let host = Host::start_with(&project, HostOptions::default());
    let url = format!("http://{}", host.address());
    for (workload, party) in [("echo", "main"), ("http", "repeats")] {
        let output = bench(&[
            workload,
            "--url",
            &url,
            "--party",
            party,
            "--connections",
            "2",
            "--duration",
            "0.3",
            "--json",
        ]);
        assert_eq!(output.status.code(), Some(1), "{workload}");
        let report: Value = serde_json::from_slice(&output.stdout).expect("the report is JSON");
        assert!(report["misplaced"].as_u64() > Some(0), "{report}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("doubled or out of order"));
    }
}

#[test]
fn a_report_can_be_drawn() {
    let host = Host::start(&Project::at("bench/project"));
    let folder = crate::support::project::fresh_folder();
    let file = folder.path().join("echo.svg");
    measure(&host, &["echo", "--connections", "4", "--plot", &file.display().to_string()]);
    let drawn = std::fs::read_to_string(&file).expect("the picture was written");
    assert!(drawn.starts_with("<svg") && drawn.trim_end().ends_with("</svg>"), "{drawn}");
    assert_eq!(drawn.matches("<polyline").count(), 2, "{drawn}");
    assert!(drawn.contains("echo: 4 connections"), "{drawn}");
}

#[test]
fn what_cannot_be_measured_is_said() {
    let output = bench(&["echo", "--url", "http://127.0.0.1:1", "--duration", "0.1"]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("cannot connect to 127.0.0.1:1"), "{error}");
    assert_eq!(bench(&["echo", "--url", "nonsense"]).status.code(), Some(1));
    assert_eq!(
        bench(&["echo", "--url", "http://127.0.0.1:1", "--size", "3"]).status.code(),
        Some(2)
    );
}

/// What scripts/bench measures of the store alone: a host finds the alarms, and a handle is small.
#[test]
fn the_store_at_scale() {
    const ALARMS: u32 = 5_000;
    let folder = crate::support::project::fresh_folder();
    let state = folder.path().display().to_string();
    let stored = bench(&["store-alarms", &state, "--count", &ALARMS.to_string()]);
    assert!(stored.status.success(), "{}", String::from_utf8_lossy(&stored.stderr));
    let host = Host::start_with(
        &Project::at("bench/project"),
        HostOptions { persist: Some(folder.path().to_owned()), ..HostOptions::default() },
    );
    let file = rusqlite::Connection::open(folder.path().join("state.db")).expect("it is a store");
    let count: u32 = file
        .query_row("SELECT count(*) FROM alarms", [], |row| row.get(0))
        .expect("the alarms can be counted");
    assert_eq!(count, ALARMS);
    // Somebody else's folder is left alone.
    assert!(!bench(&["store-alarms", &state]).status.success());
    drop(host);
    let folder = crate::support::project::fresh_folder();
    let measured = bench(&["storage-handle", &folder.path().display().to_string()]);
    let bytes: f64 = String::from_utf8_lossy(&measured.stdout).trim().parse().expect("a number");
    assert!(bytes > 200.0 && bytes < 4_000.0, "{bytes} bytes for the storage of a room");
}
