//! Sockets over TLS, against a client of another make (tokio-rustls and tokio-tungstenite): what
//! differs from a plain socket is that bytes wait in one more place, on both ways.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as ClientMessage;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::{End, Flow, Frame, Socket, WireSettings, WireSink};
use crate::room::event::{Message, SocketId, Wire};

const DEADLINE: Duration = Duration::from_secs(20);

type Client = WebSocketStream<TlsStream<TcpStream>>;

/// Echoes, or only notes.
#[derive(Default)]
struct Recorder {
    echo: RefCell<Option<Rc<Socket>>>,
    heard: RefCell<Vec<usize>>,
    end: RefCell<Option<End>>,
    changed: tokio::sync::Notify,
}

impl WireSink for Recorder {
    fn message(&self, _: SocketId, message: Message) -> Flow {
        if let Some(socket) = &*self.echo.borrow() {
            socket.send(&Frame::from_message(&message));
        }
        self.heard.borrow_mut().push(message.len());
        self.changed.notify_waiters();
        Flow::Continue
    }

    fn closed(&self, _: SocketId, end: End) {
        *self.end.borrow_mut() = Some(end);
        self.changed.notify_waiters();
    }
}

impl Recorder {
    async fn until<T>(&self, what: &str, look: impl Fn(&Self) -> Option<T>) -> T {
        soon(what, async {
            loop {
                let changed = self.changed.notified();
                if let Some(found) = look(self) {
                    return found;
                }
                changed.await;
            }
        })
        .await
    }

    async fn end(&self) -> End {
        self.until("end", |me| me.end.borrow().clone()).await
    }
}

struct Attached {
    socket: Rc<Socket>,
    sink: Rc<Recorder>,
}

async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.unwrap_or_else(|_| panic!("no {what} in time"))
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, test);
}

/// Both ends' idea of a certificate for `localhost`.
fn configs() -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (Arc::new(server), Arc::new(client))
}

/// A socket after its handshakes. What the client writes in `early` is read by the TLS connection
/// before it is handed over.
async fn raw(settings: WireSettings, early: &[u8]) -> (Attached, TlsStream<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (server, client) = configs();
    let accept = async {
        let mut stream =
            TlsAcceptor::from(server).accept(listener.accept().await.unwrap().0).await.unwrap();
        // One byte of the early ones is taken as hyper takes what is behind a request's head.
        let mut ahead = vec![0; usize::from(!early.is_empty())];
        stream.read_exact(&mut ahead).await.unwrap();
        (stream, ahead)
    };
    let connect = async {
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = TlsConnector::from(client).connect(name, stream).await.unwrap();
        stream.write_all(early).await.unwrap();
        stream
    };
    let ((stream, ahead), client) =
        soon("handshake", async { tokio::join!(accept, connect) }).await;
    let (stream, tls) = stream.into_inner();
    let wire = Wire {
        stream: stream.into_std().unwrap(),
        tls: Some(Box::new(tls)),
        read_ahead: Bytes::from(ahead),
    };
    let sink = Rc::new(Recorder::default());
    let socket = Socket::attach(SocketId(1), wire, sink.clone(), Rc::new(settings)).unwrap();
    (Attached { socket, sink }, client)
}

async fn connect(settings: WireSettings) -> (Attached, Client) {
    let (attached, client) = raw(settings, &[]).await;
    let config = WebSocketConfig::default()
        .max_frame_size(Some(256 << 20))
        .max_message_size(Some(256 << 20));
    (attached, WebSocketStream::from_raw_socket(client, Role::Client, Some(config)).await)
}

async fn next(client: &mut Client) -> ClientMessage {
    soon("frame", client.next()).await.expect("the stream goes on").unwrap()
}

#[test]
fn echoes_every_size_and_many_at_once() {
    run(async {
        let (attached, mut client) = connect(WireSettings::default()).await;
        *attached.sink.echo.borrow_mut() = Some(attached.socket.clone());
        for size in [0, 1, 126, 4_096, 16_384, 16_385, 65_536, 1 << 20] {
            let payload: Vec<u8> = (0..size).map(|at| at as u8).collect();
            client.send(ClientMessage::binary(payload.clone())).await.unwrap();
            assert_eq!(next(&mut client).await, ClientMessage::binary(payload));
        }
        for number in 0..2_000 {
            client.feed(ClientMessage::text(number.to_string())).await.unwrap();
        }
        client.flush().await.unwrap();
        for number in 0..2_000 {
            assert_eq!(next(&mut client).await, ClientMessage::text(number.to_string()));
        }
        attached.sink.echo.borrow_mut().take();
    });
}

#[test]
fn bytes_that_were_decrypted_before_the_hand_over_are_read() {
    run(async {
        // A masked frame that says "early", with a mask of zeros.
        let early = b"\x81\x85\0\0\0\0early";
        let (attached, client) = raw(WireSettings::default(), early).await;
        attached.sink.until("message", |me| me.heard.borrow().first().copied()).await;
        assert_eq!(*attached.sink.heard.borrow(), [5]);
        drop(client);
    });
}

#[test]
fn a_message_far_beyond_every_buffer_arrives() {
    run(async {
        let settings = WireSettings { outbox_bytes_max: 64 << 20, ..WireSettings::default() };
        let (attached, mut client) = connect(settings).await;
        let payload: Vec<u8> = (0..20 << 20).map(|at: usize| (at / 7) as u8).collect();
        attached.socket.send(&Frame::binary(&payload));
        assert!(attached.socket.buffered() > 0);
        attached.socket.send(&Frame::text(b"behind it"));
        assert_eq!(next(&mut client).await, ClientMessage::binary(payload));
        assert_eq!(next(&mut client).await, ClientMessage::text("behind it"));
        assert_eq!(attached.socket.buffered(), 0);
    });
}

/// The last records may wait in the TLS connection although the queue is empty.
#[test]
fn the_last_bytes_of_a_burst_do_not_stay_behind() {
    run(async {
        let (attached, mut client) = connect(WireSettings::default()).await;
        let frame = Frame::binary(&[7; 50_000]);
        for round in 0..200 {
            attached.socket.send(&frame);
            if round % 50 == 49 {
                for _ in 0..50 {
                    assert_eq!(next(&mut client).await.len(), 50_000);
                }
            }
        }
    });
}

#[test]
fn a_client_that_does_not_read_is_closed_and_learns_why() {
    run(async {
        let settings = WireSettings { outbox_bytes_max: 1 << 20, ..WireSettings::default() };
        let (attached, mut client) = connect(settings).await;
        let frame = Frame::binary(&[1; 100_000]);
        let mut sent = 0;
        while attached.sink.end.borrow().is_none() {
            attached.socket.send(&frame);
            sent += 1;
            assert!(sent < 10_000, "there is no end to what waits");
            tokio::task::yield_now().await;
        }
        assert_eq!(attached.sink.end().await.code, 1008);
        // Whole frames, then the close: nothing was torn.
        loop {
            match next(&mut client).await {
                ClientMessage::Binary(bytes) => assert_eq!(bytes.len(), 100_000),
                ClientMessage::Close(Some(CloseFrame { code, .. })) => {
                    assert_eq!(u16::from(code), 1008);
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn both_sides_close_cleanly_and_tls_says_farewell() {
    run(async {
        let (attached, mut client) = connect(WireSettings::default()).await;
        attached.socket.close(Some(4001), "done");
        match next(&mut client).await {
            ClientMessage::Close(Some(close)) => assert_eq!(u16::from(close.code), 4001),
            other => panic!("{other:?}"),
        }
        assert!(soon("end", client.next()).await.is_none());
        // An end without a farewell would be an error here.
        let rest = soon("farewell", client.get_mut().read(&mut [0; 16])).await;
        assert_eq!(rest.map_err(|error| error.kind()), Ok(0));
        assert!(attached.sink.end().await.clean);

        let (attached, mut client) = connect(WireSettings::default()).await;
        client.close(None).await.unwrap();
        let end = attached.sink.end().await;
        assert_eq!((end.code, end.clean), (1005, true));
    });
}

#[test]
fn a_client_that_vanishes_ends_its_socket() {
    run(async {
        let (attached, client) = connect(WireSettings::default()).await;
        drop(client);
        let end = attached.sink.end().await;
        assert_eq!((end.code, end.clean), (1006, false));
    });
}

#[test]
fn a_record_that_cannot_be_decrypted_ends_its_socket() {
    run(async {
        let (attached, mut client) = raw(WireSettings::default(), &[]).await;
        let garbage = b"\x17\x03\x03\0\x20 thirty-two bytes of bare garbage";
        client.get_mut().0.write_all(garbage).await.unwrap();
        let end = attached.sink.end().await;
        assert_eq!((end.code, end.clean), (1006, false));
        // The client hears of it in TLS's own words.
        let read = soon("alert", client.read(&mut [0; 16])).await;
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::InvalidData);
    });
}

#[test]
fn aborting_ends_it_at_once() {
    run(async {
        let (attached, mut client) = connect(WireSettings::default()).await;
        attached.socket.abort();
        let end = attached.sink.end().await;
        assert_eq!((end.code, end.clean), (1006, false));
        assert!(!matches!(soon("end", client.next()).await, Some(Ok(_))));
    });
}

#[test]
fn a_silent_client_is_pinged_and_given_up() {
    run(async {
        let settings = WireSettings {
            ping_every: Duration::from_millis(20),
            pong_patience: Duration::from_millis(50),
            ..WireSettings::default()
        };
        // Reads nothing, so that nothing answers.
        let (attached, client) = raw(settings, &[]).await;
        let end = attached.sink.end().await;
        assert_eq!((end.code, end.reason.contains("ping")), (1006, true));
        drop(client);
    });
}
