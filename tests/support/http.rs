//! An HTTP/1.1 client on one connection. The request target goes out exactly as given, bodies may
//! stream both ways.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use http::{HeaderMap, Request};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::DEADLINE;

type Body = BoxBody<Bytes, std::convert::Infallible>;

/// Whatever went wrong between the two ends.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

pub struct Client {
    sender: http1::SendRequest<Body>,
    address: SocketAddr,
}

/// A whole response.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; anything else fails the test.
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(_) => panic!("not JSON: {} {}", self.status, self.text()),
        }
    }

    /// Fails unless the status is 200.
    pub fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.text());
        self
    }
}

/// A response whose body still arrives.
pub struct Streaming {
    pub status: u16,
    pub headers: HeaderMap,
    body: Incoming,
}

impl Streaming {
    /// The next piece of the body as text; nothing at its end.
    pub async fn next(&mut self) -> Option<Result<String, Failure>> {
        loop {
            let frame = tokio::time::timeout(DEADLINE, self.body.frame()).await;
            match frame.expect("the body goes on within the deadline")? {
                Ok(frame) => {
                    if let Ok(data) = frame.into_data() {
                        return Some(Ok(String::from_utf8_lossy(&data).into_owned()));
                    }
                }
                Err(error) => return Some(Err(error.into())),
            }
        }
    }
}

impl Client {
    pub async fn connect(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Ends with the connection; what goes wrong there is seen by the request.
        tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Self { sender, address })
    }

    /// Sends a request and reads the whole answer.
    pub async fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: Bytes,
    ) -> Result<Answer, Failure> {
        let sent = self.exchange(method, path, headers, Full::new(body).boxed());
        tokio::time::timeout(DEADLINE, async {
            let response = sent.await?;
            let (head, body) = response.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
        })
        .await
        .map_err(|_| -> Failure { format!("no answer within {DEADLINE:?}").into() })?
    }

    /// Sends a request whose body is a stream of pieces, and gives the answer as soon as its head
    /// is there.
    pub async fn stream(
        &mut self,
        method: &str,
        path: &str,
        body: impl Stream<Item = Bytes> + Send + Sync + 'static,
    ) -> Result<Streaming, Failure> {
        let body = BodyExt::boxed(StreamBody::new(body.map(|piece| Ok(Frame::data(piece)))));
        let sent = self.exchange(method, path, &[], body);
        let response = tokio::time::timeout(DEADLINE, sent).await??;
        let (head, body) = response.into_parts();
        Ok(Streaming { status: head.status.as_u16(), headers: head.headers, body })
    }

    async fn exchange(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: Body,
    ) -> Result<http::Response<Incoming>, Failure> {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request = request.header("host", self.address.to_string());
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        self.sender.ready().await?;
        Ok(self.sender.send_request(request.body(body)?).await?)
    }
}

/// Sends bytes that no client library would send, and gives all that comes back until the host
/// closes.
pub async fn raw(address: SocketAddr, request: &[u8], deadline: Duration) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = TcpStream::connect(address).await.expect("the host accepts connections");
    stream.write_all(request).await.expect("the request can be sent");
    let mut answer = Vec::new();
    // A connection that is reset has said all it will.
    let _ = tokio::time::timeout(deadline, stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}
