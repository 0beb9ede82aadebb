//! What a room means: a single writer that takes one event at a time.
//!
//! `Room` is the pure part: the inbox, the critical sections, the output gate, and the table of
//! sockets. It knows no V8, no socket, no disk and no clock; it is driven by the shard:
//!
//! ```text
//! push(event) ─▶ inbox ─▶ take_event() ─▶ (the engine runs one turn) ─▶ effect()* ─▶ end_turn(sealed)
//!                 ▲ sections decide who is admitted                      │
//!                 └───────── completions, timers ◀───────────────────────┘──▶ leaving() ─▶ world
//! ```
//!
//! Invariants: events of one room run in arrival order, except that a critical section holds back
//! everything it did not initiate (GATE-07, GATE-11); an effect leaves only after the commit it
//! depends on (GATE-22), and in the order in which it was made; a broken room lets nothing out.

pub mod connection;
pub mod directory;
pub mod event;
pub mod gate;
pub mod section;
pub mod survey;

use std::collections::VecDeque;

use bytes::Bytes;

use self::connection::Sockets;
use self::event::{BodyError, Event, Message, Reply, Request, SocketId};
use self::gate::Gate;
use self::section::{SectionId, Sections, TooDeep};
use self::survey::Told;
use crate::limits;
use crate::name::RoomKey;
use crate::storage::CommitSeq;

/// The number of a request that waits for the room's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u32);

/// Everything a party can do that the outside notices. Held by the output gate.
#[derive(Debug)]
pub enum Effect {
    Send {
        to: SocketId,
        message: Message,
    },
    Broadcast {
        to: Vec<SocketId>,
        message: Message,
    },
    Close {
        socket: SocketId,
        code: Option<u16>,
        reason: String,
    },
    Reply {
        request: RequestId,
        reply: Box<Reply>,
    },
    /// A chunk of a streamed body; `completion` tells the party when it may send the next.
    Chunk {
        writer: u32,
        chunk: Result<Bytes, BodyError>,
        completion: u32,
    },
    /// The streamed body is complete.
    End {
        writer: u32,
    },
    /// `stub.fetch()`.
    Call {
        target: RoomKey,
        request: Box<Request>,
        completion: u32,
    },
    /// `stub.socket()`.
    Dial {
        target: RoomKey,
        request: Box<Request>,
        completion: u32,
    },
    /// What the party wants of a socket that it dialled itself.
    Outbound {
        socket: u32,
        step: OutboundStep,
    },
    /// `storage.sync()`: everything written before is durable.
    Synced {
        completion: u32,
    },
    /// The operator's change is durable.
    Told {
        reply: Told,
    },
}

/// One thing done with a socket to another server. Its completion tells the party that it is done.
#[derive(Debug)]
pub enum OutboundStep {
    /// Completes under the socket's own number.
    Connect {
        host: String,
        port: u16,
        secure: bool,
    },
    Write {
        bytes: Bytes,
        completion: u32,
    },
    Finish {
        completion: u32,
    },
    Secure {
        name: String,
        completion: u32,
    },
    Close,
}

/// The room cannot take this event now: too many are waiting.
#[derive(Debug)]
pub struct Overloaded(pub Box<Event>);

#[derive(Debug, Default)]
pub struct Room {
    inbox: VecDeque<(SectionId, Event)>,
    inbox_bytes: usize,
    sections: Sections,
    gate: Gate<Effect>,
    pub sockets: Sockets,
}

impl Room {
    /// Puts an event from outside at the end of the inbox.
    pub fn push(&mut self, event: Event) -> Result<(), Overloaded> {
        if self.inbox.len() >= limits::INBOX_EVENTS_MAX
            || self.inbox_bytes >= limits::INBOX_BYTES_MAX
        {
            return Err(Overloaded(Box::new(event)));
        }
        self.push_from(SectionId::ROOT, event);
        Ok(())
    }

    /// Puts an event at the end of the inbox that the room initiated in `section`, or that must
    /// not be refused because something in the room waits for it.
    pub fn push_from(&mut self, section: SectionId, event: Event) {
        self.inbox_bytes += event.weight();
        self.inbox.push_back((section, event));
    }

    /// Whether sockets should stop reading until the room has caught up.
    pub fn is_congested(&self) -> bool {
        self.inbox.len() >= limits::INBOX_EVENTS_SOFT
            || self.inbox_bytes >= limits::INBOX_BYTES_SOFT
    }

    /// The event of the next turn: a section that waits first (GATE-07), then the oldest event the
    /// active section admits.
    pub fn take_event(&mut self) -> Option<Event> {
        if let Some(SectionId(id)) = self.sections.start_next() {
            return Some(Event::Section { id });
        }
        let position = match self.sections.active() {
            SectionId::ROOT => 0,
            _ => self.inbox.iter().position(|(section, _)| self.sections.admits(*section))?,
        };
        let (_, event) = self.inbox.remove(position)?;
        self.inbox_bytes -= event.weight();
        Some(event)
    }

    /// Whether `take_event` would give an event.
    pub fn is_ready(&self) -> bool {
        self.sections.has_waiting()
            || match self.sections.active() {
                SectionId::ROOT => !self.inbox.is_empty(),
                _ => self.inbox.iter().any(|(section, _)| self.sections.admits(*section)),
            }
    }

    /// How many events wait.
    pub fn waiting(&self) -> usize {
        self.inbox.len()
    }

    /// Whether a critical section is open or asked for.
    pub fn has_section(&self) -> bool {
        !self.sections.is_idle()
    }

    /// The section in which the running turn initiates things.
    pub fn section(&self) -> SectionId {
        self.sections.active()
    }

    pub fn request_section(&mut self) -> Result<SectionId, TooDeep> {
        self.sections.request()
    }

    /// Starts the section just asked for at once; for the start of a room, which is one.
    pub fn enter_section(&mut self) -> Option<SectionId> {
        self.sections.start_next()
    }

    pub fn close_section(&mut self, id: SectionId) {
        self.sections.close(id);
    }

    /// Whether the section has begun and not ended.
    pub fn is_section_open(&self, id: SectionId) -> bool {
        self.sections.is_open(id)
    }

    /// Adds an effect of the running turn. `after_write`: the open write set is not empty.
    pub fn effect(&mut self, effect: Effect, after_write: bool) {
        self.gate.push(effect, after_write);
    }

    /// The turn is over and its confirmed writes, if any, are sealed as batch `sealed`.
    pub fn end_turn(&mut self, sealed: Option<CommitSeq>) {
        self.gate.seal(sealed);
    }

    /// What is made from now on leaves only after batch `seq` is durable (KV-70).
    pub fn hold_until(&mut self, seq: CommitSeq) {
        self.gate.hold_until(seq);
    }

    pub fn committed(&mut self, upto: CommitSeq) {
        self.gate.release(upto);
    }

    /// The next effect that may leave the room.
    pub fn leaving(&mut self) -> Option<Effect> {
        self.gate.pop()
    }

    /// The room broke: drops every held effect and gives back the events that were waiting, so
    /// that whoever sent them can be told.
    pub fn break_down(&mut self) -> Broken {
        let effects = self.gate.drop_all().collect();
        let events = self.inbox.drain(..).map(|(_, event)| event).collect();
        self.inbox_bytes = 0;
        self.sections = Sections::default();
        let sockets = self.sockets.ids().collect();
        self.sockets = Sockets::default();
        Broken { effects, events, sockets }
    }

    /// The instance is gone (hibernation): its sections are too. Only called when it was quiet.
    pub fn forget_sections(&mut self) {
        debug_assert!(self.inbox.is_empty() && self.gate.is_empty(), "only quiet rooms hibernate");
        self.sections = Sections::default();
        self.inbox = VecDeque::new();
    }

    /// Nothing waits to be done: no event, no held effect, no section.
    pub fn is_quiet(&self) -> bool {
        self.inbox.is_empty() && self.gate.is_empty() && self.sections.is_idle()
    }
}

/// What was left of a room that broke.
#[derive(Debug)]
pub struct Broken {
    pub effects: Vec<Effect>,
    pub events: Vec<Event>,
    pub sockets: Vec<SocketId>,
}

#[cfg(test)]
#[path = "room_test.rs"]
mod room_test;
