//! The log of a running host: levels, the ends of sockets, and a reader that stands still.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::folder;
use crate::support::{Client, Host, HostOptions, Project, run};

const MAIN: &str = "export default class {
  onConnect(connection) { connection.send('hello'); }
  onMessage(message, sender) { sender.close(4002, 'as \\u001b[31mtold'); }
  onRequest() {
    console.debug('said at debug');
    console.log('said at log', { deep: { er: [1, 'two'] } }, new Map([['a', 1n]]));
    console.warn('said at warn');
    console.error(new Error('said at error'));
    return new Response('done');
  }
}";

fn options(json: bool, level: &str, flags: &[&str]) -> HostOptions {
    let env = vec![("PARTYKIT_LOG".to_owned(), level.to_owned())];
    HostOptions { json, env, ..HostOptions::flags(flags) }
}

#[test]
fn k_04_levels_say_which_lines_there_are() {
    const LINES: [&str; 5] =
        ["said at error", "said at warn", "Updated", "said at log", "said at debug"];
    run(async {
        for (level, flags, lines) in [
            ("error", &[][..], 1),
            ("warn", &[], 2),
            ("log", &[], 4),
            ("", &[], 4),
            ("debug", &[], 5),
            ("error", &["--verbose"], 5),
        ] {
            let host = Host::start_with(&Project::single(MAIN), options(true, level, flags));
            assert_eq!(host.get("/party/r").await.text(), "done");
            host.wait_for_output("said at error");
            let output = host.output();
            for (at, line) in LINES.iter().enumerate().filter(|(_, line)| **line != "Updated") {
                assert_eq!(output.contains(line), at < lines, "{level} {flags:?}: {output}");
            }
        }
        let host = Host::start_with(&Project::single(MAIN), options(true, "loud", &[]));
        host.wait_for_output("PARTYKIT_LOG=loud");
    });
}

#[test]
fn g_10_objects_and_errors_are_shown_as_in_devtools() {
    run(async {
        let host = Host::start_with(&Project::single(MAIN), options(false, "", &[]));
        host.get("/party/r").await.ok();
        host.wait_for_output("said at log { deep: { er: [ 1, \"two\" ] } } Map(1) { \"a\" => 1n }");
        let line = host.wait_for_output("Error: said at error");
        assert!(line.starts_with("[main/r] error "), "{line}");
        // The place in the source, without the frames of the host.
        host.wait_for_output("main.ts:8:");
        let output = host.output();
        assert!(!output.contains("ext:") && !output.contains("houseparty:/"), "{output}");
        assert!(!output.contains('\x1b'), "colours without a terminal: {output}");
    });
}

#[test]
fn an_error_in_dev_says_where_it_was_made() {
    let main = "export default class {\n  onRequest() { this.deep(); }\n\
                deep() { throw new Error('it broke'); }\n}";
    run(async {
        let project = Project::single(main);
        for (command, places) in [("dev", "at main_default.deep (main.ts:3:"), ("start", "")] {
            let host =
                Host::start_with(&project, HostOptions { command, ..options(true, "", &[]) });
            let answer = host.get("/party/r").await;
            assert_eq!((answer.status, answer.text().as_str()), (500, "it broke"));
            let place = answer.headers.get("x-houseparty-error-at");
            let place = place.map(|place| place.to_str().unwrap()).unwrap_or_default();
            assert!(place.starts_with(places) && place.is_empty() == places.is_empty(), "{place}");
        }
    });
}

#[test]
fn the_end_of_a_socket_is_told_beside_requests() {
    run(async {
        let host = Host::start_with(&Project::single(MAIN), options(false, "", &[]));
        let mut socket = host.open("/party/r?_pk=me").await;
        host.wait_for_output("GET /party/r 101 Switching Protocols");
        socket.expect_text("hello").await;
        socket.send("please").await;
        assert_eq!(socket.expect_close(4002).await, "as \u{1b}[31mtold");
        socket.answer_close().await;
        let line = host.wait_for_output("CLOSE");
        assert_eq!(line, "CLOSE main/r me 4002 \"as \\u{1b}[31mtold\"");
    });
    run(async {
        let host = Host::start_with(&Project::single(MAIN), options(true, "", &[]));
        drop(host.open("/party/r?_pk=me").await);
        let line: Value = serde_json::from_str(&host.wait_for_output("\"close\"")).unwrap();
        let told = (&line["party"], &line["room"], &line["connection"], &line["code"]);
        assert_eq!(told, (&json!("main"), &json!("r"), &json!("me"), &json!(1006)));
    });
}

/// The host goes on serving while nobody reads its log, says how many lines that cost, and ends.
#[test]
fn a_log_that_nobody_reads_holds_nobody_up() {
    const REQUESTS: usize = 3_000;
    let project = Project::single(MAIN);
    let state = folder();
    let mut child = Command::new(env!("CARGO_BIN_EXE_houseparty"))
        .arg("start")
        .arg("-c")
        .arg(project.config())
        .args(["--port", "0", "--json", "--persist"])
        .arg(state.path())
        .env_remove("PARTYKIT_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the host can be started");
    let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut line = String::new();
    output.read_line(&mut line).expect("the ready line");
    let ready: Value = serde_json::from_str(&line).expect("JSON");
    let port = u16::try_from(ready["port"].as_u64().expect("a port")).unwrap();
    // A kilobyte each: far more than pipe and queue hold.
    let path = format!("/nowhere/{}", "x".repeat(1_000));
    let requests = |count: usize| {
        let path = path.clone();
        run(async move {
            let mut client = Client::connect(([127, 0, 0, 1], port).into()).await.unwrap();
            for _ in 0..count {
                let answer = client.request("GET", &path, &[], "".into()).await;
                assert_eq!(answer.expect("it is answered").status, 404);
            }
        });
    };
    requests(REQUESTS);
    let (mut told, mut lost) = (0, 0);
    while told + lost < REQUESTS {
        line.clear();
        assert!(output.read_line(&mut line).expect("a line") > 0, "{told} told, {lost} lost");
        let event: Value = serde_json::from_str(&line).expect("every line is whole");
        match event["event"].as_str() {
            Some("request") => told += 1,
            Some("lost") => lost += usize::try_from(event["lines"].as_u64().unwrap()).unwrap(),
            _ => {}
        }
    }
    assert!(told > 500 && lost > 500, "{told} told, {lost} lost");
    // Stands still again, and the host is asked to end.
    requests(REQUESTS);
    let asked = Instant::now();
    let kill = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(kill.expect("kill can be run").success());
    let status = loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            break status;
        }
        if asked.elapsed() > Duration::from_secs(30) {
            // Ours, and it does not end by itself.
            let _ = child.kill();
            panic!("the host waits for its reader for ever");
        }
        // Between two looks whether it has ended.
        std::thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(status.code(), Some(0));
}
