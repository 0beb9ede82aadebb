//! What parties and the host have said lately, for the dashboard: a ring of lines.
//!
//! Filled through `node` from the same places that feed the terminal. Bounded in lines and in bytes;
//! the oldest go first, whichever room they are of, and readers learn how many they have missed.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::sync::watch;

use super::limits;
use super::reply::{Problem, Query};
use crate::clock::now_ms;
use crate::name::RoomKey;

const LINES_MAX: usize = 2_000;

/// Bytes of all lines.
const BYTES_MAX: usize = 2 << 20;

/// Bytes of one line; the rest is cut off.
const LINE_BYTES_MAX: usize = 8 << 10;

const LEVELS: [&str; 4] = ["debug", "log", "warn", "error"];

/// A request that was answered.
#[derive(Debug, Clone)]
pub struct Answered {
    pub method: String,
    pub path: String,
    pub status: u16,
    pub ms: f64,
}

enum Said {
    Room { room: RoomKey, level: u8, text: String },
    Request(Answered),
}

struct Line {
    number: u64,
    at_ms: i64,
    said: Said,
}

impl Line {
    fn weight(&self) -> usize {
        let text = match &self.said {
            Said::Room { text, .. } => text.len(),
            Said::Request(answered) => answered.path.len(),
        };
        text + 128
    }

    fn is_of(&self, wanted: Option<&RoomKey>) -> bool {
        match (wanted, &self.said) {
            (None, _) => true,
            (Some(wanted), Said::Room { room, .. }) => room == wanted,
            (Some(_), Said::Request(_)) => false,
        }
    }

    fn json(&self) -> Value {
        let (number, at) = (self.number, self.at_ms);
        match &self.said {
            Said::Room { room, level, text } => {
                let level = LEVELS[usize::from(*level).min(LEVELS.len() - 1)];
                let id = room.id().map(|id| &**id);
                json!({
                    "number": number, "at": at, "level": level,
                    "party": &*room.party, "id": id, "text": text,
                })
            }
            Said::Request(Answered { method, path, status, ms }) => json!({
                "number": number, "at": at, "level": "request",
                "method": method, "path": path, "status": status, "ms": ms,
            }),
        }
    }
}

#[derive(Default)]
struct Ring {
    lines: VecDeque<Line>,
    bytes: usize,
    /// Of the newest line.
    last: u64,
}

/// The newest lines. Shared by the threads that speak and the streams that listen.
pub struct Log {
    ring: Mutex<Ring>,
    grown: watch::Sender<u64>,
}

impl Default for Log {
    fn default() -> Self {
        Self { ring: Mutex::default(), grown: watch::Sender::new(0) }
    }
}

/// Lines for a reader.
pub struct Excerpt {
    pub lines: Vec<Value>,
    /// Where the next reading begins.
    pub last: u64,
    /// Lines that had gone before they were read.
    pub missed: u64,
}

impl Log {
    /// A line of a party: level 0 debug, 1 info, 2 warn, 3 error.
    pub fn say(&self, room: &RoomKey, level: u8, text: &str) {
        let text = cut(text);
        self.push(Said::Room { room: room.clone(), level, text });
    }

    pub fn answered(&self, answered: Answered) {
        let path = cut(&answered.path);
        self.push(Said::Request(Answered { path, ..answered }));
    }

    fn push(&self, said: Said) {
        let last = {
            let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
            ring.last += 1;
            let line = Line { number: ring.last, at_ms: now_ms(), said };
            ring.bytes += line.weight();
            ring.lines.push_back(line);
            while ring.lines.len() > LINES_MAX || ring.bytes > BYTES_MAX {
                let Some(gone) = ring.lines.pop_front() else { break };
                ring.bytes -= gone.weight();
            }
            ring.last
        };
        if self.grown.receiver_count() > 0 {
            self.grown.send_replace(last);
        }
    }

    /// Changes with every line.
    pub fn listen(&self) -> watch::Receiver<u64> {
        self.grown.subscribe()
    }

    /// The lines after a number, of one room or of all; the newest ones if there are many.
    pub fn excerpt(&self, after: u64, room: Option<&RoomKey>, most: usize) -> Excerpt {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        // A number from before the host was started anew says nothing.
        let after = if after > ring.last { 0 } else { after };
        let first = ring.lines.front().map_or(ring.last + 1, |line| line.number);
        let missed = if after == 0 { 0 } else { first.saturating_sub(after + 1) };
        let newest = ring.lines.iter().rev().take_while(|line| line.number > after);
        let found = newest.filter(|line| line.is_of(room)).take(most).map(Line::json);
        let mut lines: Vec<Value> = found.collect();
        lines.reverse();
        Excerpt { lines, last: ring.last, missed }
    }

    /// `GET log`.
    pub fn read(&self, query: &Query) -> Result<Value, Problem> {
        let after = query.number("since")?.unwrap_or(0);
        let room = match query.get("party") {
            Some(party) => Some(RoomKey::room(party, query.need("id")?)),
            None => None,
        };
        let most = query.number("limit")?.unwrap_or(limits::ROWS_MAX).min(limits::ROWS_MAX);
        let Excerpt { lines, last, missed } = self.excerpt(after, room.as_ref(), most);
        Ok(json!({ "lines": lines, "last": last, "missed": missed }))
    }
}

/// As much of a text as is kept.
fn cut(text: &str) -> String {
    if text.len() <= LINE_BYTES_MAX {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(LINE_BYTES_MAX);
    format!("{}… ({} bytes more)", &text[..end], text.len() - end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_lines_go_and_readers_learn_of_it() {
        let log = Log::default();
        let (a, b) = (RoomKey::room("main", "a"), RoomKey::room("main", "b"));
        log.say(&a, 1, "first");
        assert_eq!(log.excerpt(0, None, 10).lines[0]["text"], "first");
        for number in 0..LINES_MAX {
            log.say(&b, 3, &number.to_string());
        }
        let seen = log.excerpt(1, None, usize::MAX);
        assert_eq!((seen.lines.len(), seen.missed), (LINES_MAX, 0));
        assert!(log.excerpt(0, Some(&a), 10).lines.is_empty(), "the first line has gone");
        log.say(&a, 0, "last");
        let seen = log.excerpt(1, None, 10);
        assert_eq!((seen.lines.len(), seen.missed), (10, 1));
        assert_eq!(log.excerpt(seen.last, None, 10).lines.len(), 0);
        assert_eq!(log.excerpt(0, Some(&a), 10).lines.len(), 1);
        assert_eq!(log.excerpt(1 << 40, Some(&a), 10).lines.len(), 1, "of an earlier host");
    }

    #[test]
    fn long_lines_are_cut_between_letters_and_many_bytes_push_others_out() {
        let log = Log::default();
        let room = RoomKey::room("main", "a");
        let long = "ä".repeat(LINE_BYTES_MAX);
        for _ in 0..1_000 {
            log.say(&room, 1, &long);
        }
        let ring = log.ring.lock().unwrap();
        assert!(ring.bytes <= BYTES_MAX && ring.lines.len() > 100, "{}", ring.lines.len());
        drop(ring);
        let text = log.excerpt(0, None, 1).lines[0]["text"].as_str().unwrap().to_owned();
        assert!(text.len() < LINE_BYTES_MAX + 40 && text.ends_with("(8192 bytes more)"));
    }
}
