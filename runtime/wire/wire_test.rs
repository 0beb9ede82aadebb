//! Sockets over real TCP against a client of another make (tokio-tungstenite), and against raw
//! bytes where a proper client would refuse to misbehave.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::LocalSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame as ClientFrame};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message as ClientMessage};

use super::{End, Flow, Frame, Socket, WireSettings, WireSink};
use crate::room::event::{Message, SocketId, Wire};

const DEADLINE: Duration = Duration::from_secs(20);

/// Notes what happens; answers according to `behaviour`.
#[derive(Default)]
struct Recorder {
    heard: RefCell<VecDeque<Message>>,
    ends: RefCell<VecDeque<End>>,
    changed: Notify,
    echo: RefCell<Option<Rc<Socket>>>,
    pause: std::cell::Cell<bool>,
}

impl WireSink for Recorder {
    fn message(&self, _: SocketId, message: Message) -> Flow {
        assert!(self.ends.borrow().is_empty(), "nothing comes after the end");
        if let Some(socket) = &*self.echo.borrow() {
            socket.send(&Frame::from_message(&message));
        }
        self.heard.borrow_mut().push_back(message);
        self.changed.notify_waiters();
        if self.pause.get() { Flow::Pause } else { Flow::Continue }
    }

    fn closed(&self, _: SocketId, end: End) {
        self.ends.borrow_mut().push_back(end);
        self.changed.notify_waiters();
    }
}

impl Recorder {
    async fn until<T>(&self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let wait = async {
            loop {
                let changed = self.changed.notified();
                if let Some(found) = look(self) {
                    return found;
                }
                changed.await;
            }
        };
        tokio::time::timeout(DEADLINE, wait).await.unwrap_or_else(|_| panic!("no {what} in time"))
    }

    async fn message(&self) -> Message {
        self.until("message", |me| me.heard.borrow_mut().pop_front()).await
    }

    async fn end(&self) -> End {
        self.until("end", |me| me.ends.borrow().front().cloned()).await
    }
}

struct Rig {
    listener: TcpListener,
    address: SocketAddr,
}

struct Attached {
    socket: Rc<Socket>,
    sink: Rc<Recorder>,
}

impl Rig {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener, address }
    }

    async fn raw(&self, settings: WireSettings, read_ahead: &[u8]) -> (Attached, TcpStream) {
        let (client, server) =
            tokio::join!(TcpStream::connect(self.address), self.listener.accept());
        let stream = server.unwrap().0.into_std().unwrap();
        let sink = Rc::new(Recorder::default());
        let wire = Wire { stream, tls: None, read_ahead: Bytes::copy_from_slice(read_ahead) };
        let socket = Socket::attach(SocketId(1), wire, sink.clone(), Rc::new(settings)).unwrap();
        (Attached { socket, sink }, client.unwrap())
    }

    async fn connect(&self, settings: WireSettings) -> (Attached, WebSocketStream<TcpStream>) {
        let (attached, client) = self.raw(settings, &[]).await;
        let config = WebSocketConfig::default()
            .max_frame_size(Some(256 << 20))
            .max_message_size(Some(256 << 20));
        (attached, WebSocketStream::from_raw_socket(client, Role::Client, Some(config)).await)
    }
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, test);
}

async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.unwrap_or_else(|_| panic!("no {what} in time"))
}

async fn next(client: &mut WebSocketStream<TcpStream>) -> ClientMessage {
    soon("frame", client.next()).await.expect("the stream goes on").unwrap()
}

fn close_of(message: ClientMessage) -> (u16, String) {
    match message {
        ClientMessage::Close(Some(CloseFrame { code, reason })) => {
            (code.into(), reason.to_string())
        }
        ClientMessage::Close(None) => (1005, String::new()),
        other => panic!("expected a close, got {other:?}"),
    }
}

fn text(message: &Message) -> &str {
    match message {
        Message::Text(bytes) => std::str::from_utf8(bytes).unwrap(),
        Message::Binary(_) => panic!("expected text"),
    }
}

/// A masked client frame with the given first byte.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..126 => bytes.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    let mask = [0x11, 0x22, 0x33, 0x44];
    bytes.extend(mask);
    bytes.extend(payload.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]));
    bytes
}

#[test]
fn echoes_every_kind_and_size() {
    run(async {
        let rig = Rig::new().await;
        let (attached, mut client) = rig.connect(WireSettings::default()).await;
        *attached.sink.echo.borrow_mut() = Some(attached.socket.clone());
        for size in [0, 1, 125, 126, 4_096, 65_535, 65_536, 1 << 20] {
            let binary: Vec<u8> = (0..size).map(|at| at as u8).collect();
            client.send(ClientMessage::binary(binary.clone())).await.unwrap();
            assert_eq!(next(&mut client).await, ClientMessage::binary(binary));
            let text = "ü".repeat(size / 2);
            client.send(ClientMessage::text(text.clone())).await.unwrap();
            assert_eq!(next(&mut client).await, ClientMessage::text(text));
        }
        // Many at once: more than one visit's worth, in order.
        for number in 0..500 {
            client.feed(ClientMessage::text(number.to_string())).await.unwrap();
        }
        client.flush().await.unwrap();
        for number in 0..500 {
            assert_eq!(next(&mut client).await, ClientMessage::text(number.to_string()));
        }
        attached.sink.echo.borrow_mut().take();
    });
}

#[test]
fn joins_fragments_with_a_ping_between() {
    run(async {
        let rig = Rig::new().await;
        let (attached, mut client) = rig.connect(WireSettings::default()).await;
        let part = |text: &'static [u8], opcode, last| {
            ClientMessage::Frame(ClientFrame::message(text, OpCode::Data(opcode), last))
        };
        client.send(part(b"one ", Data::Text, false)).await.unwrap();
        client.send(part("tw\u{f6}".as_bytes(), Data::Continue, false)).await.unwrap();
        client.send(ClientMessage::Ping(Bytes::from_static(b"there?"))).await.unwrap();
        client.send(part(b" three", Data::Continue, true)).await.unwrap();
        assert_eq!(text(&attached.sink.message().await), "one tw\u{f6} three");
        assert_eq!(next(&mut client).await, ClientMessage::Pong(Bytes::from_static(b"there?")));
        // The state that held the fragments is of no consequence for what follows.
        client.send(ClientMessage::text("after")).await.unwrap();
        assert_eq!(text(&attached.sink.message().await), "after");
    });
}

#[test]
fn byte_by_byte_and_read_ahead() {
    run(async {
        let rig = Rig::new().await;
        let mut bytes = masked(0x81, b"first");
        bytes.extend(masked(0x81, "z\u{20ac}".as_bytes()));
        let (ahead, rest) = bytes.split_at(14);
        let (attached, mut client) = rig.raw(WireSettings::default(), ahead).await;
        assert_eq!(text(&attached.sink.message().await), "first");
        client.set_nodelay(true).unwrap();
        for byte in rest {
            client.write_all(&[*byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        assert_eq!(text(&attached.sink.message().await), "z\u{20ac}");
    });
}

#[test]
fn frames_sent_at_once_arrive_in_order() {
    run(async {
        let rig = Rig::new().await;
        let (attached, mut client) = rig.connect(WireSettings::default()).await;
        // Before the task ran for the first time (W-18).
        for number in 0..100 {
            attached.socket.send(&Frame::text(number.to_string().as_bytes()));
        }
        attached.socket.close(Some(4001), "done");
        attached.socket.send(&Frame::text(b"too late"));
        attached.socket.close(Some(4002), "the first one wins");
        for number in 0..100 {
            assert_eq!(next(&mut client).await, ClientMessage::text(number.to_string()));
        }
        assert_eq!(close_of(next(&mut client).await), (4001, "done".into()));
        assert!(soon("end", client.next()).await.is_none());
        let end = attached.sink.end().await;
        assert_eq!((end.code, end.reason.as_str(), end.clean), (4001, "done", true));
    });
}

#[test]
fn large_binary_in_parts() {
    run(async {
        let rig = Rig::new().await;
        let (attached, mut client) = rig.connect(WireSettings::default()).await;
        // Larger than the outbox's bound: an empty outbox takes a message of any size (W-04).
        let payload: Vec<u8> = (0..20 << 20).map(|at: usize| (at / 7) as u8).collect();
        tokio::task::yield_now().await;
        attached.socket.send(&Frame::binary(&payload));
        assert!(attached.socket.buffered() > 0);
        assert_eq!(next(&mut client).await, ClientMessage::binary(payload));
        attached.socket.send(&Frame::text(b"small"));
        assert_eq!(next(&mut client).await, ClientMessage::text("small"));
        assert_eq!(attached.socket.buffered(), 0);
    });
}

#[test]
fn a_client_that_does_not_read_is_closed_and_others_go_on() {
    run(async {
        let rig = Rig::new().await;
        let settings = WireSettings { outbox_bytes_max: 1 << 20, ..WireSettings::default() };
        let (slow, slow_client) = rig.connect(settings.clone()).await;
        let (quick, mut quick_client) = rig.connect(settings).await;
        let frame = Frame::binary(&[1; 64 << 10]);
        let mut sent = 0;
        while slow.sink.ends.borrow().is_empty() {
            slow.socket.send(&frame);
            quick.socket.send(&frame);
            sent += 1;
            assert!(slow.socket.buffered() <= 1 << 20);
            assert!(sent < 10_000, "the slow client is closed at some point");
            assert_eq!(next(&mut quick_client).await.len(), 64 << 10);
        }
        let end = slow.sink.end().await;
        assert_eq!((end.code, end.clean), (1008, false));
        assert!(slow.socket.buffered() < 128 << 10, "what was queued is dropped");
        quick.socket.send(&Frame::text(b"still here"));
        assert_eq!(next(&mut quick_client).await, ClientMessage::text("still here"));
        // If it comes back in time it learns why, behind whole frames only.
        let mut client = slow_client;
        let close = loop {
            match next(&mut client).await {
                ClientMessage::Binary(bytes) => assert_eq!(bytes.len(), 64 << 10),
                other => break close_of(other),
            }
        };
        assert_eq!(close.0, 1008);
    });
}

#[test]
fn answers_a_close_at_once_with_its_code() {
    run(async {
        let rig = Rig::new().await;
        for close in [None, Some((1000, "")), Some((4321, "so long"))] {
            let (attached, mut client) = rig.connect(WireSettings::default()).await;
            attached.socket.send(&Frame::text(b"before"));
            let frame = close.map(|(code, reason): (u16, &str)| CloseFrame {
                code: CloseCode::from(code),
                reason: reason.into(),
            });
            client.close(frame).await.unwrap();
            assert_eq!(next(&mut client).await, ClientMessage::text("before"));
            let (code, reason) = close.unwrap_or((1005, ""));
            assert_eq!(close_of(next(&mut client).await), (code, reason.into()));
            assert!(soon("end of TCP", client.next()).await.is_none());
            let end = attached.sink.end().await;
            let expected = End { code, reason: reason.into(), clean: true, error: None };
            assert_eq!(end, expected);
            attached.socket.send(&Frame::text(b"ignored"));
            assert_eq!(attached.sink.ends.borrow().len(), 1);
        }
    });
}

#[test]
fn messages_after_our_close_are_dropped_and_patience_ends() {
    run(async {
        let rig = Rig::new().await;
        let settings =
            WireSettings { close_patience: Duration::from_millis(50), ..WireSettings::default() };
        let (attached, mut client) = rig.raw(settings, &[]).await;
        attached.socket.close(None, "not seen");
        client.write_all(&masked(0x81, b"late")).await.unwrap();
        // The close frame, then the end of the connection; we never answer.
        let mut bytes = Vec::new();
        let _ = soon("end of TCP", client.read_to_end(&mut bytes)).await;
        assert_eq!(bytes, b"\x88\x00");
        assert_eq!(attached.sink.end().await.code, 1006);
        assert!(attached.sink.heard.borrow().is_empty());
    });
}

#[test]
fn long_reasons_are_cut() {
    run(async {
        let rig = Rig::new().await;
        let (attached, mut client) = rig.connect(WireSettings::default()).await;
        attached.socket.close(Some(1011), &"ü".repeat(100));
        assert_eq!(close_of(next(&mut client).await), (1011, "ü".repeat(61)));
    });
}

#[test]
fn protocol_errors_have_their_codes() {
    let frames: Vec<(&str, Vec<u8>, u16)> = vec![
        ("invalid UTF-8", masked(0x81, &[0xff, 0xfe]), 1007),
        ("UTF-8 cut off", masked(0x81, &[0xe2, 0x82]), 1007),
        ("surrogate", masked(0x81, &[0xed, 0xa0, 0x80]), 1007),
        ("no mask", vec![0x81, 1, b'x'], 1002),
        ("reserved bit", masked(0xc1, b"x"), 1002),
        ("reserved opcode", masked(0x83, b"x"), 1002),
        ("continuation of nothing", masked(0x80, b"x"), 1002),
        ("fragmented ping", masked(0x09, b"x"), 1002),
        ("long ping", masked(0x89, &[0; 126]), 1002),
        ("close with half a code", masked(0x88, &[3]), 1002),
        ("close with a bad reason", masked(0x88, &[3, 0xe8, 0xff]), 1007),
    ];
    run(async {
        let rig = Rig::new().await;
        for (name, bytes, code) in frames {
            let (attached, mut client) = rig.raw(WireSettings::default(), &[]).await;
            client.write_all(&bytes).await.unwrap();
            let end = attached.sink.end().await;
            assert_eq!(end.code, code, "{name}");
            assert!(end.error.is_some() && !end.clean, "{name}");
            let mut answer = Vec::new();
            soon("answer", client.read_to_end(&mut answer)).await.unwrap();
            assert_eq!(answer[0], 0x88, "{name}");
            assert_eq!(u16::from_be_bytes([answer[2], answer[3]]), code, "{name}");
            assert!(attached.sink.heard.borrow().is_empty(), "{name}");
        }
    });
}

#[test]
fn oversize_is_refused_before_it_is_read() {
    run(async {
        let rig = Rig::new().await;
        let settings = WireSettings { message_max: 1 << 10, ..WireSettings::default() };
        let expected = "Message is too large: 1025 > 1024";

        let (attached, mut client) = rig.connect(settings.clone()).await;
        client.send(ClientMessage::binary(vec![0; 1024])).await.unwrap();
        assert_eq!(attached.sink.message().await.len(), 1024);
        client.send(ClientMessage::binary(vec![0; 1025])).await.unwrap();
        let end = attached.sink.end().await;
        assert_eq!((end.code, end.error.as_deref()), (1009, Some(expected)));
        assert_eq!(close_of(next(&mut client).await), (1009, expected.into()));

        // The head alone is enough, and a client still busy sending gets the close all the same.
        let (attached, mut client) = rig.raw(settings.clone(), &[]).await;
        let mut head = masked(0x82, &vec![0; 8 << 20]);
        client.write_all(&head[..14]).await.unwrap();
        assert_eq!(attached.sink.end().await.code, 1009);
        let (mut from, mut to) = client.split();
        let rest = head.split_off(14);
        let (_, answer) = tokio::join!(
            async {
                let _ = to.write_all(&rest).await;
                let _ = to.shutdown().await;
            },
            async {
                let mut answer = Vec::new();
                let _ = soon("answer", from.read_to_end(&mut answer)).await;
                answer
            }
        );
        assert_eq!(&answer[2..4], &1009_u16.to_be_bytes());

        // In fragments, each of them small.
        let (attached, mut client) = rig.raw(settings, &[]).await;
        client.write_all(&masked(0x02, &[0; 600])).await.unwrap();
        client.write_all(&masked(0x80, &[0; 425])).await.unwrap();
        assert_eq!(attached.sink.end().await.error.as_deref(), Some(expected));
    });
}

#[test]
fn abort_and_loss_are_1006() {
    run(async {
        let rig = Rig::new().await;
        let (attached, mut client) = rig.connect(WireSettings::default()).await;
        attached.socket.abort();
        attached.socket.abort();
        assert!(attached.sink.ends.borrow().is_empty(), "never from inside the call");
        let last = soon("end", client.next()).await;
        assert!(matches!(
            last,
            Some(Err(tungstenite::Error::Protocol(_)))
                | Some(Err(tungstenite::Error::Io(_)))
                | None
        ));
        let end = attached.sink.end().await;
        assert_eq!((end.code, end.clean, end.error), (1006, false, None));

        let (attached, client) = rig.raw(WireSettings::default(), &[]).await;
        drop(client);
        let end = attached.sink.end().await;
        let text = "WebSocket disconnected without sending Close frame.";
        assert_eq!((end.code, end.reason.as_str(), end.error), (1006, text, None));
        assert_eq!(attached.sink.ends.borrow().len(), 1);

        // A reset, while we are sending.
        let (attached, client) = rig.raw(WireSettings::default(), &[]).await;
        tokio::task::yield_now().await;
        socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
        drop(client);
        for _ in 0..1000 {
            attached.socket.send(&Frame::binary(&[0; 10_000]));
        }
        assert_eq!(attached.sink.end().await.code, 1006);
    });
}

#[test]
fn pings_the_silent_and_drops_the_dead() {
    run(async {
        let rig = Rig::new().await;
        let settings = WireSettings {
            ping_every: Duration::from_millis(30),
            pong_patience: Duration::from_millis(60),
            ..WireSettings::default()
        };
        // A client that answers stays.
        let (alive, mut client) = rig.connect(settings.clone()).await;
        for _ in 0..3 {
            assert!(matches!(next(&mut client).await, ClientMessage::Ping(_)));
        }
        assert!(alive.sink.ends.borrow().is_empty());
        // One that does not is dropped, although its TCP connection is open.
        let (dead, mut silent) = rig.raw(settings.clone(), &[]).await;
        let mut bytes = Vec::new();
        let both = async { tokio::join!(client.next(), silent.read_to_end(&mut bytes)) };
        let _ = tokio::time::timeout(Duration::from_secs(5), async {
            tokio::pin!(both);
            tokio::select! { _ = &mut both => {}, _ = dead.sink.end() => {} }
        })
        .await;
        let end = dead.sink.end().await;
        assert_eq!((end.code, end.clean), (1006, false));
        // Nothing is held against a client that we do not read: it outlives one that is read.
        let (paused, mut client) = rig.connect(settings.clone()).await;
        paused.sink.pause.set(true);
        client.send(ClientMessage::text("stop")).await.unwrap();
        paused.sink.message().await;
        for _ in 0..2 {
            let (dead, _silent) = rig.raw(settings.clone(), &[]).await;
            dead.sink.end().await;
        }
        assert!(paused.sink.ends.borrow().is_empty());
    });
}

#[test]
fn pause_and_resume() {
    run(async {
        let rig = Rig::new().await;
        let (attached, mut client) = rig.connect(WireSettings::default()).await;
        attached.sink.pause.set(true);
        for number in 0..10 {
            client.send(ClientMessage::text(number.to_string())).await.unwrap();
        }
        for number in 0..10 {
            assert_eq!(text(&attached.sink.message().await), number.to_string());
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            assert!(attached.sink.heard.borrow().is_empty(), "one at a time");
            attached.socket.resume();
        }
        // Closing does not wait for a resume.
        client.send(ClientMessage::text("pause again")).await.unwrap();
        attached.sink.message().await;
        attached.socket.close(Some(1000), "");
        assert_eq!(close_of(next(&mut client).await).0, 1000);
        let _ = soon("end of TCP", client.next()).await;
        assert!(attached.sink.end().await.clean);
    });
}

#[test]
fn a_flood_does_not_starve_others() {
    run(async {
        let rig = Rig::new().await;
        let (flood, mut loud) = rig.raw(WireSettings::default(), &[]).await;
        let (other, mut quiet) = rig.connect(WireSettings::default()).await;
        let burst: Vec<u8> = (0..200_000).flat_map(|_| masked(0x81, b"x")).collect();
        let sender = tokio::task::spawn_local(async move {
            loud.write_all(&burst).await.unwrap();
            loud
        });
        flood.sink.message().await;
        quiet.send(ClientMessage::text("me too")).await.unwrap();
        assert_eq!(text(&other.sink.message().await), "me too");
        assert!(flood.sink.heard.borrow().len() < 150_000);
        let _loud = sender.await.unwrap();
        flood
            .sink
            .until("whole flood", |me| (me.heard.borrow().len() == 199_999).then_some(()))
            .await;
    });
}

#[test]
fn idle_connections_are_small() {
    fn resident() -> usize {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
    }
    run(async {
        const COUNT: usize = 400;
        let rig = Rig::new().await;
        let (warm, mut client) = rig.raw(WireSettings::default(), &[]).await;
        client.write_all(&masked(0x82, &[0; 1 << 16])).await.unwrap();
        warm.sink.message().await;
        let before = resident();
        let mut all = Vec::new();
        for _ in 0..COUNT {
            let (attached, mut client) = rig.raw(WireSettings::default(), &[]).await;
            // Each has spoken: what matters is what is kept afterwards.
            client.write_all(&masked(0x82, &[0; 20_000])).await.unwrap();
            assert_eq!(attached.sink.message().await.len(), 20_000);
            all.push((attached, client));
        }
        for _ in 0..COUNT {
            tokio::task::yield_now().await;
        }
        let each = resident().saturating_sub(before) / COUNT;
        println!(
            "{each} bytes per idle connection, both ends and the test's own recorder included"
        );
        assert!(each < 8 << 10, "{each} bytes per idle connection");
    });
}
