//! What only a client without a library can say or see: bytes before the 101, the exact answer to an
//! upgrade, heads that are too large, answers without a body (spec 4, A-84; R-12).

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::http::raw;
use crate::support::{Host, Project, run};

/// Longer than any answer takes, shorter than a client that hangs.
const PATIENCE: Duration = Duration::from_secs(10);

const MAIN: &str = r#"export default class {
  constructor(room) { this.room = room; this.settled = false; }
  async onConnect(connection) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    this.settled = true;
    connection.send("connected");
  }
  onMessage(message, connection) { connection.send(`${message} settled=${this.settled}`); }
  onRequest(request) {
    const status = Number(new URL(request.url).searchParams.get("status") ?? 200);
    const headers = new Headers({ "x-a": "1", connection: "keep-alive", "transfer-encoding": "chunked" });
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    return new Response(status === 200 ? "a body" : null, { status, headers });
  }
}"#;

fn upgrade(path: &str, more: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    )
}

/// A short masked frame.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("short frames only");
    let mask = [1, 2, 3, 4];
    let masked = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
    [&[0x80 | opcode, 0x80 | length], &mask[..]].concat().into_iter().chain(masked).collect()
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("the answer is whole"));
    }
    String::from_utf8(head).expect("an answer's head is ASCII").to_lowercase()
}

/// The payload of the next unmasked frame.
async fn payload(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let first = stream.read_u8().await.expect("a frame comes");
    let length = stream.read_u8().await.expect("a frame has a length");
    let mut bytes = vec![0; length.into()];
    stream.read_exact(&mut bytes).await.expect("the frame is whole");
    (first & 0x0f, bytes)
}

/// U-25, L-49 BETTER: a client that cannot wait for its 101 is heard when `onConnect` has settled.
#[test]
fn messages_before_the_upgrade_wait_for_on_connect() {
    run(async {
        let host = Host::start(&Project::single(MAIN));
        let mut stream = TcpStream::connect(host.address()).await.expect("the host accepts");
        let mut bytes = upgrade("/party/early", "").into_bytes();
        bytes.extend(frame(1, b"one"));
        bytes.extend(frame(1, b"two"));
        stream.write_all(&bytes).await.expect("it can be sent");
        assert!(head(&mut stream).await.starts_with("http/1.1 101"));
        for expected in ["connected", "one settled=true", "two settled=true"] {
            let (_, got) = payload(&mut stream).await;
            assert_eq!(String::from_utf8_lossy(&got), expected);
        }
    });
}

/// W-14, W-24: nothing is negotiated and nothing of the party is in the answer.
#[test]
fn the_answer_to_an_upgrade_is_bare() {
    run(async {
        let host = Host::start(&Project::single(MAIN));
        let mut stream = TcpStream::connect(host.address()).await.expect("the host accepts");
        let offers = "sec-websocket-extensions: permessage-deflate\r\ncookie: a=1\r\n";
        let request = upgrade("/party/bare", offers);
        stream.write_all(request.as_bytes()).await.expect("it can be sent");
        let head = head(&mut stream).await;
        let mut names: Vec<&str> =
            head.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0)).collect();
        names.sort_unstable();
        names.retain(|name| *name != "date");
        assert_eq!(names, ["connection", "sec-websocket-accept", "upgrade"], "{head}");
    });
}

/// RFC 6455, 8.1: text that is no UTF-8 ends the connection with 1007.
#[test]
fn text_that_is_no_utf8_is_1007() {
    run(async {
        let mut host = Host::start(&Project::single(MAIN));
        let mut stream = TcpStream::connect(host.address()).await.expect("the host accepts");
        let request = upgrade("/party/utf8", "");
        stream.write_all(request.as_bytes()).await.expect("it can be sent");
        head(&mut stream).await;
        assert_eq!(payload(&mut stream).await, (1, b"connected".to_vec()));
        stream.write_all(&frame(1, &[0xc3, 0x28])).await.expect("it can be sent");
        let (opcode, bytes) = payload(&mut stream).await;
        assert_eq!((opcode, u16::from_be_bytes([bytes[0], bytes[1]])), (8, 1007));
        host.assert_alive();
    });
}

/// Heads without measure are refused before any party sees them, and nobody else notices.
#[test]
fn heads_without_measure_are_refused() {
    run(async {
        let mut host = Host::start(&Project::single(MAIN));
        let many = "x-a: 1\r\n".repeat(100_000);
        let one = format!("x-a: {}\r\n", "x".repeat(1 << 20));
        for headers in [many, one] {
            let request = format!("GET /party/x HTTP/1.1\r\nhost: h\r\n{headers}\r\n");
            let answer = raw(host.address(), request.as_bytes(), PATIENCE).await;
            // A client that still sends may lose the answer with its connection.
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer:.200}");
        }
        let absurd = "POST /party/x HTTP/1.1\r\nhost: h\r\ncontent-length: 99999999999999\r\n\r\n";
        let answer = raw(host.address(), absurd.as_bytes(), PATIENCE).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer:.200}");
        assert_eq!(host.get("/party/x").await.text(), "a body");
        host.assert_alive();
    });
}

/// A-84: what has no body has none, and the connection goes on behind it.
#[test]
fn answers_without_a_body_leave_the_connection_usable() {
    run(async {
        let host = Host::start(&Project::single(MAIN));
        let mut requests = String::new();
        for (method, status) in [("GET", 204), ("GET", 304), ("HEAD", 200), ("GET", 205)] {
            requests += &format!("{method} /party/x?status={status} HTTP/1.1\r\nhost: h\r\n\r\n");
        }
        requests += "GET /party/x HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
        let answer = raw(host.address(), requests.as_bytes(), PATIENCE).await;
        let statuses: Vec<&str> =
            answer.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
        assert_eq!(statuses, ["204", "304", "200", "205", "200"], "{answer}");
        assert_eq!(answer.matches("a body").count(), 1, "{answer}");
        assert_eq!(answer.matches("set-cookie").count(), 10, "{answer}");
        assert!(!answer.contains("transfer-encoding"), "{answer}");
    });
}

/// A status that has no words of its own has those of its class, as in PartyKit.
#[test]
fn statuses_without_words_have_those_of_their_class() {
    run(async {
        let host = Host::start(&Project::single(MAIN));
        let classes = [(299, "Successful"), (499, "Client Error"), (599, "Server Error")];
        for (status, words) in classes.into_iter().chain([(404, "Not Found")]) {
            let request = format!(
                "GET /party/x?status={status} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
            );
            let answer = raw(host.address(), request.as_bytes(), PATIENCE).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} {words}\r\n")), "{answer}");
        }
    });
}
