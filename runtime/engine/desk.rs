//! What a room has open towards the rest of the host: requests that wait for its answer, bodies that
//! are being read or written, completions that its party waits for.
//!
//! Numbers given to JavaScript are handed out here and never reused while the room lives.

use std::collections::{HashMap, HashSet};

use tokio::sync::mpsc;

use crate::limits;
use crate::room::RequestId;
use crate::room::event::{BodyReader, BodyWriter, Replier, Request};
use crate::room::section::SectionId;

/// A request whose answer is awaited.
pub struct Waiting {
    pub reply: Replier,
    /// What `onFetch` gives back untouched if it has no answer.
    pub original: Option<Box<Request>>,
    /// The client asked for an upgrade.
    pub upgrade: bool,
}

#[derive(Default)]
pub struct Desk {
    last: u32,
    requests: HashMap<RequestId, Waiting>,
    /// Bodies that flow into the isolate.
    readers: HashMap<u32, BodyReader>,
    /// Readers that are out in a task which waits for the next chunk.
    reading: HashSet<u32>,
    /// Bodies that flow out of the isolate, and the ends nobody has taken yet.
    writers: HashMap<u32, BodyWriter>,
    untaken: HashMap<u32, BodyReader>,
    /// Completions the party waits for, with the section in which it began to.
    completions: HashMap<u32, SectionId>,
}

impl Desk {
    fn number(&mut self) -> u32 {
        // Zero means "none" to JavaScript.
        self.last = self.last.checked_add(1).unwrap_or(1);
        self.last
    }

    pub fn open_request(&mut self, waiting: Waiting) -> RequestId {
        let id = RequestId(self.number());
        self.requests.insert(id, waiting);
        id
    }

    pub fn request(&mut self, id: RequestId) -> Option<&mut Waiting> {
        self.requests.get_mut(&id)
    }

    pub fn close_request(&mut self, id: RequestId) -> Option<Waiting> {
        self.requests.remove(&id)
    }

    pub fn open_reader(&mut self, reader: BodyReader) -> u32 {
        let id = self.number();
        self.readers.insert(id, reader);
        id
    }

    /// Takes the reader out to wait for its next chunk.
    pub fn take_reader(&mut self, id: u32) -> Option<BodyReader> {
        let reader = self.readers.remove(&id)?;
        self.reading.insert(id);
        Some(reader)
    }

    /// Puts it back, unless the party cancelled the body meanwhile or it is at its end.
    pub fn return_reader(&mut self, id: u32, reader: Option<BodyReader>) {
        if self.reading.remove(&id)
            && let Some(reader) = reader
        {
            self.readers.insert(id, reader);
        }
    }

    pub fn cancel_reader(&mut self, id: u32) {
        self.readers.remove(&id);
        self.reading.remove(&id);
    }

    /// A body that the party will write.
    pub fn open_writer(&mut self) -> u32 {
        let id = self.number();
        let (writer, reader) = mpsc::channel(limits::BODY_CHUNKS_MAX);
        self.writers.insert(id, writer);
        self.untaken.insert(id, reader);
        id
    }

    pub fn writer(&self, id: u32) -> Option<&BodyWriter> {
        self.writers.get(&id)
    }

    pub fn close_writer(&mut self, id: u32) -> Option<BodyWriter> {
        self.untaken.remove(&id);
        self.writers.remove(&id)
    }

    /// The reading end of a body that the party writes; once.
    pub fn take_written(&mut self, id: u32) -> Option<BodyReader> {
        self.untaken.remove(&id)
    }

    /// The party begins to wait for something.
    pub fn open_completion(&mut self, section: SectionId) -> u32 {
        let id = self.number();
        self.completions.insert(id, section);
        id
    }

    /// It has happened: the section whose event this is. None if the room no longer waits.
    pub fn close_completion(&mut self, id: u32) -> Option<SectionId> {
        self.completions.remove(&id)
    }

    /// Every request that still waits, for a room that breaks.
    pub fn drain_requests(&mut self) -> impl Iterator<Item = Waiting> + use<> {
        std::mem::take(&mut self.requests).into_values()
    }

    /// Requests that wait for an answer.
    pub fn request_count(&self) -> usize {
        self.requests.len()
    }

    pub fn has_no_requests(&self) -> bool {
        self.requests.is_empty() && self.writers.is_empty()
    }

    /// Nothing is open: the instance may go.
    pub fn is_quiet(&self) -> bool {
        self.requests.is_empty()
            && self.writers.is_empty()
            && self.reading.is_empty()
            && self.completions.is_empty()
    }
}
