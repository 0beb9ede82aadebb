//! `cloudflare:sockets` against servers of this test: a plain one that also turns to TLS when it is
//! asked, and one that speaks TLS from the start, with a certificate of `certificates/`.

use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::support::project::repository;
use crate::support::{Host, HostOptions, Project, eventually, run};

pub fn certificate(name: &str) -> std::path::PathBuf {
    repository().join("tests/platform/certificates").join(name)
}

pub fn acceptor() -> TlsAcceptor {
    let chain = CertificateDer::from_pem_file(certificate("server.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(certificate("server.key")).expect("a key");
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .expect("they belong together");
    TlsAcceptor::from(Arc::new(config))
}

/// Ports, and how many connections the plain server has open.
struct Servers {
    plain: u16,
    tls: u16,
    open: Arc<AtomicUsize>,
}

impl Servers {
    async fn start() -> Self {
        let open = Arc::<AtomicUsize>::default();
        let (plain, tls) = (listener().await, listener().await);
        let servers = Self { plain: port(&plain), tls: port(&tls), open: open.clone() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = plain.accept().await {
                let open = open.clone();
                tokio::spawn(async move {
                    open.fetch_add(1, Ordering::SeqCst);
                    // A client that leaves in the middle is what some of the checks do.
                    let _ = converse(stream).await;
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        tokio::spawn(async move {
            while let Ok((stream, _)) = tls.accept().await {
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor().accept(stream).await {
                        let _ = echo(stream).await;
                    }
                });
            }
        });
        servers
    }

    /// The address of a check.
    fn path(&self, check: &str) -> String {
        format!("/parties/sockets/room/{check}?port={}&tls={}", self.plain, self.tls)
    }
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a port is free")
}

fn port(listener: &TcpListener) -> u16 {
    listener.local_addr().expect("it is bound").port()
}

async fn echo(stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        stream.write_all(line.as_bytes()).await?;
        stream.flush().await?;
        line.clear();
    }
    Ok(())
}

/// Repeats lines; some of them are orders.
async fn converse(stream: TcpStream) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        match line.as_str() {
            "quit\n" => return stream.write_all(b"bye\n").await,
            "end\n" => {
                stream.write_all(b"end of mine\n").await?;
                stream.get_mut().shutdown().await?;
            }
            "count\n" => {
                let mut rest = Vec::new();
                stream.read_to_end(&mut rest).await?;
                return stream.write_all(rest.len().to_string().as_bytes()).await;
            }
            "flood\n" => loop {
                stream.write_all(&[b'x'; 65_536]).await?;
            },
            "starttls\n" => {
                stream.write_all(b"go\n").await?;
                let stream = acceptor().accept(stream.into_inner()).await?;
                return echo(stream).await;
            }
            other => stream.write_all(other.as_bytes()).await?,
        }
        line.clear();
    }
    Ok(())
}

/// A host that trusts the certificates of the test.
fn host(flags: &[&str]) -> Host {
    let mut options = HostOptions::flags(flags);
    let authority = certificate("ca.pem").display().to_string();
    options.env.push(("SSL_CERT_FILE".to_owned(), authority));
    Host::start_with(&Project::at("tests/platform/project"), options)
}

async fn ask(host: &Host, path: &str) -> Value {
    let given = host.get(path).await;
    assert_eq!(given.status, 200, "{path}: {}", given.text());
    given.json()
}

#[test]
fn b_16_a_party_talks_to_a_tcp_server() {
    let host = host(&[]);
    run(async {
        let servers = Servers::start().await;
        let wanted = [
            ("echo", json!(["hello\n", true, "string", null])),
            ("by-name", json!("name\n")),
            ("ended", json!(["bye\n", "TypeError: This socket is closed."])),
            ("half-open", json!("end of mine\n")),
            ("finish", json!("6400000")),
            ("flood", json!(true)),
            ("byob", json!("0123")),
            ("tls", json!(["secret\n", "on"])),
        ];
        for (check, wanted) in wanted {
            assert_eq!(ask(&host, &servers.path(check)).await, wanted, "{check}");
        }
        let started = ask(&host, &servers.path("starttls")).await;
        assert_eq!(started[0], "go\n", "{started}");
        assert_eq!(started[1], "now secret\n", "{started}");
        assert_eq!((&started[2], &started[3]), (&json!("starttls"), &json!("on")));
        assert!(started[4].as_str().is_some_and(|text| text.contains("already been called")));
    });
}

#[test]
fn b_16_what_cannot_be_reached_says_why() {
    let host = host(&[]);
    run(async {
        let servers = Servers::start().await;
        let dead = {
            let gone = StdListener::bind("127.0.0.1:0").expect("a port is free");
            gone.local_addr().expect("it is bound").port()
        };
        let refused = ask(&host, &format!("{}&dead={dead}", servers.path("refused"))).await;
        for text in refused.as_array().expect("a list") {
            let text = text.as_str().unwrap_or_default();
            assert!(text.contains(&format!("cannot connect to 127.0.0.1:{dead}")), "{refused}");
        }
        let wrong = ask(&host, &servers.path("tls-wrong-name")).await;
        assert!(wrong.as_str().is_some_and(|text| text.contains("TLS with 127.0.0.1")), "{wrong}");
        let arguments = ask(&host, "/parties/sockets/room/arguments").await;
        let wanted = [
            "nowhere",
            "1 to 65535",
            "1 to 65535",
            "maybe",
            "sends and receives no mail",
            "takes bytes",
        ];
        for (given, wanted) in arguments.as_array().expect("a list").iter().zip(wanted) {
            assert!(given.as_str().is_some_and(|text| text.contains(wanted)), "{given}: {wanted}");
        }
    });
}

#[test]
fn sockets_are_bounded_and_end_with_their_room() {
    let host = host(&["--turn-deadline", "1"]);
    run(async {
        let servers = Servers::start().await;
        let many = ask(&host, &servers.path("too-many")).await;
        assert_eq!(many[0], 128, "{many}");
        assert!(many[1].as_str().is_some_and(|why| why.contains("close some of them")), "{many}");
        let none = || async { (servers.open.load(Ordering::SeqCst) == 0).then_some(()) };
        eventually("all are closed", none).await;
        assert_eq!(ask(&host, &servers.path("keep")).await, 1);
        let one = || async { (servers.open.load(Ordering::SeqCst) == 1).then_some(()) };
        eventually("one is open", one).await;
        let fallen = host.get(&servers.path("fall")).await;
        assert_eq!(fallen.status, 500, "{}", fallen.text());
        eventually("the room's end closes its sockets", none).await;
        assert_eq!(ask(&host, &servers.path("keep")).await, 1, "the room started anew");
    });
}
