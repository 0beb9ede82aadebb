//! The examples of the gallery over the wire: what their READMEs say, what is kept over a kill, and
//! what they do with nonsense.

use bytes::Bytes;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::example;
use crate::support::node::run_script_of;
use crate::support::{Answer, Frame, Host, HostOptions, Socket, eventually, run};

async fn asked(host: &Host, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let headers: Vec<_> = headers.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())).collect();
    let answer = host.client().await.request(method, path, &headers, Default::default()).await;
    answer.expect("an answer")
}

#[test]
fn auth() {
    run(async {
        let host = Host::start(&example("auth"));
        assert_eq!(host.get("/party/club").await.status, 401);
        let opened = Socket::try_open(host.address(), "/party/club", &[]).await;
        assert_eq!(opened.err().expect("strangers are turned away").status, 401);
        let login = |name: &str, password: &str| {
            let body = json!({ "name": name, "password": password }).to_string();
            async { host.send("POST", "/login", &{ body }).await }
        };
        assert_eq!(login("Ann", "guessed").await.status, 403);
        assert_eq!(login("", "houseparty").await.status, 400);
        assert_eq!(host.send("POST", "/login", "no").await.status, 400);

        let token = login("Änn", "houseparty").await.ok().text();
        let bearer = format!("Bearer {token}");
        let claimed = [("authorization", bearer.as_str()), ("x-name", "root")];
        for headers in [&claimed[..1], &claimed[..]] {
            assert_eq!(asked(&host, "GET", "/party/club", headers).await.ok().text(), "Hello, Änn");
        }
        let mut ann = host.open(&format!("/party/club?token={token}")).await;
        ann.expect_text("Welcome, Änn").await;
        let other = login("Ben", "houseparty").await.ok().text();
        let mut ben = host.open(&format!("/party/club?token={other}")).await;
        ben.expect_text("Welcome, Ben").await;
        ann.expect_text("Ben came in").await;

        let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
        let (mine, theirs) = (parts(&token), parts(&other));
        let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", mine[1]);
        for wrong in [format!("{}.{}.{}", mine[0], theirs[1], mine[2]), unsigned, "x".to_owned()] {
            let path = format!("/party/club?token={wrong}");
            let opened = Socket::try_open(host.address(), &path, &[]).await;
            let refused = opened.err().expect("a wrong token");
            assert_eq!(refused.status, 401);
            assert!(refused.body.starts_with("The token is refused: "), "{}", refused.body);
        }
    });
}

#[test]
fn chat_keeps_its_history() {
    run(async {
        let mut host = Host::start(&example("chat"));
        let mut ann = host.open("/party/lobby").await;
        ann.expect_json(&json!({ "history": [] })).await;
        for nonsense in
            ["", "{", "null", r#"{"name":1,"text":"x"}"#, r#"{"name":"Ann","text":"  "}"#]
        {
            ann.send(nonsense).await;
        }
        for number in 0..103 {
            ann.send(&json!({ "name": " Ann ", "text": format!("number {number}") }).to_string())
                .await;
            let heard = ann.next_json().await;
            assert_eq!(heard["message"]["text"], format!("number {number}"));
            assert_eq!(heard["message"]["name"], "Ann");
        }
        // "Close all tabs, stop the host, come back." The last hundred are there.
        host.restart(&example("chat"));
        let mut ben = host.open("/party/lobby").await;
        let history = ben.next_json().await["history"].take();
        assert_eq!(history.as_array().map(Vec::len), Some(100));
        assert_eq!(
            (&history[0]["text"], &history[99]["text"]),
            (&json!("number 3"), &json!("number 102"))
        );
        ben.send(r#"{"name":"","text":"after it"}"#).await;
        assert_eq!(ben.next_json().await["message"]["name"], "Somebody");
        let mut cleo = host.open("/party/lobby").await;
        assert_eq!(cleo.next_json().await["history"][99]["text"], "after it");
    });
}

#[test]
fn cron_writes_the_logbook() {
    run(async {
        let mut host = Host::start_with(
            &example("cron"),
            HostOptions { command: "dev", ..Default::default() },
        );
        let mut reader = host.open("/party/lobby").await;
        let before = reader.next_json().await;
        // The clock may have run the minute's job already.
        let before = before.as_array().map(Vec::len).expect("a list");
        host.get("/__scheduled__?cron=minute").await.ok();
        let entries = eventually_json(&mut reader, |entries| {
            entries.as_array().is_some_and(|e| e.len() > before)
        })
        .await;
        assert_eq!(entries[0]["cron"], "minute");
        assert!(entries[0]["at"].as_f64() >= entries[0]["scheduled"].as_f64());
        assert_eq!(host.send("POST", "/party/lobby", "{}").await.status, 403);
        host.restart(&example("cron"));
        let kept = host.get("/party/lobby").await.ok().json();
        assert!(kept.as_array().is_some_and(|kept| kept.contains(&entries[0])), "{kept}");
        host.get("/__scheduled__?cron=midnight").await.ok();
        let torn = host.get("/party/lobby").await.json();
        assert!(torn.as_array().is_some_and(|torn| !torn.contains(&entries[0])), "{torn}");
        host.assert_alive();
    });
}

/// The first message for which `fits` holds.
async fn eventually_json(socket: &mut Socket, fits: impl Fn(&Value) -> bool) -> Value {
    loop {
        let message = socket.next_json().await;
        if fits(&message) {
            return message;
        }
    }
}

#[test]
fn cursors_are_seen_by_the_others() {
    run(async {
        let host = Host::start(&example("cursors"));
        let mut ann = host.open("/party/lobby?_pk=ann").await;
        let hello = ann.next_json().await;
        assert_eq!((&hello["you"]["id"], &hello["others"]), (&json!("ann"), &json!([])));
        ann.send(r#"{"x":0.25,"y":1}"#).await;
        // Said by the room itself, so that Ann's place is known before Ben comes.
        ann.send("nonsense").await;
        eventually("Ann's place is kept", || async {
            let mut ben = host.open("/party/lobby").await;
            let others = ben.next_json().await["others"].take();
            ben.close().await;
            (others[0]["x"] == 0.25).then_some(())
        })
        .await;
        let mut ben = host.open("/party/lobby?_pk=ben").await;
        ben.next_json().await;
        for nonsense in [r#"{"x":2,"y":0}"#, r#"{"x":"0","y":0}"#, "null", r#"{"x":null,"y":0}"#] {
            ben.send(nonsense).await;
        }
        ben.send(r#"{"x":0.5,"y":0.5}"#).await;
        let fits = |event: &Value| event["moved"]["id"] == "ben" && !event["moved"]["x"].is_null();
        let moved = eventually_json(&mut ann, fits).await;
        assert_eq!((&moved["moved"]["x"], &moved["moved"]["y"]), (&json!(0.5), &json!(0.5)));
        drop(ben);
        eventually_json(&mut ann, |event| event["left"] == "ben").await;
    });
}

#[test]
fn polls_count_and_limit() {
    run(async {
        let mut host = Host::start(&example("polls"));
        for nonsense in
            ["", r#"{"question":"?","options":["one"]}"#, r#"{"question":"?","options":["a","a"]}"#]
        {
            assert_eq!(host.send("POST", "/party/tea", nonsense).await.status, 400, "{nonsense}");
        }
        let poll = r#"{"question":"Milk?","options":["Yes","No"]}"#;
        assert_eq!(host.send("POST", "/party/tea", poll).await.status, 201);
        assert_eq!(host.send("POST", "/party/tea", poll).await.status, 409);
        let mut nobody = host.open("/party/tea").await;
        nobody.expect_close(4000).await;

        let mut ann = host.open("/party/tea?voter=aaaaaaaa").await;
        assert_eq!(ann.next_json().await["yours"], Value::Null);
        for nonsense in ["7", "", "-1", "0.5", "yes"] {
            ann.send(nonsense).await;
            assert_eq!(ann.next_json().await["error"], "There is no such answer", "{nonsense}");
        }
        let mut ben = host.open("/party/tea?voter=bbbbbbbb").await;
        ben.next_json().await;
        ann.send("0").await;
        ann.expect_json(&json!({ "yours": 0 })).await;
        assert_eq!(ben.next_json().await["counts"], json!([1, 0]));
        ann.send("1").await;
        assert_eq!(ben.next_json().await["counts"], json!([0, 1]));

        // "Whoever goes on is closed", and the vote stays what it was.
        let mut refused = 0;
        let close = loop {
            if ann.try_send(Message::text("1")).await.is_err() {
                break ann.drain().await.1;
            }
            match ann.next().await {
                Frame::Text(text) if text.contains("Not so fast") => refused += 1,
                Frame::Text(_) => {}
                close => break close,
            }
        };
        assert!(matches!(&close, Frame::Close { code: 4029, .. }), "{close:?}");
        assert!(refused >= 10, "it is told first: {refused}");
        host.restart(&example("polls"));
        let state = host.get("/party/tea").await.ok().json();
        assert_eq!(
            (&state["poll"]["question"], &state["counts"]),
            (&json!("Milk?"), &json!([0, 1]))
        );
        let mut ann = host.open("/party/tea?voter=aaaaaaaa").await;
        assert_eq!(ann.next_json().await["yours"], 1);
    });
}

#[test]
fn stream_writes_while_it_is_read() {
    run(async {
        let host = Host::start(&example("stream"));
        assert_eq!(host.send("POST", "/party/lobby", " ").await.status, 400);
        let answer = host.send("POST", "/party/lobby", "What is a room?").await.ok();
        assert_eq!(answer.headers["content-type"], "text/event-stream");
        let text = answer.text();
        let words = text.matches("event: word\ndata: ").count();
        assert!(words > 10, "{text}");
        assert!(
            text.starts_with("event: word\ndata: \"A "),
            "it begins with a word of the question: {text}"
        );
        assert!(text.ends_with(&format!("event: done\ndata: {{\"words\":{words}}}\n\n")), "{text}");

        // "Press Stop, and the generator ends."
        let mut client = host.client().await;
        let asking = futures::stream::iter([Bytes::from_static(b"And then?")]);
        let mut stream = client.stream("POST", "/party/lobby", asking).await.expect("an answer");
        stream.next().await.expect("a first piece").expect("it is readable");
        assert_eq!(host.get("/party/lobby").await.json()["writing"], 1);
        drop(stream);
        drop(client);
        eventually("it is no longer written", || async {
            (host.get("/party/lobby").await.json()["writing"] == 0).then_some(())
        })
        .await;
        let questions = host.get("/party/lobby").await.json()["questions"].take();
        assert_eq!(questions, json!(["And then?", "What is a room?"]));
    });
}

#[test]
fn todo_is_what_is_stored() {
    run(async {
        let options = HostOptions::flags(&["--hibernate-after", "0.2"]);
        let mut host = Host::start_with(&example("todo"), options);
        let mut ann = host.open("/party/lobby").await;
        ann.expect_json(&json!({ "entries": [] })).await;
        let mut ben = host.open("/party/lobby").await;
        ben.next_json().await;
        ann.send(r#"{"add":" milk "}"#).await;
        let milk = ben.next_json().await["changed"].take();
        assert_eq!((&milk["text"], &milk["done"]), (&json!("milk"), &json!(false)));
        ben.send(&json!({ "id": milk["id"], "done": true }).to_string()).await;
        assert_eq!(ann.next_json().await["changed"]["text"], "milk");
        assert_eq!(ann.next_json().await["changed"]["done"], true);
        let wishes = [
            ("{", "There is no such entry"),
            (r#"{"add":" "}"#, "An entry has"),
            (r#"{"remove":"x"}"#, "There is"),
        ];
        for (nonsense, told) in wishes {
            ann.send(nonsense).await;
            let error = ann.next_json().await["error"].take();
            assert!(
                error.as_str().is_some_and(|error| error.starts_with(told)),
                "{nonsense}: {error}"
            );
        }
        ben.next_json().await;
        host.restart(&example("todo"));
        let kept = host.get("/party/lobby").await.ok().json();
        assert_eq!(kept, json!([{ "id": milk["id"], "text": "milk", "done": true }]));
        let mut ann = host.open("/party/lobby").await;
        ann.expect_json(&json!({ "entries": kept })).await;
        ann.send(&json!({ "remove": milk["id"] }).to_string()).await;
        ann.expect_json(&json!({ "removed": milk["id"] })).await;
        assert_eq!(host.get("/party/lobby").await.json(), json!([]));
    });
}

#[test]
fn wasm_plays_life() {
    run(async {
        let host = Host::start(&example("wasm"));
        let state = host.get("/party/lobby").await.ok().json();
        assert_eq!(state, json!({ "width": 64, "height": 48, "generation": 0, "alive": 5 }));
        let mut ann = host.open("/party/lobby").await;
        let alive = |frame: Frame| match frame {
            Frame::Binary(bytes) if bytes.len() == 64 * 48 / 8 => {
                bytes.iter().map(|byte| byte.count_ones()).sum::<u32>()
            }
            other => panic!("expected a board, got {other:?}"),
        };
        // What an R-pentomino has in its first generations.
        let mut counts = vec![alive(ann.next().await)];
        while counts.len() < 6 {
            counts.push(alive(ann.next().await));
        }
        assert_eq!(counts, [5, 6, 7, 9, 8, 9]);
        for nonsense in [Message::text("xx"), Message::binary(vec![1])] {
            ann.try_send(nonsense).await.expect("it can be sent");
        }
        ann.try_send(Message::binary(Bytes::from_static(&[5, 5]))).await.expect("it can be sent");
        let most = |state: &Value| state["alive"].as_u64().unwrap_or_default() >= 10;
        eventually("the five cells more live", || async {
            most(&host.get("/party/lobby").await.json()).then_some(())
        })
        .await;
        // "When the last one leaves, the clock stops."
        ann.close().await;
        let still = host.get("/party/lobby").await.json();
        let mut other = host.open("/party/else").await;
        for _ in 0..4 {
            other.next().await;
        }
        assert_eq!(host.get("/party/lobby").await.json()["generation"], still["generation"]);
    });
}

#[test]
fn editor_syncs_and_keeps_its_text() {
    run(async {
        let mut host = Host::start(&example("editor"));
        let write = |host: &Host, phase: &str| {
            let address = host.address().to_string();
            run_script_of("tests/packages", "clients/editor.js", &[&address, phase])
        };
        assert!(write(&host, "write").contains("all as it must be"));
        assert_eq!(host.get("/party/lobby").await.ok().text(), "written by two");
        host.restart(&example("editor"));
        assert_eq!(host.get("/party/lobby").await.ok().text(), "written by two");
        assert!(write(&host, "read").contains("all as it must be"));
    });
}

/// With Socket.IO's own client, as it is in the example's packages.
#[test]
fn socket_io_clients_chat() {
    let mut host = Host::start(&example("socket-io"));
    let address = host.address().to_string();
    let told = run_script_of("tests/packages", "clients/socket_io.js", &[&address]);
    assert!(told.contains("all as it must be"), "{told}");
    run(async {
        // No packet of Engine.IO, and none of Socket.IO.
        for nonsense in ["x", "4", "49[", "42{}"] {
            let mut client = host.open("/party/lobby").await;
            assert!(matches!(client.next().await, Frame::Text(text) if text.starts_with("0{")));
            client.send(nonsense).await;
            assert_eq!(client.expect_close(1002).await, "not a packet", "{nonsense}");
        }
    });
    host.assert_alive();
}
