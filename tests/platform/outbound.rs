//! What parties may reach (`--deny-net`, `--allow-net`), through which proxy, and whom they trust.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::sockets::{acceptor, certificate};
use crate::support::{DEADLINE, Host, HostOptions, Project, run};

/// Answers every request with its first line, and counts them.
async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin, seen: &AtomicUsize) {
    let mut stream = BufReader::new(stream);
    let mut first = String::new();
    let mut line = String::new();
    while stream.read_line(&mut line).await.is_ok_and(|read| read > 2) {
        if first.is_empty() {
            first = line.trim_end().to_owned();
        }
        line.clear();
    }
    if first.is_empty() {
        return;
    }
    seen.fetch_add(1, Ordering::SeqCst);
    let answer = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{first}",
        first.len()
    );
    // Whoever has asked may have gone.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// A server on a free port; TLS if it is asked for.
async fn server(tls: bool) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let seen = Arc::<AtomicUsize>::default();
    let counted = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let seen = counted.clone();
            tokio::spawn(async move {
                if !tls {
                    answer(stream, &seen).await;
                } else if let Ok(stream) = acceptor().accept(stream).await {
                    answer(stream, &seen).await;
                }
            });
        }
    });
    (port, seen)
}

fn host(flags: &[&str], env: &[(&str, String)]) -> Host {
    let mut options = HostOptions::flags(flags);
    options.env = env.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Host::start_with(&Project::at("tests/platform/project"), options)
}

async fn ask(host: &Host, check: &str, to: &str) -> String {
    let given = host.get(&format!("/parties/outbound/room/{check}?to={to}")).await.ok().json();
    given.as_str().map_or_else(|| given.to_string(), str::to_owned)
}

/// Every way out of a party.
const WAYS: [&str; 6] = ["fetch", "redirect", "socket", "web-socket", "upgrade", "event-source"];

#[test]
fn private_addresses_are_refused_by_every_way_and_the_host_itself_is_not() {
    let host = host(&["--deny-net", "private"], &[]);
    run(async {
        let (port, seen) = server(false).await;
        for to in [
            format!("http://127.0.0.1:{port}/"),
            format!("http://localhost:{port}/"),
            format!("http://[::ffff:127.0.0.1]:{port}/"),
            format!("http://0x7f.1:{port}/"),
            "http://169.254.169.254:81/latest/meta-data".to_owned(),
        ] {
            for way in WAYS {
                let told = ask(&host, way, &to).await;
                let named = told.contains("--deny-net") || way == "event-source" && told == "error";
                assert!(named, "{way} to {to}: {told}");
            }
        }
        assert_eq!(seen.load(Ordering::SeqCst), 0);
        assert_eq!(host.get("/parties/outbound/room/own").await.ok().json(), "here");
        assert_eq!(host.get("/parties/outbound/room/own-by-name").await.ok().json(), "here");
    });
}

#[test]
fn an_exception_lets_through_what_it_names() {
    run(async {
        let (port, seen) = server(false).await;
        let (other, _) = server(false).await;
        let allowed = format!("localhost:{port}");
        let host = host(&["--deny-net", "private", "--allow-net", &allowed], &[]);
        assert_eq!(
            ask(&host, "fetch", &format!("http://localhost:{port}/x")).await,
            "GET /x HTTP/1.1"
        );
        assert_eq!(
            ask(&host, "socket", &format!("http://localhost:{port}/")).await,
            "nothing was thrown"
        );
        for to in [format!("http://localhost:{other}/"), format!("http://127.0.0.1:{port}/")] {
            let told = ask(&host, "fetch", &to).await;
            assert!(told.contains("--allow-net"), "{to}: {told}");
        }
        assert_eq!(seen.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn without_flags_everything_may_be_reached() {
    let host = host(&[], &[]);
    run(async {
        let (port, _) = server(false).await;
        let to = format!("http://127.0.0.1:{port}/");
        assert_eq!(ask(&host, "fetch", &to).await, "GET / HTTP/1.1");
        assert_eq!(ask(&host, "redirect", &to).await, "GET / HTTP/1.1");
        assert_eq!(ask(&host, "socket", &to).await, "nothing was thrown");
    });
}

#[test]
fn rules_that_make_no_sense_stop_the_start() {
    let options = HostOptions::flags(&["--deny-net", "http://x"]);
    let ended = Host::try_start(&Project::at("tests/platform/project"), options);
    let ended = ended.err().expect("it does not start");
    assert_eq!(ended.code, Some(2), "{}", ended.output);
    assert!(ended.output.contains("no destination"), "{}", ended.output);
}

#[test]
fn requests_go_through_the_proxy_of_the_environment() {
    run(async {
        let (proxy, seen) = server(false).await;
        let (direct, _) = server(false).await;
        let host = host(
            &["--deny-net", "private"],
            &[
                ("HTTP_PROXY", format!("http://127.0.0.1:{proxy}")),
                ("NO_PROXY", "localhost".to_owned()),
            ],
        );
        let through = ask(&host, "fetch", "http://far.example/page").await;
        assert_eq!(through, "GET http://far.example/page HTTP/1.1");
        assert_eq!(seen.load(Ordering::SeqCst), 1);
        let refused = ask(&host, "fetch", "http://10.0.0.1/").await;
        assert!(refused.contains("--deny-net"), "a proxy is no way around: {refused}");
        let refused = ask(&host, "fetch", &format!("http://127.0.0.1:{direct}/")).await;
        assert!(refused.contains("--deny-net"), "{refused}");
        assert_eq!(seen.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn certificates_of_the_environment_are_trusted() {
    run(async {
        let (port, _) = server(true).await;
        let to = format!("https://localhost:{port}/");
        for name in ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"] {
            let host = host(&[], &[(name, certificate("ca.pem").display().to_string())]);
            assert_eq!(ask(&host, "fetch", &to).await, "GET / HTTP/1.1", "{name}");
        }
        let strict = host(&[], &[]);
        let told = ask(&strict, "fetch", &to).await;
        assert!(told.contains("certificate") || told.contains("UnknownIssuer"), "{told}");
        let mut options = HostOptions::default();
        options.env.push(("SSL_CERT_FILE".to_owned(), "/nowhere/ca.pem".to_owned()));
        let ended = Host::try_start(&Project::at("tests/platform/project"), options);
        let ended = ended.err().expect("it does not start");
        assert!(ended.output.contains("SSL_CERT_FILE names /nowhere/ca.pem"), "{}", ended.output);
    });
}

#[test]
fn a_room_with_a_way_out_that_is_open_stays_awake() {
    let host = host(&["--hibernate-after", "0.2"], &[]);
    run(async {
        let life = async |room: &str, check: &str| {
            host.get(&format!("/parties/outbound/{room}/{check}")).await.ok().json()
        };
        let socket = life("socket", "open-socket").await;
        let connection = life("connection", "open-connection").await;
        let mut quiet = life("quiet", "life").await;
        // A room that has nothing open is forgotten meanwhile, twice.
        for _ in 0..2 {
            let before = quiet.clone();
            let end = tokio::time::Instant::now() + DEADLINE;
            while quiet == before {
                assert!(tokio::time::Instant::now() < end, "the quiet room is never forgotten");
                // Longer than a room has to be quiet: every look wakes it.
                tokio::time::sleep(Duration::from_millis(500)).await;
                quiet = life("quiet", "life").await;
            }
        }
        assert_eq!(life("socket", "life").await, socket);
        assert_eq!(life("connection", "life").await, connection);
    });
}
