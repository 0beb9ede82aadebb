//! Sockets that a party dialled itself (`cloudflare:sockets`): one task each, on the room's shard.
//!
//! What a party wants of a socket leaves through the output gate and becomes a `Command` of its task;
//! what comes of it is a completion, an event of the room like any other. A socket reads only when its
//! party waits for bytes, and a write completes when the kernel has taken it: that is the back-pressure
//! in both directions. The task ends when the party closes the socket, when the connection is lost, or
//! when the room's end drops its commands.

use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::task::Poll;
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncWriteExt, ReadBuf};
use tokio::sync::mpsc;

use super::live::Live;
use super::shard::Shard;
use crate::limits;
use crate::outbound::{self, Link, Target};
use crate::room::OutboundStep;
use crate::room::event::Completion;

/// Commands that may wait for a socket's task: one read, one write and what ends them.
const COMMANDS_MAX: usize = 16;

/// What is left of a closed socket has this long to leave.
const FAREWELL: Duration = Duration::from_secs(5);

enum Command {
    Read(u32),
    Write(Bytes, u32),
    Finish(u32),
    Secure(String, u32),
    Close,
}

/// The open sockets of a room.
#[derive(Default)]
pub struct Outbounds {
    open: HashMap<u32, mpsc::Sender<Command>>,
}

impl Outbounds {
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// The room ends: every socket closes.
    pub fn clear(&mut self) {
        self.open.clear();
    }
}

impl Live {
    /// Waits for bytes of a socket.
    pub fn read_outbound(self: &Rc<Self>, socket: u32, completion: u32) {
        self.command(socket, Command::Read(completion), completion);
    }

    fn command(self: &Rc<Self>, socket: u32, command: Command, completion: u32) {
        let sender = self.outbounds.borrow().open.get(&socket).cloned();
        let refused = match sender.map(|sender| sender.try_send(command)) {
            Some(Ok(())) => return,
            Some(Err(mpsc::error::TrySendError::Full(_))) => "too much waits for this socket",
            Some(Err(mpsc::error::TrySendError::Closed(_))) | None => "the socket is closed",
        };
        self.complete(completion, Completion::Failed(refused.to_owned()));
    }
}

impl Shard {
    /// Does what a party wants of a socket.
    pub fn outbound(self: &Rc<Self>, live: &Rc<Live>, socket: u32, step: OutboundStep) {
        match step {
            OutboundStep::Connect { host, port, secure } => {
                let (sender, commands) = mpsc::channel(COMMANDS_MAX);
                live.outbounds.borrow_mut().open.insert(socket, sender);
                let task = Task {
                    live: Rc::downgrade(live),
                    socket,
                    commands,
                    reading: None,
                    writing: None,
                    finishing: None,
                };
                tokio::task::spawn_local(task.run(Target { host, port, secure }));
            }
            OutboundStep::Write { bytes, completion } => {
                live.command(socket, Command::Write(bytes, completion), completion);
            }
            OutboundStep::Finish { completion } => {
                live.command(socket, Command::Finish(completion), completion);
            }
            OutboundStep::Secure { name, completion } => {
                live.command(socket, Command::Secure(name, completion), completion);
            }
            OutboundStep::Close => {
                let sender = live.outbounds.borrow_mut().open.remove(&socket);
                // A task that is busy sees that its commands have ended.
                if let Some(sender) = sender {
                    let _ = sender.try_send(Command::Close);
                }
            }
        }
    }
}

/// What a task wakes up for.
enum Happening {
    Command(Option<Command>),
    Read(std::io::Result<Bytes>),
    Written(std::io::Result<()>),
    Finished(std::io::Result<()>),
}

struct Task {
    live: Weak<Live>,
    socket: u32,
    commands: mpsc::Receiver<Command>,
    /// The completions of what is going on.
    reading: Option<u32>,
    writing: Option<(Bytes, u32)>,
    finishing: Option<u32>,
}

impl Task {
    async fn run(mut self, target: Target) {
        let dialled = tokio::select! {
            dialled = outbound::dial(&target) => Some(dialled),
            // Nothing but its end is asked of a socket that is not open yet.
            _ = self.commands.recv() => None,
        };
        match dialled {
            Some(Ok(link)) => {
                let (remote, local) = link.addresses();
                self.complete(self.socket, Completion::Text(format!("{remote}\n{local}")));
                self.serve(link).await;
            }
            Some(Err(error)) => self.fail(self.socket, &error.to_string()),
            None => self.fail(self.socket, "the socket was closed before it was open"),
        }
        if let Some(live) = self.live.upgrade() {
            live.outbounds.borrow_mut().open.remove(&self.socket);
        }
    }

    async fn serve(&mut self, mut link: Link) {
        loop {
            match self.next(&mut link).await {
                Happening::Command(Some(Command::Read(completion))) => {
                    self.reading = Some(completion);
                }
                Happening::Command(Some(Command::Write(bytes, completion))) => {
                    self.writing = Some((bytes, completion));
                }
                Happening::Command(Some(Command::Finish(completion))) => {
                    self.finishing = Some(completion);
                }
                Happening::Command(Some(Command::Secure(name, completion))) => {
                    match self.secure(link, &name, completion).await {
                        Some(secured) => link = secured,
                        None => return,
                    }
                }
                Happening::Command(Some(Command::Close) | None) => {
                    self.stop_reading();
                    // The other side may be gone or deaf; nobody waits for this.
                    let _ = tokio::time::timeout(FAREWELL, link.stream().shutdown()).await;
                    return;
                }
                Happening::Read(Ok(bytes)) => {
                    let chunk = (!bytes.is_empty()).then_some(bytes);
                    let waiting = self.reading.take();
                    self.complete_some(waiting, Completion::Chunk(chunk));
                }
                Happening::Read(Err(error)) => {
                    let waiting = self.reading.take();
                    self.lost(waiting, &error);
                }
                Happening::Written(outcome) => {
                    let waiting = self.writing.take().map(|(_, completion)| completion);
                    self.report(waiting, outcome);
                }
                Happening::Finished(outcome) => {
                    let waiting = self.finishing.take();
                    self.report(waiting, outcome);
                }
            }
        }
    }

    async fn next(&mut self, link: &mut Link) -> Happening {
        let Self { commands, reading, writing, finishing, .. } = self;
        std::future::poll_fn(|cx| {
            if let Poll::Ready(command) = commands.poll_recv(cx) {
                return Poll::Ready(Happening::Command(command));
            }
            if reading.is_some() {
                let mut space = [0; limits::OUTBOUND_READ_BYTES];
                let mut space = ReadBuf::new(&mut space);
                if let Poll::Ready(outcome) = link.stream().poll_read(cx, &mut space) {
                    let read = outcome.map(|()| Bytes::copy_from_slice(space.filled()));
                    return Poll::Ready(Happening::Read(read));
                }
            }
            if let Some((bytes, _)) = writing {
                while bytes.has_remaining() {
                    match link.stream().poll_write(cx, bytes) {
                        Poll::Ready(Ok(0)) => {
                            let error = std::io::ErrorKind::WriteZero.into();
                            return Poll::Ready(Happening::Written(Err(error)));
                        }
                        Poll::Ready(Ok(written)) => bytes.advance(written),
                        Poll::Ready(Err(error)) => {
                            return Poll::Ready(Happening::Written(Err(error)));
                        }
                        Poll::Pending => return Poll::Pending,
                    }
                }
                return link.stream().poll_flush(cx).map(Happening::Written);
            }
            if finishing.is_some() {
                return link.stream().poll_shutdown(cx).map(Happening::Finished);
            }
            Poll::Pending
        })
        .await
    }

    /// Starts TLS. What was being read or written before belongs to the old socket, which is over.
    async fn secure(&mut self, link: Link, name: &str, completion: u32) -> Option<Link> {
        self.stop_reading();
        let limit = Duration::from_secs(limits::OUTBOUND_CONNECT_SECONDS_MAX);
        let secured = tokio::select! {
            secured = tokio::time::timeout(limit, outbound::secure(link, name)) => secured,
            _ = self.commands.recv() => return None,
        };
        match secured {
            Ok(Ok(link)) => {
                let (remote, local) = link.addresses();
                self.complete(completion, Completion::Text(format!("{remote}\n{local}")));
                Some(link)
            }
            Ok(Err(error)) => {
                self.fail(completion, &error.to_string());
                None
            }
            Err(_) => {
                self.fail(completion, &format!("TLS with {name} failed: there is no answer"));
                None
            }
        }
    }

    fn stop_reading(&mut self) {
        let waiting = self.reading.take();
        self.complete_some(waiting, Completion::Chunk(None));
    }

    fn report(&self, waiting: Option<u32>, outcome: std::io::Result<()>) {
        match outcome {
            Ok(()) => self.complete_some(waiting, Completion::Done),
            Err(error) => self.lost(waiting, &error),
        }
    }

    fn lost(&self, waiting: Option<u32>, error: &std::io::Error) {
        let message = format!("the connection was lost: {error}");
        self.complete_some(waiting, Completion::Failed(message));
    }

    fn fail(&self, completion: u32, message: &str) {
        self.complete(completion, Completion::Failed(message.to_owned()));
    }

    fn complete_some(&self, waiting: Option<u32>, outcome: Completion) {
        if let Some(completion) = waiting {
            self.complete(completion, outcome);
        }
    }

    fn complete(&self, completion: u32, outcome: Completion) {
        if let Some(live) = self.live.upgrade() {
            live.complete(completion, outcome);
        }
    }
}
