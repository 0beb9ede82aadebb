//! Upgrades that are malformed, and clients that are only half there: a clear status, nothing left behind, the
//! host unmoved. `runtime/server/hostile_test.rs` has the same of the edge alone.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::trouble;
use crate::support::http::raw;
use crate::support::{Host, eventually, run};

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connections that only half exist, at the same time.
const HALF_OPEN: usize = 300;

fn upgrade(host: &Host, path: &str, headers: &[&str]) -> String {
    let mut request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n", host.address());
    for header in headers {
        request += header;
        request += "\r\n";
    }
    request + "\r\n"
}

/// Open file descriptors of the host.
fn descriptors(host: &Host) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", host.pid())).expect("the process is there").count()
}

#[test]
fn malformed_upgrades_have_a_status() {
    const KEY: &str = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
    const VERSION: &str = "sec-websocket-version: 13";
    run(async {
        let mut host = trouble(&[]);
        let mut fine = host.open("/party/fine").await;
        let before = descriptors(&host);
        let asked = ["connection: upgrade", "upgrade: websocket"];
        let table: [(&str, u16, &[&str]); 6] = [
            ("no key", 400, &[VERSION]),
            ("a key that is none", 400, &[VERSION, "sec-websocket-key: x"]),
            ("two keys", 400, &[VERSION, KEY, "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA=="]),
            ("no version", 400, &[KEY]),
            ("another version", 426, &[KEY, "sec-websocket-version: 8"]),
            ("no number", 426, &[KEY, "sec-websocket-version: thirteen"]),
        ];
        for (what, status, headers) in table {
            let request = upgrade(&host, "/party/fine", &[&asked, headers].concat());
            let mut stream = TcpStream::connect(host.address()).await.expect("the host accepts");
            stream.write_all(request.as_bytes()).await.expect("it can be sent");
            let mut head = vec![0; 12];
            let read = tokio::time::timeout(PATIENCE, stream.read_exact(&mut head)).await;
            assert!(matches!(read, Ok(Ok(_))), "{what}: no answer");
            let head = String::from_utf8_lossy(&head).into_owned();
            assert_eq!(head, format!("HTTP/1.1 {status}"), "{what}");
        }
        // Not by another method, nor in a version without connections that stay.
        for line in ["POST /party/fine HTTP/1.1", "GET /party/fine HTTP/1.0"] {
            let headers = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13";
            let request =
                format!("{line}\r\nhost: h\r\n{headers}\r\n{KEY}\r\ncontent-length: 0\r\n\r\n");
            let answer = raw(host.address(), request.as_bytes(), Duration::from_secs(2)).await;
            assert!(
                !answer.starts_with("HTTP/1.1 101") && !answer.starts_with("HTTP/1.0 101"),
                "{line}: {answer}"
            );
            assert!(answer.starts_with("HTTP/1."), "{line}: {answer}");
        }
        eventually("their connections are gone", || async {
            (descriptors(&host) <= before + 2).then_some(())
        })
        .await;
        fine.send("on").await;
        fine.expect_text("echo:on").await;
        host.assert_alive();
    });
}

/// Heads that never end, bodies that stop, sockets whose client has shut its half, handshakes that nobody
/// reads: they cost a descriptor while they last, and nothing when they are gone.
#[test]
fn clients_that_are_half_there_keep_nobody_else_out() {
    run(async {
        let mut host = trouble(&[]);
        let mut fine = host.open("/party/fine").await;
        let before = descriptors(&host);
        let mut half = Vec::new();
        for index in 0..HALF_OPEN {
            let mut stream = TcpStream::connect(host.address()).await.expect("the host accepts");
            let begun = match index % 4 {
                0 => "GET /party/half HTTP/1.1\r\nhost: h\r\nx-".to_owned(),
                1 => "POST /party/half HTTP/1.1\r\nhost: h\r\ncontent-length: 1000\r\n\r\nsome"
                    .to_owned(),
                2 => upgrade(&host, "/party/half", &["connection: upgrade", "upgrade: websocket"]),
                _ => upgrade(
                    &host,
                    "/party/half",
                    &[
                        "connection: upgrade",
                        "upgrade: websocket",
                        "sec-websocket-version: 13",
                        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
                    ],
                ),
            };
            stream.write_all(begun.as_bytes()).await.expect("it can be sent");
            if index % 3 == 0 {
                // Nothing more will be said; what is answered could still be read.
                stream.shutdown().await.expect("half of it can be shut");
            }
            half.push(stream);
        }
        for n in 0..20 {
            assert_eq!(host.get(&format!("/party/other-{n}")).await.ok().text(), "fine");
            fine.send("on").await;
            fine.expect_text("echo:on").await;
        }
        drop(half);
        eventually("nothing is left of them", || async {
            (descriptors(&host) <= before + 4).then_some(())
        })
        .await;
        assert_eq!(host.get("/party/half").await.ok().text(), "fine");
        host.assert_alive();
    });
}
