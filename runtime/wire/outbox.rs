//! What one socket still has to send.
//!
//! Owned by `Socket`. While the kernel takes everything nothing is ever queued: `push` writes at
//! once. What the kernel does not take waits here as shared bytes, without a copy, until the
//! socket's task flushes it. The queue is bounded; beyond the bound the frames that have not been
//! started are dropped, because a client that does not read must not hold the room's memory (spec
//! W-04, 1008). A half-written frame is never abandoned while anything is to follow it: the client
//! would read garbage. Over TLS a frame counts as sent when it is encrypted; its records may still wait
//! in `Tls`, which `flush` sees to.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Write};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;

use super::tls::Tls;

/// Frames handed to the kernel in one call. More would not be taken at once anyway.
const VECTORED_FRAMES_MAX: usize = 64;

/// Slots of an emptied queue worth keeping; a connection that was behind once gives the rest back.
const SLOTS_KEPT_MAX: usize = 16;

pub(super) struct Outbox {
    /// `None` once the socket is over: whatever is pushed then is dropped.
    half: Option<OwnedWriteHalf>,
    tls: Option<Rc<Tls>>,
    queue: VecDeque<Bytes>,
    bytes: usize,
    /// The first entry is the rest of a frame whose start is on the wire.
    front_started: bool,
    /// Queued bytes have left since the last look: the peer is alive.
    progress: bool,
}

#[derive(Debug)]
pub(super) enum Pushed {
    /// On its way.
    Sent,
    /// Queued behind others; the task is waiting to write already.
    Queued,
    /// The first in the queue: the task has to be woken.
    First,
    /// More than the bound would wait. Nothing was queued.
    Full,
    /// The connection is lost.
    Broken,
}

impl Outbox {
    pub fn new(half: OwnedWriteHalf, tls: Option<Rc<Tls>>) -> Self {
        Self {
            half: Some(half),
            tls,
            queue: VecDeque::new(),
            bytes: 0,
            front_started: false,
            progress: false,
        }
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn take_progress(&mut self) -> bool {
        std::mem::take(&mut self.progress)
    }

    /// Sends or queues one frame. An empty outbox takes a frame of any size (W-04); one that holds
    /// something takes what fits below `bytes_max`.
    pub fn push(&mut self, mut frame: Bytes, bytes_max: usize) -> Pushed {
        let Some(half) = &self.half else { return Pushed::Broken };
        if !self.queue.is_empty() {
            if self.bytes.saturating_add(frame.len()) > bytes_max {
                return Pushed::Full;
            }
            self.bytes += frame.len();
            self.queue.push_back(frame);
            return Pushed::Queued;
        }
        let written = match &self.tls {
            None => half.try_write(&frame),
            Some(tls) => tls.write(&mut Raw(half), &[IoSlice::new(&frame)]),
        };
        match written {
            Ok(sent) if sent == frame.len() => {
                let behind = self.tls.as_ref().is_some_and(|tls| tls.is_behind());
                return if behind { Pushed::First } else { Pushed::Sent };
            }
            Ok(sent) => {
                frame.advance(sent);
                self.front_started = sent > 0;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.front_started = false,
            Err(_) => return Pushed::Broken,
        }
        self.bytes = frame.len();
        self.queue.push_back(frame);
        Pushed::First
    }

    /// Writes until nothing is left or the kernel is full; then the task wakes when it is not.
    pub fn flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(tls) = self.tls.clone() {
            // What left while frames were pushed says nothing about the peer.
            tls.take_moved();
            let flushed = self.flush_queue(cx);
            self.progress |= tls.take_moved();
            ready!(flushed)?;
            return self.flush_records(&tls, cx);
        }
        self.flush_queue(cx)
    }

    fn flush_records(&mut self, tls: &Tls, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(half) = &self.half {
            let flushed = tls.flush(&mut Raw(half));
            self.progress |= tls.take_moved();
            match flushed {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let stream: &TcpStream = half.as_ref();
                    ready!(stream.poll_write_ready(cx))?;
                }
                flushed => return Poll::Ready(flushed),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn flush_queue(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.queue.is_empty() {
            let Some(half) = &self.half else { break };
            let mut slices = [IoSlice::new(&[]); VECTORED_FRAMES_MAX];
            let mut used = 0;
            for (slice, frame) in slices.iter_mut().zip(&self.queue) {
                *slice = IoSlice::new(frame);
                used += 1;
            }
            let written = match &self.tls {
                None => half.try_write_vectored(&slices[..used]),
                Some(tls) => tls.write(&mut Raw(half), &slices[..used]),
            };
            match written {
                Ok(0) => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                Ok(sent) => self.consume(sent),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let stream: &TcpStream = half.as_ref();
                    match stream.poll_write_ready(cx) {
                        Poll::Ready(Ok(())) => {}
                        Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                        Poll::Pending => return Poll::Pending,
                    }
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn consume(&mut self, mut sent: usize) {
        self.progress = true;
        self.bytes -= sent;
        while sent > 0 {
            let Some(front) = self.queue.front_mut() else { break };
            if sent < front.len() {
                front.advance(sent);
                self.front_started = true;
                return;
            }
            sent -= front.len();
            self.queue.pop_front();
            self.front_started = false;
        }
        if self.queue.is_empty() && self.queue.capacity() > SLOTS_KEPT_MAX {
            self.queue = VecDeque::new();
        }
    }

    /// Forgets every frame that has not been started and puts `last` behind the one that has.
    pub fn replace(&mut self, last: Bytes) {
        self.queue.truncate(usize::from(self.front_started));
        self.queue.push_back(last);
        self.queue.shrink_to_fit();
        self.bytes = self.queue.iter().map(Bytes::len).sum();
    }

    /// Gives everything up and closes our direction of the connection.
    pub fn shut(&mut self) {
        if let (Some(half), Some(tls)) = (&self.half, &self.tls) {
            tls.close(&mut Raw(half));
        }
        self.half = None;
        self.queue = VecDeque::new();
        self.bytes = 0;
    }

    /// Ends both directions at once, without waiting for the task.
    pub fn cut(&mut self) {
        if let Some(half) = &self.half {
            let stream: &TcpStream = half.as_ref();
            // Fails only if the connection is gone already, which is what is wanted.
            let _ = socket2::SockRef::from(stream).shutdown(std::net::Shutdown::Both);
        }
        self.shut();
    }
}

/// The kernel's side of the connection, for what writes records.
struct Raw<'a>(&'a OwnedWriteHalf);

impl Write for Raw<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(parts)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
