//! The edge as clients and rooms see it: routing, hooks, the chain, bodies, WebSockets.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket};

use super::rig_test::{Answer, Rig, always, open, read_body, respond, site, soon, with_request};
use super::{CronUrl, EdgeSettings, HookShape, RequestLog, Shape};
use crate::name::RoomKey;
use crate::room::directory::Delivery;
use crate::room::event::{Body, Event, Reply, Request, Response, SocketId, Wire};

fn echo(request: Request) -> Reply {
    respond(format!("{} {}", request.method, request.url))
}

fn failed(status: u16, message: &str) -> Reply {
    Reply::Failed { status, message: message.into() }
}

const UPGRADE: &str = "Upgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[tokio::test]
async fn rooms_by_their_urls() {
    let parties = [("main", with_request()), ("chat", with_request())];
    let rig = Rig::parties(&parties, always(echo)).await;
    for (path, room, url) in [
        ("/party/r", "main/r", "/party/r"),
        ("/parties/main/r?a=1&b", "main/r", "/parties/main/r?a=1&b"),
        ("/parties/chat/a%20b/x/../y", "chat/a%20b", "/parties/chat/a%20b/y"),
        ("/party/ü", "main/%C3%BC", "/party/%C3%BC"),
        ("/party/%c3%bc", "main/%c3%bc", "/party/%c3%bc"),
        ("/party/%E0%A4%A", "main/%E0%A4%A", "/party/%E0%A4%A"),
        ("/nothing/../party/r", "main/r", "/party/r"),
    ] {
        let answer = rig.get(path).await;
        answer.is(200, &format!("GET http://Test.Local:99{url}"));
        assert_eq!(rig.seen.take(), [format!("request {room}")]);
        assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control")));
    }
    // Any method, even one nobody has heard of (R-13).
    for method in ["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
        let answer = rig.send(method, "/party/r", "", "").await;
        answer.is(200, &format!("{method} http://Test.Local:99/party/r"));
    }
    // As a client of a proxy writes it: the target's host counts.
    let answer =
        rig.raw(b"GET http://Other/party/r HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    Answer::parse(&answer.await).is(200, "GET http://Other/party/r");
    // HTTP/1.0 without a Host.
    let answer = Answer::parse(&rig.raw(b"GET /party/r HTTP/1.0\r\n\r\n").await);
    answer.is(200, &format!("GET http://{}/party/r", rig.address));
}

#[tokio::test]
async fn what_is_no_party() {
    let rig = Rig::parties(&[("main", Shape::default())], always(echo)).await;
    for name in ["nope", "MAIN", "constructor", "__proto__", "a%20b"] {
        for headers in ["", UPGRADE] {
            let answer = rig.send("GET", &format!("/parties/{name}/r"), headers, "").await;
            answer.is(404, &format!("Party {name} not found"));
            assert_eq!(answer.header("content-type"), Some("text/plain;charset=UTF-8"));
        }
    }
    rig.get("/parties//r").await.is(500, "No party found in request url");
    rig.get("/party/r").await.is(500, "No onRequest handler");
    rig.get("/party/").await.is(404, "Not found");
    rig.get("/__scheduled__").await.is(404, "Not found");
    assert!(rig.seen.take().is_empty(), "no room was bothered");
}

#[tokio::test]
async fn hooks_come_first() {
    let hooked = Shape {
        before_request: HookShape::Function,
        before_connect: HookShape::Function,
        ..with_request()
    };
    let handlerless = Shape { on_request: false, ..hooked.clone() };
    let broken = Shape {
        before_request: HookShape::NotFunction,
        before_connect: HookShape::NotFunction,
        ..with_request()
    };
    let parties = [("main", hooked), ("bare", handlerless), ("broken", broken)];
    let rooms = |delivery: Delivery| {
        let Some((hook, mut request, replier)) = open(delivery.event) else { return };
        let reply = if hook.is_none() {
            let header = request.headers.get("x-hook").map(|it| it.to_str().unwrap().to_owned());
            let (Body::Empty | Body::Full(_)) = &request.body else {
                panic!("small bodies are whole")
            };
            let body =
                if let Body::Full(body) = &request.body { body.clone() } else { Bytes::new() };
            let body = String::from_utf8(body.to_vec()).unwrap();
            respond(format!("{} {header:?} {body} {}", request.url, request.peer.is_some()))
        } else if request.url.ends_with("stop") {
            respond("stopped")
        } else if request.url.ends_with("throw") {
            failed(401, "Unauthorised")
        } else if request.url.ends_with("none") {
            Reply::Continue(None)
        } else if request.url.ends_with("silent") {
            return;
        } else {
            request.headers.insert("x-hook", HeaderValue::from_static("was here"));
            request.url = "http://elsewhere/parties/other/room".into();
            request.peer = None;
            Reply::Continue(Some(request))
        };
        let _ = replier.send(reply);
    };
    let rig = Rig::parties(&parties, rooms).await;

    // The room is that of the original URL (R-24).
    let answer = rig.send("POST", "/party/r", "", "hello").await;
    let rewritten = "http://elsewhere/parties/other/room";
    answer.is(200, &format!("{rewritten} Some(\"was here\") hello true"));
    assert_eq!(rig.seen.take(), ["BeforeRequest main (lobby) for r", "request main/r"]);

    rig.get("/party/r?none").await.is(200, "http://Test.Local:99/party/r?none None  true");
    rig.seen.take();
    rig.get("/party/r?stop").await.is(200, "stopped");
    rig.get("/party/r?throw").await.is(401, "Unauthorised");
    rig.get("/parties/bare/r?throw").await.is(401, "Unauthorised");
    // A lobby that goes away without an answer.
    rig.get("/party/r?silent").await.is(503, "the host is shutting down");
    assert!(!rig.seen.take().iter().any(|line| line.starts_with("request")));
    rig.get("/parties/bare/r").await.is(500, "No onRequest handler");
    assert_eq!(rig.seen.take(), ["BeforeRequest bare (lobby) for r"]);
    rig.get("/parties/broken/r").await.is(500, ".onBeforeRequest must be a function");
    let answer = rig.send("GET", "/parties/broken/r", UPGRADE, "").await;
    answer.is(500, ".onBeforeConnect must be a function");
    rig.send("GET", "/party/r?stop", UPGRADE, "").await.is(200, "stopped");
    rig.send("GET", "/party/r?throw", UPGRADE, "").await.is(401, "Unauthorised");
}

#[tokio::test]
async fn the_chain_of_everything_else() {
    let folder = super::assets_test::folder("chain", &[("a.txt", "asset"), ("__scheduled__", "!")]);
    let full = Shape { on_socket: true, on_fetch: true, on_cron: true, ..Shape::default() };
    let rooms = always(|request: Request| {
        if request.url.contains("pass") { Reply::Pass(Box::new(request)) } else { respond("party") }
    });
    let mut all = site(&[("main", full.clone()), ("other", full)]);
    all.crons = vec![("daily".into(), "0 0 * * *".into())];
    all.assets = Some(super::assets_test::assets(&folder));
    let rig = Rig::new(all.clone(), EdgeSettings::default(), rooms).await;
    let expect = async |method: &str, path: &str, headers: &str, seen: &[&str], body: &str| {
        let answer = rig.send(method, path, headers, "").await;
        assert_eq!(rig.seen.take(), seen, "{method} {path}");
        assert_eq!(answer.body, body, "{method} {path}");
        answer.status
    };
    let cron = ["Cron main (lobby) daily 0 0 * * *"];
    assert_eq!(expect("GET", "/a.txt", UPGRADE, &["Socket main (lobby)"], "party").await, 200);
    assert_eq!(expect("GET", "/__scheduled__?cron=daily", "", &cron, "party").await, 200);
    let other = ["Cron main (lobby) x y * * * * *"];
    expect("POST", "/__scheduled__?cron=x+y", "", &other, "party").await;
    expect("GET", "/__scheduled__", "", &["Cron main (lobby) unknown * * * * *"], "party").await;
    assert_eq!(rig.send("GET", "/__scheduled__", "Forwarded: for=x\r\n", "").await.status, 403);
    assert_eq!(expect("GET", "/a.txt", "", &[], "asset").await, 200);
    assert_eq!(expect("HEAD", "/a.txt", "", &[], "").await, 200);
    let fetch = ["Fetch main (lobby)"];
    assert_eq!(expect("POST", "/a.txt", "", &fetch, "party").await, 200);
    assert_eq!(expect("GET", "/b.txt", "", &fetch, "party").await, 200);
    assert_eq!(expect("GET", "/pass", "", &fetch, "Not found").await, 404);
    std::fs::write(folder.join("404.html"), "lost").unwrap();
    assert_eq!(expect("GET", "/pass", "", &fetch, "lost").await, 404);
    assert_eq!(expect("DELETE", "/pass", "", &fetch, "lost").await, 404);
    assert_eq!(expect("HEAD", "/pass", "", &fetch, "").await, 404);

    // After a reload: no handlers, and the cron's URL open to all.
    all.parties.insert("main".into(), Shape { on_cron: true, ..Shape::default() });
    all.cron_url = CronUrl::Everybody;
    rig.site.send_replace(Arc::new(all));
    let forwarded = "X-Forwarded-For: 1.2.3.4\r\n";
    assert_eq!(expect("GET", "/__scheduled__?cron=daily", forwarded, &cron, "party").await, 200);
    assert_eq!(expect("GET", "/a.txt", UPGRADE, &[], "asset").await, 200);
    assert_eq!(expect("GET", "/x", UPGRADE, &[], "lost").await, 404);
}

#[tokio::test]
async fn request_bodies_whole_and_streamed() {
    let rooms = |delivery: Delivery| {
        let Some((_, request, replier)) = open(delivery.event) else { return };
        tokio::spawn(async move {
            let kind = match &request.body {
                Body::Empty => "empty",
                Body::Full(_) => "full",
                Body::Stream(_) => "stream",
            };
            let text = match read_body(request.body).await {
                Ok(bytes) => format!("{kind} {}", bytes.len()),
                Err(error) => format!("{kind} broken: {error}"),
            };
            let _ = replier.send(respond(text));
        });
    };
    let settings = EdgeSettings { body_bytes_max: 1 << 20, ..EdgeSettings::default() };
    let rig = Rig::new(site(&[("main", with_request())]), settings, rooms).await;
    rig.get("/party/r").await.is(200, "empty 0");
    for (size, kind) in
        [(1, "full"), (64 << 10, "full"), ((64 << 10) + 1, "stream"), (1 << 20, "stream")]
    {
        let answer = rig.send("POST", "/party/r", "", &"x".repeat(size)).await;
        answer.is(200, &format!("{kind} {size}"));
    }
    let chunked = |rest: &str| {
        format!(
            "POST /party/r HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\
             Transfer-Encoding: chunked\r\n\r\n{rest}"
        )
    };
    let answer = rig.raw(chunked("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").as_bytes()).await;
    Answer::parse(&answer).is(200, "stream 5");
    let large = format!("{:x}\r\n{}\r\n0\r\n\r\n", (1 << 20) + 1, "x".repeat((1 << 20) + 1));
    let answer = rig.raw(chunked(&large).as_bytes()).await;
    Answer::parse(&answer).is(200, "stream broken: the request body is larger than 1048576 bytes");
    // Told before it is sent.
    let answer =
        rig.raw(b"POST /party/r HTTP/1.1\r\nHost: h\r\nContent-Length: 1048577\r\n\r\n").await;
    Answer::parse(&answer).is(413, "the request body is larger than 1048576 bytes");

    // A client that waits to be asked.
    let mut client = rig.connect().await;
    client
        .write_all(
            b"POST /party/r HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\
              Expect: 100-continue\r\nContent-Length: 4\r\n\r\n",
        )
        .await
        .unwrap();
    let mut go = [0; 25];
    soon("100", client.read_exact(&mut go)).await.unwrap();
    assert_eq!(&go, b"HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"body").await.unwrap();
    let mut rest = String::new();
    soon("answer", client.read_to_string(&mut rest)).await.unwrap();
    Answer::parse(&rest).is(200, "full 4");
}

#[tokio::test]
async fn a_body_nobody_reads_and_a_body_that_breaks_off() {
    let (told, mut heard) = mpsc::unbounded_channel();
    let rooms = move |delivery: Delivery| {
        let Some((_, request, replier)) = open(delivery.event) else { return };
        if request.url.ends_with("ignore") {
            drop(request);
            let _ = replier.send(respond("not interested"));
        } else {
            let told = told.clone();
            tokio::spawn(async move { told.send(read_body(request.body).await).unwrap() });
            std::mem::forget(replier);
        }
    };
    let rig = Rig::parties(&[("main", with_request())], rooms).await;
    let mut client = rig.connect().await;
    let head = "POST /party/ignore HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(&[b'x'; 1000]).await.unwrap();
    let mut answer = vec![0; 15];
    soon("answer", client.read_exact(&mut answer)).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 200 OK");

    let mut client = rig.connect().await;
    let head = "POST /party/r HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\nsome";
    client.write_all(head.as_bytes()).await.unwrap();
    rig.seen.until("request main/r").await;
    drop(client);
    let outcome = soon("end of the body", heard.recv()).await.unwrap();
    assert_eq!(outcome.unwrap_err(), "the request body broke off");
}

#[tokio::test]
async fn responses_stream_with_back_pressure() {
    let (writers, mut writer) = mpsc::unbounded_channel();
    let rooms = always(move |_| {
        let (writer, reader) = mpsc::channel(1);
        writers.send(writer).unwrap();
        let body = Body::Stream(reader);
        Reply::Response(Response { status: 200, reason: None, headers: HeaderMap::new(), body })
    });
    let rig = Rig::parties(&[("main", with_request())], rooms).await;

    // Each chunk is there before the next is written.
    let mut client = rig.connect().await;
    client.write_all(b"GET /party/r HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    let stream = soon("request", writer.recv()).await.unwrap();
    let mut text = String::new();
    for chunk in ["data: 1\n\n", "data: 2\n\n"] {
        stream.send(Ok(Bytes::from_static(chunk.as_bytes()))).await.unwrap();
        while !text.contains(chunk) {
            let mut part = [0; 512];
            let count = soon("chunk", client.read(&mut part)).await.unwrap();
            assert_ne!(count, 0);
            text.push_str(std::str::from_utf8(&part[..count]).unwrap());
        }
    }
    // The room notices that the client left.
    drop(client);
    soon("closed stream", stream.closed()).await;

    // A client that does not read holds the writer up; one that does gets everything.
    let mut client = rig.connect().await;
    client
        .write_all(b"GET /party/r HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let stream = soon("request", writer.recv()).await.unwrap();
    let chunk = Bytes::from(vec![7; 64 << 10]);
    let mut sent = 0;
    while let Ok(Ok(())) =
        tokio::time::timeout(std::time::Duration::from_millis(300), stream.send(Ok(chunk.clone())))
            .await
    {
        sent += 1;
        assert!(sent < 2000, "somebody buffers without end");
    }
    drop(stream);
    let mut all = Vec::new();
    soon("rest", client.read_to_end(&mut all)).await.unwrap();
    assert_eq!(all.iter().filter(|byte| **byte == 7).count(), sent * (64 << 10));
    assert!(all.ends_with(b"0\r\n\r\n"));

    // A body that breaks off is not taken for a whole one.
    let mut client = rig.connect().await;
    client.write_all(b"GET /party/r HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    let stream = soon("request", writer.recv()).await.unwrap();
    stream.send(Ok(Bytes::from_static(b"part"))).await.unwrap();
    stream.send(Err(crate::room::event::BodyError("oh".into()))).await.unwrap();
    let mut all = String::new();
    let _ = soon("end", client.read_to_string(&mut all)).await;
    assert!(!all.ends_with("0\r\n\r\n"), "{all}");
}

#[tokio::test]
async fn parties_cannot_break_the_framing() {
    let rooms = always(|request: Request| {
        let query = request.url.split_once('?').map_or("", |(_, query)| query).to_owned();
        let mut headers = HeaderMap::new();
        let mut response = Response {
            status: 200,
            reason: None,
            headers: HeaderMap::new(),
            body: Body::Full(Bytes::from_static(b"hello")),
        };
        match query.as_str() {
            "hop" => {
                for (name, value) in [
                    ("connection", "close, x"),
                    ("transfer-encoding", "gzip"),
                    ("keep-alive", "1"),
                    ("upgrade", "h2c"),
                    ("content-length", "99"),
                    ("set-cookie", "a=1"),
                    ("set-cookie", "b=2"),
                ] {
                    headers.append(name, HeaderValue::from_static(value));
                }
            }
            "long" => {
                headers.insert("content-length", HeaderValue::from_static("17"));
                response.body = Body::Empty;
            }
            "reason" => response.reason = Some("Quite Fine".into()),
            "badreason" => response.reason = Some("a\r\nb: c".into()),
            status => response.status = status.parse().unwrap_or(200),
        }
        response.headers = headers;
        Reply::Response(response)
    });
    let rig = Rig::parties(&[("main", with_request())], rooms).await;
    let answer = rig.get("/party/r?hop").await;
    answer.is(200, "hello");
    assert_eq!(answer.header("content-length"), Some("5"));
    assert_eq!(answer.header("connection"), Some("close"), "ours, because the client asked");
    for name in ["transfer-encoding", "keep-alive", "upgrade"] {
        assert_eq!(answer.header(name), None);
    }
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    for (method, path, status, length, body) in [
        ("HEAD", "/party/r", 200, Some("5"), ""),
        ("HEAD", "/party/r?long", 200, Some("17"), ""),
        ("GET", "/party/r?long", 200, Some("0"), ""),
        ("GET", "/party/r?204", 204, None, ""),
        ("GET", "/party/r?304", 304, None, ""),
        ("GET", "/party/r?404", 404, Some("5"), "hello"),
        ("GET", "/party/r?599", 599, Some("5"), "hello"),
        ("GET", "/party/r?101", 500, Some("5"), "hello"),
        ("GET", "/party/r?0", 500, Some("5"), "hello"),
        ("GET", "/party/r?999", 500, Some("5"), "hello"),
    ] {
        let answer = rig.send(method, path, "", "").await;
        answer.is(status, body);
        assert_eq!(answer.header("content-length"), length, "{method} {path}");
    }
    assert_eq!(rig.get("/party/r?reason").await.reason, "Quite Fine");
    assert_eq!(rig.get("/party/r?badreason").await.reason, "OK");
}

/// Rooms that accept sockets; wires come out of the channel.
fn accepting(
    protocol: Option<&'static str>,
) -> (impl FnMut(Delivery) + Send, mpsc::UnboundedReceiver<(RoomKey, SocketId, Wire)>) {
    let (attached, wires) = mpsc::unbounded_channel();
    let rooms = move |delivery: Delivery| match delivery.event {
        Event::Attach { socket, wire } => attached.send((delivery.room, socket, wire)).unwrap(),
        event => {
            let Some((_, _, replier)) = open(event) else { return };
            let room = delivery.room;
            let protocol = protocol.map(str::to_owned);
            let _ = replier.send(Reply::Upgrade { room, socket: SocketId(7), protocol });
        }
    };
    (rooms, wires)
}

#[tokio::test]
async fn sockets_are_handed_over() {
    let (rooms, mut wires) = accepting(None);
    let shape = Shape { on_fetch: true, ..Shape::default() };
    let rig = Rig::parties(&[("main", shape)], rooms).await;
    // To a room, and by `onFetch` (R-47, G-08).
    for (path, room) in
        [("/party/r?_pk=1", RoomKey::room("main", "r")), ("/x", RoomKey::lobby("main"))]
    {
        let mut request = format!("ws://{}{path}", rig.address).into_client_request().unwrap();
        let offers = HeaderValue::from_static("one, two");
        request.headers_mut().insert("sec-websocket-protocol", offers);
        let stream = rig.connect().await;
        let (mut client, response) =
            tokio_tungstenite::client_async(request, stream).await.unwrap();
        assert_eq!(response.headers()["sec-websocket-protocol"], "one");
        client.send("hello".into()).await.unwrap();
        let (attached, socket, wire) = soon("wire", wires.recv()).await.unwrap();
        assert_eq!((attached, socket), (room, SocketId(7)));
        let server = tokio::task::spawn_blocking(move || {
            wire.stream.set_nonblocking(false).unwrap();
            let read_ahead = wire.read_ahead.to_vec();
            let mut socket =
                WebSocket::from_partially_read(wire.stream, read_ahead, Role::Server, None);
            let message = socket.read().unwrap();
            socket.send(message).unwrap();
        });
        assert_eq!(soon("echo", client.next()).await.unwrap().unwrap().to_text().unwrap(), "hello");
        server.await.unwrap();
    }
    // Impatient: the first frame comes together with the handshake.
    let mut client = rig.connect().await;
    let early = format!("GET /party/r HTTP/1.1\r\nHost: h\r\n{UPGRADE}\r\n\u{1}\u{2}early bytes");
    client.write_all(early.as_bytes()).await.unwrap();
    let (_, _, wire) = soon("wire", wires.recv()).await.unwrap();
    assert_eq!(&wire.read_ahead[..], b"\x01\x02early bytes");
}

#[tokio::test]
async fn sockets_that_cannot_be() {
    let (rooms, _wires) = accepting(Some("chosen"));
    let rig = Rig::parties(&[("main", with_request())], rooms).await;
    // No upgrade was asked for (L-42): the room's socket is given up.
    let answer = rig.get("/party/r").await;
    assert_eq!(answer.status, 500);
    rig.seen.until("abandon main/r 7").await;
    rig.seen.take();
    // Malformed handshakes do not reach the room.
    let answer = rig.send("GET", "/party/r", "Upgrade: websocket\r\n", "").await;
    answer.is(400, "bad WebSocket handshake: Sec-WebSocket-Version is missing");
    let old = UPGRADE.replace("13", "8");
    let answer = rig.send("GET", "/party/r", &old, "").await;
    assert_eq!((answer.status, answer.header("sec-websocket-version")), (426, Some("13")));
    let answer = rig.send("POST", "/party/r", UPGRADE, "").await;
    assert_eq!(answer.status, 400);
    assert!(rig.seen.take().is_empty());
    // The party's choice of protocol.
    let mut client = rig.connect().await;
    let request =
        format!("GET /party/r HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Protocol: a\r\n{UPGRADE}\r\n");
    client.write_all(request.as_bytes()).await.unwrap();
    rig.seen.until("attach main/r 7").await;
    let mut answer = vec![0; 4096];
    let count = soon("101", client.read(&mut answer)).await.unwrap();
    let answer = Answer::parse(std::str::from_utf8(&answer[..count]).unwrap());
    assert_eq!((answer.status, answer.header("sec-websocket-protocol")), (101, Some("chosen")));
}

#[tokio::test]
async fn a_client_that_leaves_during_on_connect() {
    let (opened, mut repliers) = mpsc::unbounded_channel();
    let rooms = move |delivery: Delivery| {
        let room = delivery.room.clone();
        if let Some((_, _, replier)) = open(delivery.event) {
            opened.send((room, replier)).unwrap();
        }
    };
    let rig = Rig::parties(&[("main", Shape::default())], rooms).await;
    let request = format!("GET /party/r HTTP/1.1\r\nHost: h\r\n{UPGRADE}\r\n");
    let mut client = rig.connect().await;
    client.write_all(request.as_bytes()).await.unwrap();
    let (_, mut replier) = soon("connect", repliers.recv()).await.unwrap();
    drop(client);
    soon("notice", replier.closed()).await;
    // Too late: the room is told by the channel itself, or by `Abandon` if that was still open.
    let upgrade =
        Reply::Upgrade { room: RoomKey::room("main", "r"), socket: SocketId(1), protocol: None };
    assert!(replier.send(upgrade).is_err());

    // Many that leave at about the time of the answer: each ends one way or the other.
    for number in 0..50 {
        let mut client = rig.connect().await;
        client.write_all(request.as_bytes()).await.unwrap();
        let (room, replier) = soon("connect", repliers.recv()).await.unwrap();
        if number % 2 == 0 {
            drop(client);
        }
        let upgrade = Reply::Upgrade { room, socket: SocketId(1000 + number), protocol: None };
        if replier.send(upgrade).is_ok() {
            let attach = format!("attach main/r {}", 1000 + number);
            let abandon = format!("abandon main/r {}", 1000 + number);
            tokio::select! {
                () = rig.seen.until(&attach) => {}
                () = rig.seen.until(&abandon) => {}
            }
        }
    }
}

#[tokio::test]
async fn who_the_client_is() {
    let show = always(|request: Request| {
        let header =
            |name| request.headers.get(name).map_or("-", |it: &HeaderValue| it.to_str().unwrap());
        let peer = request.peer.unwrap().ip();
        respond(format!(
            "{} {} {peer} {}",
            header("cf-connecting-ip"),
            header("x-real-ip"),
            request.url
        ))
    });
    let lies = "CF-Connecting-IP: 6.6.6.6\r\nX-Forwarded-For: 6.6.6.6, 9.9.9.9\r\n\
                X-Forwarded-Proto: https\r\n";
    let parties = [("main", with_request())];
    let rig = Rig::parties(&parties, show).await;
    let answer = rig.send("GET", "/party/r", lies, "").await;
    answer.is(200, "127.0.0.1 127.0.0.1 127.0.0.1 http://Test.Local:99/party/r");

    let log = Arc::new(Mutex::new(Vec::<RequestLog>::new()));
    let entries = log.clone();
    let settings = EdgeSettings {
        trusted_proxy: true,
        on_request: Some(Arc::new(move |entry| entries.lock().unwrap().push(entry.clone()))),
        ..EdgeSettings::default()
    };
    let show = always(|request: Request| {
        let peer = request.peer.unwrap().ip();
        respond(format!("{:?} {peer} {}", request.headers["x-real-ip"], request.url))
    });
    let rig = Rig::new(site(&parties), settings, show).await;
    let answer = rig.send("GET", "/party/r?q", lies, "").await;
    answer.is(200, "\"9.9.9.9\" 9.9.9.9 https://Test.Local:99/party/r?q");
    rig.get("/nope").await;
    let log = log.lock().unwrap();
    let lines: Vec<_> =
        log.iter().map(|it| (it.method.as_str(), it.path.as_str(), it.status)).collect();
    assert_eq!(lines, [("GET", "/party/r", 200), ("GET", "/nope", 404)]);
}

#[test]
fn shapes_are_read_from_json() {
    let text = r#"{"beforeConnect":"absent","beforeRequest":"invalid","onRequest":true,
        "onFetch":false,"onSocket":true,"onCron":false}"#;
    let shape: Shape = serde_json::from_str(text).unwrap();
    let expected = Shape {
        before_request: HookShape::NotFunction,
        on_request: true,
        on_socket: true,
        ..Shape::default()
    };
    assert_eq!(shape, expected);
}
