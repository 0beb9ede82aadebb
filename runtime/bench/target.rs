//! Where the host is: its URL, and opening a connection to it.
//!
//! Plain `http://` and `ws://` only: a measurement over TLS measures TLS. The address is resolved
//! once.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use tokio::net::TcpStream;

use super::BenchError;

/// A host that does not accept within this time is overloaded or gone, in seconds.
const CONNECT_SECONDS_MAX: u64 = 30;

#[derive(Debug, Clone)]
pub struct Target {
    address: SocketAddr,
    /// As the `Host` header gives it.
    pub host: String,
}

impl Target {
    pub fn parse(text: &str) -> Result<Self, BenchError> {
        let fail = |why: &str| BenchError::Url { url: text.to_owned(), why: why.to_owned() };
        let url = url::Url::parse(text).map_err(|error| fail(&error.to_string()))?;
        let port = match url.scheme() {
            "http" | "ws" => url.port().unwrap_or(80),
            _ => return Err(fail("only http:// and ws:// can be measured")),
        };
        let name = url.host_str().ok_or_else(|| fail("it has no host"))?;
        let address = (name.trim_matches(['[', ']']), port)
            .to_socket_addrs()
            .map_err(|error| fail(&error.to_string()))?
            .next()
            .ok_or_else(|| fail("the host has no address"))?;
        Ok(Self { address, host: format!("{name}:{port}") })
    }

    pub async fn connect(&self) -> Result<TcpStream, BenchError> {
        let wait = Duration::from_secs(CONNECT_SECONDS_MAX);
        let opened = tokio::time::timeout(wait, TcpStream::connect(self.address));
        let stream = match opened.await {
            Ok(opened) => opened,
            Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut)),
        };
        let stream = stream.map_err(BenchError::io(format!("connect to {}", self.address)))?;
        stream.set_nodelay(true).map_err(BenchError::io("set up a connection"))?;
        Ok(stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let target = Target::parse("ws://127.0.0.1:1999/").expect("it is a URL");
        assert_eq!((target.address.port(), target.host.as_str()), (1999, "127.0.0.1:1999"));
        assert!(Target::parse("https://127.0.0.1").is_err() && Target::parse("nonsense").is_err());
    }
}
