//! A WebSocket client whose every expectation has a deadline and says what came instead.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::DEADLINE;

/// What a client can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    Text(String),
    Binary(Bytes),
    /// The answer to a ping.
    Pong(Bytes),
    /// The closing frame: 1005 if it carries no code, 1006 if the connection broke without one.
    Close {
        code: u16,
        reason: String,
    },
}

pub struct Socket {
    stream: WebSocketStream<TcpStream>,
    /// Set by the closing frame or the end of the connection.
    closed: Option<Frame>,
}

/// An upgrade that was answered with something other than 101.
#[derive(Debug)]
pub struct Refused {
    pub status: u16,
    pub body: String,
}

impl Socket {
    pub async fn open(address: SocketAddr, path: &str) -> Self {
        match Self::try_open(address, path, &[]).await {
            Ok(socket) => socket,
            Err(refused) => panic!("{path} was not upgraded: {refused:?}"),
        }
    }

    pub async fn try_open(
        address: SocketAddr,
        path: &str,
        headers: &[(String, String)],
    ) -> Result<Self, Refused> {
        let stream = TcpStream::connect(address).await.expect("the host accepts connections");
        Self::over(stream, address, path, headers).await
    }

    /// A client with a small receive buffer, so that the host soon notices that it does not read.
    pub async fn open_narrow(address: SocketAddr, path: &str) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket can be made");
        socket.set_recv_buffer_size(4096).expect("the receive buffer can be set");
        let stream = socket.connect(address).await.expect("the host accepts connections");
        match Self::over(stream, address, path, &[]).await {
            Ok(socket) => socket,
            Err(refused) => panic!("{path} was not upgraded: {refused:?}"),
        }
    }

    async fn over(
        stream: TcpStream,
        address: SocketAddr,
        path: &str,
        headers: &[(String, String)],
    ) -> Result<Self, Refused> {
        stream.set_nodelay(true).expect("the socket takes options");
        let mut request =
            format!("ws://{address}{path}").into_client_request().expect("the path is a URL's");
        for (name, value) in headers {
            let name: http::HeaderName = name.parse().expect("a header name");
            request.headers_mut().insert(name, value.parse().expect("a header value"));
        }
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let opened = client_async_with_config(request, stream, Some(config));
        match tokio::time::timeout(DEADLINE, opened).await {
            Ok(Ok((stream, _))) => Ok(Self { stream, closed: None }),
            Ok(Err(Error::Http(response))) => {
                let body = response.body().as_deref().unwrap_or_default();
                let body = String::from_utf8_lossy(body).into_owned();
                Err(Refused { status: response.status().as_u16(), body })
            }
            Ok(Err(error)) => Err(Refused { status: 0, body: error.to_string() }),
            Err(_) => Err(Refused { status: 0, body: format!("nothing within {DEADLINE:?}") }),
        }
    }

    pub async fn send(&mut self, text: &str) {
        self.try_send(Message::text(text)).await.expect("the message can be sent");
    }

    /// Sends, or says that the connection is gone.
    pub async fn try_send(&mut self, message: Message) -> Result<(), Error> {
        match tokio::time::timeout(DEADLINE, self.stream.send(message)).await {
            Ok(sent) => sent,
            Err(_) => Err(Error::ConnectionClosed),
        }
    }

    /// The next message or the close.
    pub async fn next(&mut self) -> Frame {
        match self.next_within(DEADLINE).await {
            Some(frame) => frame,
            None => panic!("nothing arrived within {DEADLINE:?}"),
        }
    }

    pub async fn next_within(&mut self, deadline: Duration) -> Option<Frame> {
        if let Some(closed) = &self.closed {
            return Some(closed.clone());
        }
        tokio::time::timeout(deadline, self.read()).await.ok()
    }

    async fn read(&mut self) -> Frame {
        loop {
            let frame = match self.stream.next().await {
                Some(Ok(Message::Text(text))) => return Frame::Text(text.as_str().to_owned()),
                Some(Ok(Message::Binary(bytes))) => return Frame::Binary(bytes),
                Some(Ok(Message::Close(Some(frame)))) => Frame::Close {
                    code: frame.code.into(),
                    reason: frame.reason.as_str().to_owned(),
                },
                Some(Ok(Message::Close(None))) => {
                    Frame::Close { code: 1005, reason: String::new() }
                }
                Some(Ok(Message::Pong(payload))) => return Frame::Pong(payload),
                Some(Ok(_)) => continue,
                Some(Err(error)) => Frame::Close { code: 1006, reason: error.to_string() },
                None => Frame::Close { code: 1006, reason: String::new() },
            };
            self.closed = Some(frame.clone());
            return frame;
        }
    }

    /// Lets the answer to the other side's close leave.
    pub async fn answer_close(&mut self) {
        // The other side may have gone already.
        let _ = self.stream.flush().await;
    }

    pub async fn expect_text(&mut self, expected: &str) {
        assert_eq!(self.next().await, Frame::Text(expected.to_owned()));
    }

    pub async fn next_json(&mut self) -> Value {
        let frame = self.next().await;
        let Frame::Text(text) = &frame else { panic!("expected JSON, got {frame:?}") };
        match serde_json::from_str(text) {
            Ok(value) => value,
            Err(_) => panic!("expected JSON, got {text}"),
        }
    }

    pub async fn expect_json(&mut self, expected: &Value) {
        assert_eq!(&self.next_json().await, expected);
    }

    pub async fn expect_close(&mut self, code: u16) -> String {
        let frame = self.next().await;
        match frame {
            Frame::Close { code: got, reason } if got == code => reason,
            other => panic!("expected the close {code}, got {other:?}"),
        }
    }

    /// Reads everything that still comes, up to the close.
    pub async fn drain(&mut self) -> (Vec<Frame>, Frame) {
        let mut before = Vec::new();
        loop {
            match self.next().await {
                close @ Frame::Close { .. } => return (before, close),
                frame => before.push(frame),
            }
        }
    }

    /// Starts the closing handshake; without a code the frame is empty.
    pub async fn start_close(&mut self, code: Option<u16>, reason: &str) {
        let frame = code.map(|code| CloseFrame { code: code.into(), reason: reason.into() });
        self.stream.send(Message::Close(frame)).await.expect("the close can be sent");
    }

    /// Closes and waits for the other side's answer.
    pub async fn close(mut self) {
        self.start_close(Some(1000), "").await;
        self.drain().await;
    }
}
