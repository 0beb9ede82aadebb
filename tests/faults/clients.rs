//! Clients that misbehave: they do not read, break off, send what is no HTTP or no WebSocket.

use std::time::Duration;

use futures::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use super::trouble;
use crate::support::http::raw;
use crate::support::{Frame, Socket, eventually, run};

/// Bytes that the host may keep for one client before it gives it up, with room to spare.
const FAN_BYTES: usize = 48 << 20;

#[test]
fn a_client_that_never_reads_is_closed_and_the_others_get_everything() {
    run(async {
        let mut host = trouble(&[]);
        let mut stuck = Socket::open_narrow(host.address(), "/party/fan?_pk=stuck").await;
        let mut readers = Vec::new();
        for index in 0..3 {
            let path = format!("/party/fan?_pk=reader-{index}");
            let mut socket = host.open(&path).await;
            // Sixteen pieces of 64 KiB for each question below.
            let count = FAN_BYTES / (64 << 10);
            readers.push(tokio::spawn(async move {
                for expected in 0..count {
                    let Frame::Text(text) = socket.next().await else {
                        panic!("a reader was closed")
                    };
                    let number = text.split(':').next();
                    assert_eq!(number, Some(expected.to_string().as_str()), "out of order");
                }
                socket
            }));
        }
        for _ in 0..FAN_BYTES / (16 * (64 << 10)) {
            host.get("/party/fan/fan").await.ok();
        }
        for reader in readers {
            let mut socket = reader.await.expect("every reader got everything in order");
            socket.send("on").await;
            socket.expect_text("echo:on").await;
        }
        // What was on its way comes first, then the reason; never all of it.
        let (before, close) = stuck.drain().await;
        assert!(before.len() < FAN_BYTES / (64 << 10), "the host kept everything for a client");
        match close {
            Frame::Close { code, .. } => assert_eq!(code, 1008, "got {close:?}"),
            other => panic!("{other:?}"),
        }
        host.assert_alive();
    });
}

#[test]
fn clients_that_break_off_leave_nothing_behind() {
    run(async {
        let mut host = trouble(&[]);
        let pieces = futures::stream::iter(["a piece ".into()]).chain(futures::stream::pending());
        let mut client = host.client().await;
        let half = tokio::spawn(async move {
            // The answer to a body that never ends is not waited for.
            let _ = client.stream("POST", "/party/half", pieces).await;
        });
        for _ in 0..20 {
            drop(host.open("/party/half").await);
        }
        half.abort();
        assert_eq!(host.get("/party/half").await.text(), "fine");
        host.assert_alive();
    });
}

#[test]
fn what_is_no_http_is_refused() {
    run(async {
        let mut host = trouble(&[]);
        let short = Duration::from_secs(5);
        let requests: [&[u8]; 5] = [
            b"\x00\x01\x02\x03\x04\x05\x06\x07\r\n\r\n",
            b"GET /party/x HTTP/1.1\r\n\r\n",
            b"GET party/x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
            b"GET /party/x HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n",
            b"POST /party/x HTTP/1.1\r\nhost: a\r\ncontent-length: nine\r\n\r\n",
        ];
        for request in requests {
            let answer = raw(host.address(), request, short).await;
            let fine = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
            assert!(fine, "{}: {answer}", String::from_utf8_lossy(request));
        }
        assert_eq!(host.get("/party/x").await.text(), "fine");
        host.assert_alive();
    });
}

#[test]
fn frames_that_break_the_protocol_close_their_own_socket() {
    run(async {
        let mut host = trouble(&[]);
        let mut fine = host.open("/party/frames").await;
        let frames: [(&str, &[u8]); 4] = [
            ("not masked", &[0x81, 0x02, b'h', b'i']),
            ("a reserved opcode", &[0x83, 0x80, 0, 0, 0, 0]),
            ("a reserved bit", &[0xf1, 0x80, 0, 0, 0, 0]),
            ("text that is no UTF-8", &[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe]),
        ];
        for (what, bytes) in frames {
            let mut stream = upgraded(&host).await;
            stream.write_all(bytes).await.expect("the bytes can be sent");
            let mut rest = Vec::new();
            let read = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest);
            let ended = tokio::time::timeout(Duration::from_secs(10), read).await;
            assert!(ended.is_ok(), "{what}: the socket stays open");
        }
        fine.send("on").await;
        fine.expect_text("echo:on").await;
        host.assert_alive();
    });
}

/// A WebSocket without a library on top: the bytes after the upgrade.
async fn upgraded(host: &crate::support::Host) -> TcpStream {
    use tokio::io::AsyncReadExt;
    let mut stream = TcpStream::connect(host.address()).await.expect("the host accepts");
    let request = format!(
        "GET /party/frames HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        host.address()
    );
    stream.write_all(request.as_bytes()).await.expect("the request can be sent");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("the answer is whole"));
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    stream
}

#[test]
fn an_unknown_party_is_a_404_for_requests_and_sockets() {
    run(async {
        let mut host = trouble(&[]);
        let answer = host.get("/parties/nobody/x").await;
        assert_eq!((answer.status, answer.text().as_str()), (404, "Party nobody not found"));
        let opened = Socket::try_open(host.address(), "/parties/nobody/x", &[]).await;
        let refused = opened.err().expect("an unknown party has no sockets");
        assert_eq!((refused.status, refused.body.as_str()), (404, "Party nobody not found"));
        host.assert_alive();
    });
}

#[test]
fn a_flood_of_messages_is_held_back_and_answered() {
    const MESSAGES: usize = 20_000;
    run(async {
        let mut host = trouble(&[]);
        let mut socket = host.open("/party/flood").await;
        let mut answered = 0;
        for index in 0..MESSAGES {
            let sent = socket.try_send(Message::text(index.to_string())).await;
            sent.expect("the host goes on reading");
            if index % 100 == 99 {
                for _ in 0..100 {
                    socket.expect_text(&format!("echo:{answered}")).await;
                    answered += 1;
                }
            }
        }
        assert_eq!(answered, MESSAGES);
        eventually("the host answers", || async {
            (host.get("/party/flood").await.text() == "fine").then_some(())
        })
        .await;
        host.assert_alive();
    });
}
