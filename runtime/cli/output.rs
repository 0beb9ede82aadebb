//! What the host says: lines for people, or one JSON object per line (`--json`).

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::config::Config;
use crate::engine::PartyLog;
use crate::name::{RoomId, RoomKey};
use crate::server::RequestLog;

#[derive(Clone, Copy)]
pub struct Output {
    json: bool,
    verbose: bool,
    colour: bool,
}

const LEVELS: [&str; 4] = ["debug", "log", "warn", "error"];

impl Output {
    pub fn new(json: bool, verbose: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { json, verbose, colour: wanted && std::io::stdout().is_terminal() }
    }

    fn line(&self, text: &str) {
        // A closed pipe is no reason to stop serving.
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }

    fn event(&self, event: &str, mut fields: Value) {
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("event".to_owned(), event.into());
        }
        self.line(&fields.to_string());
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub fn info(&self, text: &str) {
        if self.json {
            self.event("info", json!({ "text": text }));
        } else {
            self.line(text);
        }
    }

    pub fn warn(&self, text: &str) {
        if self.json {
            self.event("warning", json!({ "text": text }));
        } else {
            self.line(&format!("{} {text}", self.paint("33", "warning:")));
        }
    }

    pub fn error(&self, text: &str) {
        if self.json {
            self.event("error", json!({ "text": text }));
        } else {
            self.line(&format!("{} {text}", self.paint("31", "error:")));
        }
    }

    /// The host answers from now on (K-10).
    pub fn ready(&self, config: &Config, address: SocketAddr, again: bool) {
        let url = format!("http://{address}");
        let parties: Vec<&str> = config.parties.iter().map(|(name, _)| &**name).collect();
        if self.json {
            let event = if again { "reloaded" } else { "ready" };
            let mut all = vec!["main"];
            all.extend(parties);
            self.event(event, json!({ "url": url, "port": address.port(), "parties": all }));
            return;
        }
        if again {
            self.line(&format!("Updated and ready on {url}"));
            return;
        }
        self.line(&format!("Ready on {url}"));
        self.line(&format!("  main   {url}/party/:room"));
        for party in parties {
            self.line(&format!("  {party}   {url}/parties/{party}/:room"));
        }
        if config.serve.is_some() {
            self.line(&format!("  page   {}", self.paint("36", &format!("{url}/"))));
        }
    }

    /// There is a dashboard.
    pub fn dashboard(&self, address: SocketAddr) {
        if !self.json {
            let url = format!("http://{address}/__houseparty__/");
            self.line(&format!("  dashboard   {}", self.paint("36", &url)));
        }
    }

    /// Where the lines of parties go.
    pub fn party_log(self) -> PartyLog {
        Arc::new(move |room: &RoomKey, level: u8, text: &str| {
            if level == 0 && !self.verbose {
                return;
            }
            let level = usize::from(level).min(LEVELS.len() - 1);
            if self.json {
                let id = match &room.id {
                    RoomId::Room(id) => Value::from(&**id),
                    RoomId::Lobby => Value::Null,
                };
                let fields = json!({ "party": &*room.party, "room": id, "level": LEVELS[level], "text": text });
                self.event("console", fields);
                return;
            }
            let mark = match level {
                2 => self.paint("33", "warn "),
                3 => self.paint("31", "error "),
                _ => String::new(),
            };
            self.line(&format!("{} {mark}{text}", self.paint("2", &format!("[{room}]"))));
        })
    }

    /// One line per answered request.
    pub fn request(&self, log: &RequestLog) {
        if self.json {
            let fields = json!({
                "method": log.method.as_str(),
                "path": log.path,
                "status": log.status,
                "ms": log.duration.as_secs_f64() * 1e3,
            });
            self.event("request", fields);
        } else {
            let (method, path, status) = (&log.method, &log.path, log.status);
            self.line(&format!("{method} {path} {status} ({} ms)", log.duration.as_millis()));
        }
    }
}
