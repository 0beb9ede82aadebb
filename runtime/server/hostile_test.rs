//! Clients that misbehave, hosts that are full, hosts that stop.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, watch};

use super::rig_test::{Answer, Rig, always, open, respond, site, soon, with_request};
use super::{EdgeSettings, serve};
use crate::room::directory::{Delivery, Directory};
use crate::room::event::{Replier, Request};

fn greet(_: Request) -> crate::room::event::Reply {
    respond("hi")
}

async fn rig(settings: EdgeSettings) -> Rig {
    Rig::new(site(&[("main", with_request())]), settings, always(greet)).await
}

#[tokio::test]
async fn malformed_requests() {
    let rig = rig(EdgeSettings::default()).await;
    let table: &[(&str, u16)] = &[
        ("complete nonsense\r\n\r\n", 400),
        ("GET /party/r HTTP/9.9\r\nHost: h\r\n\r\n", 400),
        ("GET /party/r HTTP/1.1\r\nHost h\r\n\r\n", 400),
        ("GET /party/r HTTP/1.1\r\nHo st: h\r\n\r\n", 400),
        ("GET /party/r HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n", 400),
        ("GET /party/r HTTP/1.1\r\nHost: h\r\nX: \u{0}\r\n\r\n", 400),
        ("GET party HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 400),
        ("GET /party/r HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
        ("GET /party/r HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", 400),
        ("GET /party/r HTTP/1.1\r\nHost: a/b\r\nConnection: close\r\n\r\n", 400),
        ("GET /party/r HTTP/1.1\r\nHost: u@h\r\nConnection: close\r\n\r\n", 400),
        ("OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 400),
        ("CONNECT h:443 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 400),
        ("POST /party/r HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", 400),
        ("POST /party/r HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST /party/r HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nhello", 400),
        ("POST /party/r HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
        ("POST /party/r HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999999\r\n\r\n", 413),
        (
            "POST /party/r HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\
             Content-Length: 6\r\n\r\nhello",
            400,
        ),
        ("POST /party/r HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        ("POST /party/r HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 400),
        ("POST /party/r HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ];
    for (request, status) in table {
        let answer = rig.raw(request.as_bytes()).await;
        assert_eq!(Answer::parse(&answer).status, *status, "{request:?}");
        assert!(rig.seen.take().is_empty(), "{request:?}");
    }
    // And the host is well.
    rig.get("/party/r").await.is(200, "hi");
}

#[tokio::test]
async fn heads_have_a_size() {
    let rig = rig(EdgeSettings { head_bytes_max: 4 << 10, ..EdgeSettings::default() }).await;
    let fits = format!("X: {}\r\n", "x".repeat(3 << 10));
    rig.send("GET", "/party/r", &fits, "").await.is(200, "hi");
    for size in [4 << 10, 1 << 20] {
        let large = format!("GET /party/r HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", "x".repeat(size));
        let mut client = rig.connect().await;
        // The answer may come before everything is written.
        let _ = client.write_all(large.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = soon("answer", client.read_to_end(&mut answer)).await;
        assert_eq!(Answer::parse(&String::from_utf8(answer).unwrap()).status, 431);
    }
    let long = format!("GET /party/{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(8 << 10));
    assert_eq!(Answer::parse(&rig.raw(long.as_bytes()).await).status, 431);
    let many: String = (0..101).map(|number| format!("X{number}: y\r\n")).collect();
    let many = format!("GET /party/r HTTP/1.1\r\n{many}\r\n");
    assert_eq!(Answer::parse(&rig.raw(many.as_bytes()).await).status, 431);
    assert!(rig.seen.take().len() == 1);
}

#[tokio::test]
async fn heads_have_a_deadline() {
    let patience = Duration::from_millis(100);
    let rig = rig(EdgeSettings { head_patience: patience, ..EdgeSettings::default() }).await;
    let mut slow = rig.connect().await;
    slow.write_all(b"GET /party/r HTTP/1.1\r\nHo").await.unwrap();
    let mut answer = Vec::new();
    let _ = soon("end of the slow", slow.read_to_end(&mut answer)).await;
    assert!(answer.is_empty());
    rig.get("/party/r").await.is(200, "hi");
}

#[tokio::test]
async fn late_bodies() {
    let patience = Duration::from_millis(100);
    let rig = rig(EdgeSettings { body_patience: patience, ..EdgeSettings::default() }).await;
    let answer = rig.raw(b"POST /party/r HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe").await;
    Answer::parse(&answer).is(408, "the request body did not arrive in time");
}

/// Two lengths in one request: the chunks count and the connection ends, so that what another
/// server would take for a second request is never run here.
#[tokio::test]
async fn nothing_is_smuggled() {
    let rig = rig(EdgeSettings::default()).await;
    for lengths in [
        "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n",
    ] {
        let request = format!(
            "POST /party/first HTTP/1.1\r\nHost: h\r\n{lengths}\r\n0\r\n\r\n\
             GET /party/smuggled HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
        );
        let answer = rig.raw(request.as_bytes()).await;
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
        assert_eq!(rig.seen.take(), ["request main/first"]);
    }
}

#[tokio::test]
async fn connections_are_kept_and_pipelined() {
    let rig = rig(EdgeSettings::default()).await;
    let one = "GET /party/r HTTP/1.1\r\nHost: h\r\n\r\n";
    let last = "GET /party/r HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    let answer = rig.raw(format!("{one}{one}{last}").as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 3);
}

#[tokio::test]
async fn a_full_host_says_so() {
    let rig = rig(EdgeSettings { connections_max: 1, ..EdgeSettings::default() }).await;
    let mut first = rig.connect().await;
    first.write_all(b"GET /party/r HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    let mut byte = [0];
    soon("answer", first.read_exact(&mut byte)).await.unwrap();
    let answer = rig.get("/party/r").await;
    answer.is(503, "the host has reached its limit of 1 open connections; try again later");
    // Room again as soon as one leaves.
    drop(first);
    soon("room for one more", async {
        while rig.get("/party/r").await.status != 200 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_stopping_host_finishes_what_it_began() {
    let (opened, mut repliers) = mpsc::unbounded_channel::<Replier>();
    let rooms = move |delivery: Delivery| {
        if let Some((_, _, replier)) = open(delivery.event) {
            opened.send(replier).unwrap();
        }
    };
    let mut rig = Rig::parties(&[("main", with_request())], rooms).await;
    let mut idle = rig.connect().await;
    let mut busy = rig.connect().await;
    busy.write_all(b"GET /party/r HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    let replier = soon("request", repliers.recv()).await.unwrap();
    rig.stop.take().unwrap().send(()).unwrap();
    // Idle connections go at once, new ones are not taken.
    let mut nothing = Vec::new();
    let _ = soon("end of the idle", idle.read_to_end(&mut nothing)).await;
    assert!(tokio::net::TcpStream::connect(rig.address).await.is_err());
    assert!(!rig.served.is_finished());
    replier.send(respond("done")).unwrap();
    let mut answer = String::new();
    soon("answer", busy.read_to_string(&mut answer)).await.unwrap();
    Answer::parse(&answer).is(200, "done");
    soon("end of serve", rig.served).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stopping_host_has_no_endless_patience() {
    let rooms = |delivery: Delivery| {
        if let Some((_, _, replier)) = open(delivery.event) {
            std::mem::forget(replier);
        }
    };
    let patience = Duration::from_millis(100);
    let settings = EdgeSettings { drain_patience: patience, ..EdgeSettings::default() };
    let mut rig = Rig::new(site(&[("main", with_request())]), settings, rooms).await;
    let mut busy = rig.connect().await;
    busy.write_all(b"GET /party/r HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    rig.seen.until("request main/r").await;
    let began = Instant::now();
    rig.stop.take().unwrap().send(()).unwrap();
    soon("end of serve", rig.served).await.unwrap().unwrap();
    assert!(began.elapsed() >= patience);
}

#[tokio::test]
async fn a_host_without_shards_is_shutting_down() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, deliveries) = mpsc::unbounded_channel();
    drop(deliveries);
    let (_site, sites) = watch::channel(std::sync::Arc::new(site(&[("main", with_request())])));
    let directory = Directory::new(vec![sender]);
    let served = serve(listener, directory, sites, EdgeSettings::default(), std::future::pending());
    let served = tokio::spawn(served);
    let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
    client
        .write_all(b"GET /party/r HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    soon("answer", client.read_to_string(&mut answer)).await.unwrap();
    Answer::parse(&answer).is(503, "the host is shutting down");
    served.abort();
}
