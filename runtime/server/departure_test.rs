//! Clients that leave before their answer is complete, and those that do not: what rooms hear.

use std::sync::{Arc, Mutex};

use http::{HeaderMap, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use super::rig_test::{Rig, always, open, respond, with_request};
use crate::room::event::{Body, BodyWriter, Reply, Response};

const GET: &[u8] = b"GET /party/r HTTP/1.1\r\nHost: h\r\n\r\n";

/// A room whose answers are streams, and the ends that write them.
async fn streaming(length: Option<&'static str>) -> (Rig, Arc<Mutex<Vec<BodyWriter>>>) {
    let writers: Arc<Mutex<Vec<BodyWriter>>> = Arc::default();
    let kept = writers.clone();
    let rooms = always(move |_| {
        let (writer, reader) = mpsc::channel(4);
        kept.lock().unwrap().push(writer);
        let mut headers = HeaderMap::new();
        if let Some(length) = length {
            headers.insert("content-length", HeaderValue::from_static(length));
        }
        Reply::Response(Response { status: 200, reason: None, headers, body: Body::Stream(reader) })
    });
    (Rig::parties(&[("main", with_request())], rooms).await, writers)
}

fn writer(writers: &Mutex<Vec<BodyWriter>>) -> BodyWriter {
    writers.lock().unwrap().pop().unwrap()
}

#[tokio::test]
async fn who_leaves_before_the_answer_is_told_of() {
    let waiting = Arc::new(Mutex::new(Vec::new()));
    let kept = waiting.clone();
    let rooms = move |delivery: crate::room::directory::Delivery| {
        kept.lock().unwrap().extend(open(delivery.event).map(|(_, _, reply)| reply));
    };
    let rig = Rig::parties(&[("main", with_request())], rooms).await;
    let mut client = rig.connect().await;
    client.write_all(GET).await.unwrap();
    rig.seen.until("request main/r").await;
    drop(client);
    rig.seen.until("left main/r").await;
    assert_eq!(rig.seen.take(), ["request main/r", "left main/r"]);
    assert!(waiting.lock().unwrap().iter().all(|reply| reply.is_closed()));
}

#[tokio::test]
async fn who_leaves_a_body_that_is_silent_is_told_of() {
    let (rig, writers) = streaming(None).await;
    let mut client = rig.connect().await;
    client.write_all(GET).await.unwrap();
    rig.seen.until("request main/r").await;
    let writer = writer(&writers);
    writer.send(Ok("first".into())).await.unwrap();
    let mut first = [0; 16];
    client.read_exact(&mut first).await.unwrap();
    drop(client);
    rig.seen.until("left main/r").await;
}

#[tokio::test]
async fn a_body_that_nobody_may_have_is_told_of() {
    let (rig, writers) = streaming(None).await;
    let head = rig.send("HEAD", "/party/r", "", "").await;
    assert_eq!(head.status, 200);
    rig.seen.until("left main/r").await;
    assert!(writer(&writers).is_closed());
}

#[tokio::test]
async fn who_stays_to_the_end_is_not_told_of() {
    for length in [None, Some("8")] {
        let (rig, writers) = streaming(length).await;
        let mut client = rig.connect().await;
        for _ in 0..3 {
            client.write_all(GET).await.unwrap();
            rig.seen.until("request main/r").await;
            // Taken before the next request is made: each line counts once.
            assert_eq!(rig.seen.take(), ["request main/r"]);
            let writer = writer(&writers);
            writer.send(Ok("streamed".into())).await.unwrap();
            drop(writer);
            let mut answer = Vec::new();
            let end: &[u8] = if length.is_some() { b"streamed" } else { b"\r\n0\r\n\r\n" };
            while !answer.ends_with(end) {
                answer.push(client.read_u8().await.unwrap());
            }
        }
        drop(client);
        // Another client comes after whatever there was to say of the first.
        let mut next = rig.connect().await;
        next.write_all(GET).await.unwrap();
        rig.seen.until("request main/r").await;
        assert_eq!(rig.seen.take(), ["request main/r"]);
    }
    let rig = Rig::parties(&[("main", with_request())], always(|_| respond("whole"))).await;
    rig.get("/party/r").await.is(200, "whole");
    rig.get("/party/r").await.is(200, "whole");
    assert_eq!(rig.seen.take(), ["request main/r", "request main/r"]);
}
