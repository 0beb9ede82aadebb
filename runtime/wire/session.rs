//! The life of one attached socket: its only task.
//!
//! Spawned by `Socket::attach`. Wakes when bytes arrive, when the kernel takes bytes again, when a
//! timer is due or when the handle asks for something; does everything there is to do (bounded, so
//! that the shard's other sockets get their turn) and sleeps again. Decides how the socket ends,
//! tells the sink, and then sees the last bytes off. Never keeps a borrow while the sink runs.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep};

use super::frame::shorten;
use super::reader::{Incoming, Reader};
use super::{End, Fault, Flow, Frame, OVERFLOW_CODE, OVERFLOW_REASON, Phase, Socket, limits};

/// The text of the runtimes PartyKit used (WS-30).
const LOST: &str = "WebSocket disconnected without sending Close frame.";

const NO_PONG: &str = "WebSocket disconnected: no answer to a ping.";

pub(super) struct Session {
    socket: Rc<Socket>,
    reader: Reader,
    timer: Timer,
}

/// What the timer is running for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Timer {
    Silence,
    Pong,
    Close,
}

/// How the last bytes leave after the socket is over.
enum Farewell {
    /// Not at all.
    Cut,
    /// Both closes are done: send what is queued, then end the connection.
    Flush,
    /// The peer does not know yet and may still be sending: send what is queued, end our direction,
    /// and read until it ends its own.
    Drain,
}

type Finish = (End, Farewell);

pub(super) async fn run(mut session: Session) {
    let mut timer = pin!(sleep(session.socket.settings.ping_every));
    let (end, farewell) = poll_fn(|cx| session.poll(cx, timer.as_mut())).await;
    let Session { socket, mut reader, .. } = session;
    socket.phase.set(Phase::Over);
    if matches!(farewell, Farewell::Cut) {
        socket.outbox.borrow_mut().shut();
        drop(reader);
        socket.sink.closed(socket.id, end);
        return;
    }
    socket.sink.closed(socket.id, end);
    timer.as_mut().reset(Instant::now() + socket.settings.close_patience);
    let drain = matches!(farewell, Farewell::Drain);
    let mut discarded = 0;
    poll_fn(|cx| {
        if timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        see_off(&socket, &mut reader, drain, &mut discarded, cx)
    })
    .await;
    socket.outbox.borrow_mut().shut();
}

/// One step of the farewell; `Ready` when the connection can be dropped.
fn see_off(
    socket: &Socket,
    reader: &mut Reader,
    drain: bool,
    discarded: &mut usize,
    cx: &mut Context<'_>,
) -> Poll<()> {
    let flushed = socket.outbox.borrow_mut().flush(cx);
    match flushed {
        Poll::Ready(Ok(())) if !drain => return Poll::Ready(()),
        Poll::Ready(Ok(())) => socket.outbox.borrow_mut().shut(),
        Poll::Ready(Err(_)) => return Poll::Ready(()),
        Poll::Pending => {}
    }
    if !drain {
        return Poll::Pending;
    }
    while let Some(count) = ready!(reader.poll_discard(cx)) {
        *discarded += count;
        if *discarded > limits::DISCARD_BYTES_MAX {
            break;
        }
    }
    Poll::Ready(())
}

impl Session {
    pub fn new(socket: Rc<Socket>, reader: Reader) -> Self {
        Self { socket, reader, timer: Timer::Silence }
    }

    fn poll(&mut self, cx: &mut Context<'_>, timer: Pin<&mut Sleep>) -> Poll<Finish> {
        self.remember(cx);
        self.socket.visiting.set(true);
        let finish = self.visit(cx, timer);
        self.socket.visiting.set(false);
        finish
    }

    fn remember(&self, cx: &Context<'_>) {
        let mut task = self.socket.task.borrow_mut();
        match &mut *task {
            Some(waker) => waker.clone_from(cx.waker()),
            None => *task = Some(cx.waker().clone()),
        }
    }

    fn visit(&mut self, cx: &mut Context<'_>, timer: Pin<&mut Sleep>) -> Poll<Finish> {
        if let Some(finish) = self.receive(cx) {
            return Poll::Ready(finish);
        }
        // Bound first: the borrow must be over when the arms run.
        let flushed = self.socket.outbox.borrow_mut().flush(cx);
        if let Poll::Ready(Err(_)) = flushed {
            return Poll::Ready(lost(LOST));
        }
        self.tick(cx, timer)
    }

    /// Delivers what has arrived, one visit's worth at most.
    fn receive(&mut self, cx: &mut Context<'_>) -> Option<Finish> {
        for _ in 0..limits::MESSAGES_PER_VISIT {
            if let Some(fault) = self.socket.fault.get() {
                return Some(of_fault(fault));
            }
            // While closing, reading goes on: the peer's answer is behind whatever it sent before.
            if self.socket.paused.get() && self.socket.phase.get() == Phase::Open {
                return None;
            }
            match self.reader.next(cx, &*self.socket) {
                Incoming::Message(message) => {
                    self.socket.traffic.received.update(|bytes| bytes + message.len() as u64);
                    if self.socket.phase.get() == Phase::Open
                        && self.socket.sink.message(self.socket.id, message) == Flow::Pause
                    {
                        self.socket.paused.set(true);
                    }
                }
                Incoming::Control => {}
                Incoming::Nothing => return self.socket.fault.get().map(of_fault),
                Incoming::Lost => return Some(lost(LOST)),
                Incoming::Close(close) => return Some(self.answer_close(close)),
                Incoming::Violation(code, text) => return Some(self.refuse(code, text)),
            }
        }
        cx.waker().wake_by_ref();
        self.socket.fault.get().map(of_fault)
    }

    /// The peer closes, or answers our close: the handshake is complete either way (WS-34).
    fn answer_close(&self, close: Option<(u16, String)>) -> Finish {
        let (code, reason) = match close {
            Some((code, reason)) => (Some(code), reason),
            None => (None, String::new()),
        };
        self.socket.close(code, &reason);
        let end = End { code: code.unwrap_or(1005), reason, clean: true, error: None };
        (end, Farewell::Flush)
    }

    fn refuse(&self, code: u16, text: String) -> Finish {
        self.socket.close(Some(code), &text);
        let reason = shorten(&text).to_owned();
        (End { code, reason, clean: false, error: Some(text) }, Farewell::Drain)
    }

    fn tick(&mut self, cx: &mut Context<'_>, mut timer: Pin<&mut Sleep>) -> Poll<Finish> {
        let settings = self.socket.settings.clone();
        if self.socket.phase.get() == Phase::Closing && self.timer != Timer::Close {
            self.timer = Timer::Close;
            timer.as_mut().reset(Instant::now() + settings.close_patience);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            if self.timer == Timer::Close {
                return Poll::Ready(lost(LOST));
            }
            let wait = if self.is_alive() {
                self.timer = Timer::Silence;
                settings.ping_every
            } else if self.timer == Timer::Pong {
                return Poll::Ready(lost(NO_PONG));
            } else {
                self.timer = Timer::Pong;
                self.socket.push(Frame::ping().bytes().clone(), usize::MAX);
                if let Some(fault) = self.socket.fault.get() {
                    return Poll::Ready(of_fault(fault));
                }
                settings.pong_patience
            };
            // The ping may be the first thing in the outbox; somebody has to wait for the kernel.
            let flushed = self.socket.outbox.borrow_mut().flush(cx);
            if let Poll::Ready(Err(_)) = flushed {
                return Poll::Ready(lost(LOST));
            }
            timer.as_mut().reset(Instant::now() + wait);
        }
    }

    /// Whether the peer gave a sign since the last look: bytes from it, or room for bytes to it.
    /// While we do not read, nothing is held against it.
    fn is_alive(&mut self) -> bool {
        let heard = self.reader.take_heard();
        let progress = self.socket.outbox.borrow_mut().take_progress();
        heard || progress || self.socket.paused.get()
    }
}

fn lost(reason: &str) -> Finish {
    let end = End { code: 1006, reason: reason.to_owned(), clean: false, error: None };
    (end, Farewell::Cut)
}

fn of_fault(fault: Fault) -> Finish {
    match fault {
        Fault::Broken => lost(LOST),
        Fault::Aborted => lost(""),
        Fault::Overflowed => {
            let reason = OVERFLOW_REASON.to_owned();
            (End { code: OVERFLOW_CODE, reason, clean: false, error: None }, Farewell::Drain)
        }
    }
}
