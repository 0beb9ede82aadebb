//! From bytes to messages: the reading side of one socket.
//!
//! Driven by `session`. The WebSocket protocol itself (frames, masks, fragments, UTF-8, limits) is
//! `tungstenite`'s; this file feeds it from the TCP stream without blocking and sees to it that an
//! idle connection holds no buffer: the protocol state is made when bytes arrive and dropped again
//! as soon as it provably holds none. Automatic pongs go through `Replies`, in order with
//! everything else that is sent. Never writes to the stream itself.

use std::io::{self, ErrorKind, Read, Write};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::tcp::OwnedReadHalf;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tokio_tungstenite::tungstenite::{self, protocol::CloseFrame};

use super::tls::Tls;
use crate::room::event::Message;

/// First buffer of a connection that has something to say, in bytes: chat messages fit, and
/// clearing it costs nothing.
const READ_BYTES: usize = 4 << 10;

/// Buffer of a connection whose last burst filled the small one, in bytes.
const READ_BYTES_BULK: usize = 64 << 10;

/// Where frames that the protocol answers by itself (pongs) go.
pub(super) trait Replies {
    fn reply(&self, frame: &[u8]);
}

pub(super) enum Incoming {
    Message(Message),
    /// A ping or pong, dealt with already.
    Control,
    Close(Option<(u16, String)>),
    /// Nothing more for now; the task wakes when there is.
    Nothing,
    /// The connection ended without a close frame.
    Lost,
    /// The peer broke the protocol: the code to close with, and what was wrong.
    Violation(u16, String),
}

pub(super) struct Reader {
    half: OwnedReadHalf,
    tls: Option<Rc<Tls>>,
    /// Bytes that were read together with the request head; they come first.
    read_ahead: Bytes,
    protocol: Option<Box<WebSocketContext>>,
    message_max: usize,
    /// Bytes given to `protocol` less the least that the frames it returned can have measured. Zero
    /// means that it holds nothing: no part of a frame and no fragments of a message.
    unexplained: u64,
    largest_read: usize,
    bulk: bool,
    heard: bool,
}

impl Reader {
    pub fn new(
        half: OwnedReadHalf,
        tls: Option<Rc<Tls>>,
        read_ahead: Bytes,
        message_max: usize,
    ) -> Self {
        Self {
            half,
            tls,
            read_ahead,
            protocol: None,
            message_max,
            unexplained: 0,
            largest_read: 0,
            bulk: false,
            heard: false,
        }
    }

    /// Whether any byte came since the last look.
    pub fn take_heard(&mut self) -> bool {
        let part = self.tls.as_ref().is_some_and(|tls| tls.take_heard());
        std::mem::take(&mut self.heard) || part
    }

    /// The next thing the peer said.
    pub fn next(&mut self, cx: &mut Context<'_>, replies: &dyn Replies) -> Incoming {
        let mut protocol = match self.protocol.take() {
            Some(protocol) => protocol,
            None => {
                // Most visits find nothing; they shall not pay for a buffer.
                match self.poll_readable(cx) {
                    Poll::Ready(true) => self.new_protocol(),
                    Poll::Ready(false) => return Incoming::Lost,
                    Poll::Pending => return Incoming::Nothing,
                }
            }
        };
        let before = self.unexplained;
        let mut stream = Stream {
            raw: Raw { half: &mut self.half, cx },
            tls: self.tls.as_deref(),
            read_ahead: &mut self.read_ahead,
            replies,
            handed: 0,
            largest: 0,
        };
        let read = protocol.read(&mut stream);
        let (handed, largest) = (stream.handed, stream.largest);
        self.heard |= handed > 0;
        self.largest_read = self.largest_read.max(largest);
        self.unexplained = before + handed;
        let incoming = self.understand(read);
        match incoming {
            Incoming::Nothing if self.unexplained == 0 => {
                self.bulk = self.largest_read >= READ_BYTES;
                self.largest_read = 0;
            }
            _ => self.protocol = Some(protocol),
        }
        incoming
    }

    fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let decrypted = || self.tls.as_ref().is_some_and(|tls| tls.is_readable());
        if !self.read_ahead.is_empty() || decrypted() {
            return Poll::Ready(true);
        }
        let stream: &tokio::net::TcpStream = self.half.as_ref();
        stream.poll_read_ready(cx).map(|ready| ready.is_ok())
    }

    fn new_protocol(&self) -> Box<WebSocketContext> {
        let config = WebSocketConfig::default()
            .read_buffer_size(if self.bulk { READ_BYTES_BULK } else { READ_BYTES })
            .write_buffer_size(0)
            .max_message_size(Some(self.message_max))
            .max_frame_size(Some(self.message_max));
        Box::new(WebSocketContext::new(Role::Server, Some(config)))
    }

    fn understand(&mut self, read: Result<tungstenite::Message, Error>) -> Incoming {
        match read {
            Ok(tungstenite::Message::Text(text)) => {
                self.explain(text.len());
                Incoming::Message(Message::Text(text.into()))
            }
            Ok(tungstenite::Message::Binary(bytes)) => {
                self.explain(bytes.len());
                Incoming::Message(Message::Binary(bytes))
            }
            Ok(tungstenite::Message::Ping(bytes) | tungstenite::Message::Pong(bytes)) => {
                self.explain(bytes.len());
                Incoming::Control
            }
            Ok(tungstenite::Message::Frame(_)) => Incoming::Control,
            Ok(tungstenite::Message::Close(close)) => Incoming::Close(
                close.map(|CloseFrame { code, reason }| (code.into(), reason.to_string())),
            ),
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => Incoming::Nothing,
            Err(Error::Capacity(CapacityError::MessageTooLong { size, max_size })) => {
                // The wording is PartyKit's (W-03).
                Incoming::Violation(1009, format!("Message is too large: {size} > {max_size}"))
            }
            Err(Error::Utf8(_)) => Incoming::Violation(1007, "Invalid UTF-8 in a message".into()),
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => Incoming::Lost,
            Err(Error::Protocol(violation)) => Incoming::Violation(1002, violation.to_string()),
            // Errors of the connection, and those that only writing a message could give.
            Err(_) => Incoming::Lost,
        }
    }

    /// A client's frame of `payload` bytes is at least this long: header, length, mask.
    fn explain(&mut self, payload: usize) {
        let length = match payload {
            0..126 => 0,
            126..=0xffff => 2,
            _ => 8,
        };
        self.unexplained = self.unexplained.saturating_sub(2 + length + 4 + payload as u64);
    }

    /// Reads and forgets, records undeciphered. `Ready` at the end of the stream.
    pub fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<Option<usize>> {
        self.protocol = None;
        self.read_ahead = Bytes::new();
        let mut space = [0; READ_BYTES];
        let mut buffer = ReadBuf::new(&mut space);
        match Pin::new(&mut self.half).poll_read(cx, &mut buffer) {
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                Poll::Ready(Some(buffer.filled().len()))
            }
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// The TCP stream for the time of one call.
struct Raw<'a, 'b> {
    half: &'a mut OwnedReadHalf,
    cx: &'a mut Context<'b>,
}

impl Read for Raw<'_, '_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(space);
        match Pin::new(&mut *self.half).poll_read(self.cx, &mut buffer) {
            Poll::Ready(result) => result?,
            Poll::Pending => return Err(ErrorKind::WouldBlock.into()),
        }
        Ok(buffer.filled().len())
    }
}

/// The stream as the protocol sees it, for the time of one call.
struct Stream<'a, 'b> {
    raw: Raw<'a, 'b>,
    tls: Option<&'a Tls>,
    read_ahead: &'a mut Bytes,
    replies: &'a dyn Replies,
    handed: u64,
    largest: usize,
}

impl Read for Stream<'_, '_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let count = if !self.read_ahead.is_empty() {
            let count = self.read_ahead.len().min(space.len());
            self.read_ahead.copy_to_slice(&mut space[..count]);
            count
        } else if let Some(tls) = self.tls {
            tls.read(&mut self.raw, space)?
        } else {
            self.raw.read(space)?
        };
        self.handed += count as u64;
        self.largest = self.largest.max(count);
        Ok(count)
    }
}

impl Write for Stream<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.replies.reply(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
