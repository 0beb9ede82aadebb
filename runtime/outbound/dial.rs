//! Making a connection to another server: lookup, policy, TCP, TLS. Knows no room.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::policy::Refused;
use super::trust::{TrustError, roots};
use crate::limits;

/// Where a party wants to go.
#[derive(Debug, Clone)]
pub struct Target {
    pub host: String,
    pub port: u16,
    /// TLS from the first byte.
    pub secure: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error("cannot connect to {to}: {error}")]
    Connect { to: String, error: std::io::Error },
    #[error("cannot connect to {0}: there is no answer for {max} seconds",
        max = limits::OUTBOUND_CONNECT_SECONDS_MAX)]
    Late(String),
    #[error("cannot find {host}: {error}")]
    Lookup { host: String, error: std::io::Error },
    #[error("`{0}` is no name that a certificate can have")]
    Name(String),
    #[error("TLS with {host} failed: {error}")]
    Tls { host: String, error: std::io::Error },
    #[error("TLS has already been started on this socket")]
    Twice,
}

/// A connection that is made.
pub enum Link {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

/// What both kinds can do.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Duplex for T {}

impl Link {
    pub fn stream(&mut self) -> Pin<&mut dyn Duplex> {
        match self {
            Self::Plain(stream) => Pin::new(stream),
            Self::Secure(stream) => Pin::new(stream.as_mut()),
        }
    }

    /// Remote and local address.
    pub fn addresses(&self) -> (String, String) {
        let stream = match self {
            Self::Plain(stream) => stream,
            Self::Secure(stream) => stream.get_ref().0,
        };
        let shown = |address: std::io::Result<std::net::SocketAddr>| {
            address.map_or_else(|_| String::new(), |address| address.to_string())
        };
        (shown(stream.peer_addr()), shown(stream.local_addr()))
    }
}

/// Connects, within the time that a connection may take.
pub async fn dial(target: &Target) -> Result<Link, Failure> {
    let to = format!("{}:{}", target.host, target.port);
    let limit = Duration::from_secs(limits::OUTBOUND_CONNECT_SECONDS_MAX);
    let dialling = async {
        let stream = connect(target).await?;
        // Parties speak protocols of question and answer.
        let _ = stream.set_nodelay(true);
        if target.secure {
            secure(Link::Plain(stream), &target.host).await
        } else {
            Ok(Link::Plain(stream))
        }
    };
    match tokio::time::timeout(limit, dialling).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Failure::Late(to)),
    }
}

async fn connect(target: &Target) -> Result<TcpStream, Failure> {
    let policy = super::policy();
    let Target { host, port, .. } = target;
    policy.ask(host, *port)?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let addresses: Vec<_> = match bare.parse::<IpAddr>() {
        // `ask` has judged it.
        Ok(address) => vec![(address, *port).into()],
        Err(_) => {
            let found = tokio::net::lookup_host((bare, *port))
                .await
                .map_err(|error| Failure::Lookup { host: host.clone(), error })?;
            policy.resolved(host, *port, found)?
        }
    };
    TcpStream::connect(addresses.as_slice())
        .await
        .map_err(|error| Failure::Connect { to: format!("{host}:{port}"), error })
}

/// Starts TLS on a connection; `host` is the name its certificate must have.
pub async fn secure(link: Link, host: &str) -> Result<Link, Failure> {
    let Link::Plain(stream) = link else { return Err(Failure::Twice) };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let name = ServerName::try_from(bare.to_owned()).map_err(|_| Failure::Name(host.to_owned()))?;
    let config =
        ClientConfig::builder().with_root_certificates(roots()?.clone()).with_no_client_auth();
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .map_err(|error| Failure::Tls { host: host.to_owned(), error })?;
    Ok(Link::Secure(Box::new(stream)))
}
