//! What the host says: lines for people, or one JSON object per line (`--json`).
//!
//! Made once by a command and shared by all who have something to say. Everything goes through the
//! `log` thread, in order, to standard output; whoever speaks never waits for it. Which lines there
//! are is for `PARTYKIT_LOG` (K-04) and `--verbose` to say; colours are for a terminal only, and
//! not if `NO_COLOR` is set.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};

use super::log::{Log, Lost, Weight};
use super::progress::Progress;
use crate::config::Config;
use crate::engine::{PartyLog, SocketEnd};
use crate::name::{RoomId, RoomKey};
use crate::server::RequestLog;

/// How much is told, as `PARTYKIT_LOG` names it; each holds all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    None,
    Error,
    Warn,
    Info,
    Log,
    Debug,
}

const LEVELS: [(&str, Level); 6] = [
    ("none", Level::None),
    ("error", Level::Error),
    ("warn", Level::Warn),
    ("info", Level::Info),
    ("log", Level::Log),
    ("debug", Level::Debug),
];

/// What a party's lines are called, by the level of `PartyLog`.
const PARTY_LEVELS: [(&str, Level); 4] =
    [("debug", Level::Debug), ("log", Level::Log), ("warn", Level::Warn), ("error", Level::Error)];

#[derive(Clone, Copy)]
pub struct Output {
    json: bool,
    colour: bool,
    level: Level,
    /// One for the process, to its end.
    log: &'static Log,
}

/// Where the host serves.
pub struct Place<'a> {
    pub address: SocketAddr,
    pub scheme: &'static str,
    /// What a client that does not know our certificate can compare it by.
    pub fingerprint: Option<&'a str>,
    pub hot_keys: bool,
}

impl Place<'_> {
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }
}

impl Output {
    pub fn start(json: bool, verbose: bool) -> std::io::Result<Self> {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let colour = wanted && !json && std::io::stdout().is_terminal();
        let log = Log::start(std::io::stdout(), if json { lost_json } else { lost_text })?;
        let log = Box::leak(Box::new(log));
        let asked = std::env::var("PARTYKIT_LOG").unwrap_or_default();
        let known = LEVELS.iter().find(|(name, _)| *name == asked).map(|(_, level)| *level);
        let level = if verbose { Level::Debug } else { known.unwrap_or(Level::Log) };
        let output = Self { json, colour, level, log };
        if known.is_none() && !asked.is_empty() {
            let names = LEVELS.map(|(name, _)| name).join(", ");
            output.warn(&format!("PARTYKIT_LOG={asked}: there is no such level ({names})"));
        }
        Ok(output)
    }

    /// Waits until everything that was said is out.
    pub fn finish(&self) {
        self.log.finish();
    }

    fn line(&self, text: &str) {
        self.line_at(Level::Info, text);
    }

    fn line_at(&self, level: Level, text: &str) {
        if level <= self.level {
            let weight = if level == Level::Error { Weight::Error } else { Weight::Line };
            self.log.line(text, weight);
        }
    }

    fn event_at(&self, level: Level, event: &str, mut fields: Value) {
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("event".to_owned(), event.into());
        }
        self.line_at(level, &fields.to_string());
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn message(&self, level: Level, name: &str, mark: &str, text: &str) {
        if self.json {
            self.event_at(level, name, json!({ "text": text }));
        } else if mark.is_empty() {
            self.line_at(level, text);
        } else {
            self.line_at(level, &format!("{mark} {text}"));
        }
    }

    pub fn info(&self, text: &str) {
        self.message(Level::Info, "info", "", text);
    }

    pub fn warn(&self, text: &str) {
        self.message(Level::Warn, "warning", &self.paint("33", "warning:"), text);
    }

    pub fn error(&self, text: &str) {
        self.message(Level::Error, "error", &self.paint("31", "error:"), text);
    }

    /// What is being done, for whoever waits in front of a terminal.
    pub fn progress(&self, text: &str) {
        if self.colour || std::io::stdout().is_terminal() {
            self.message(Level::Info, "progress", "", &self.paint("2", text));
        }
    }

    /// Says that something takes long, if it does.
    pub fn long(&self, what: &'static str) -> Progress {
        let output = *self;
        Progress::start(move |seconds| output.progress(&format!("… {what} ({seconds} s)")))
    }

    /// Empties the screen.
    pub fn clear(&self) {
        self.log.line("\x1b[2J\x1b[3J\x1b[H", Weight::Line);
    }

    /// The host answers from now on (K-10).
    pub fn ready(&self, config: &Config, place: &Place<'_>, again: bool) {
        let url = place.url();
        let parties: Vec<&str> = config.parties.iter().map(|(name, _)| &**name).collect();
        if self.json {
            let mut all = vec!["main"];
            all.extend(parties);
            let mut fields = json!({ "url": url, "port": place.address.port(), "parties": all });
            if let Some(fingerprint) = place.fingerprint {
                fields["fingerprint"] = fingerprint.into();
            }
            // Whoever starts us as a child waits for it, at any level.
            self.event_at(Level::None, if again { "reloaded" } else { "ready" }, fields);
            return;
        }
        if again {
            self.line(&format!("Updated and ready on {url}"));
            return;
        }
        let mark = self.paint("1", &url);
        let mut lines = vec![format!("Ready on {mark}")];
        lines.push(format!("  main   {url}/party/:room"));
        lines.extend(parties.iter().map(|name| format!("  {name}   {url}/parties/{name}/:room")));
        if config.serve.is_some() {
            lines.push(format!("  page   {}", self.paint("36", &format!("{url}/"))));
        }
        if let Some(fingerprint) = place.fingerprint {
            lines.push(format!("  certificate   SHA-256 {fingerprint}"));
        }
        if place.hot_keys {
            let keys = [("b", "browser"), ("c", "clear"), ("x", "exit")];
            let keys = keys.map(|(key, does)| format!("{} {does}", self.paint("1", key)));
            lines.push(format!("  keys   {}", keys.join(self.paint("2", " · ").as_str())));
        }
        lines.iter().for_each(|line| self.line(line));
    }

    /// Where the lines of parties go.
    pub fn party_log(&self) -> PartyLog {
        let output = *self;
        Arc::new(move |room: &RoomKey, level: u8, text: &str| {
            let (name, level) = PARTY_LEVELS[usize::from(level).min(PARTY_LEVELS.len() - 1)];
            if level <= output.level {
                output.party(room, name, level, text);
            }
        })
    }

    fn party(&self, room: &RoomKey, name: &str, level: Level, text: &str) {
        let plain = (!self.colour && text.contains('\x1b')).then(|| without_colours(text));
        let text = plain.as_deref().unwrap_or(text);
        if self.json {
            let fields = json!({
                "party": &*room.party, "room": id_of(room), "level": name, "text": text,
            });
            self.event_at(level, "console", fields);
            return;
        }
        let mark = match level {
            Level::Warn => self.paint("33", "warn "),
            Level::Error => self.paint("31", "error "),
            _ => String::new(),
        };
        let room = self.paint("2", &format!("[{room}]"));
        self.line_at(level, &format!("{room} {mark}{text}"));
    }

    /// One line per answered request.
    pub fn request(&self, log: &RequestLog) {
        if Level::Log > self.level {
            return;
        }
        let (method, path, ms) = (log.method.as_str(), &log.path, log.duration.as_secs_f64() * 1e3);
        if self.json {
            let fields = json!({ "method": method, "path": path, "status": log.status, "ms": ms });
            self.event_at(Level::Log, "request", fields);
            return;
        }
        let code = match log.status {
            ..200 => "36",
            200..400 => "32",
            400..500 => "33",
            _ => "31",
        };
        let status = http::StatusCode::from_u16(log.status).ok();
        let reason = status.and_then(|status| status.canonical_reason()).unwrap_or_default();
        let status = self.paint(code, format!("{} {reason}", log.status).trim_end());
        self.line_at(Level::Log, &format!("{method} {path} {status} ({ms:.0} ms)"));
    }

    /// One line per WebSocket that ended; its beginning was a request.
    pub fn socket_end(&self, room: &RoomKey, end: &SocketEnd<'_>) {
        if Level::Log > self.level {
            return;
        }
        let SocketEnd { connection, code, reason, clean } = *end;
        if self.json {
            let fields = json!({
                "party": &*room.party, "room": id_of(room), "connection": connection,
                "code": code, "reason": reason, "clean": clean,
            });
            self.event_at(Level::Log, "close", fields);
            return;
        }
        // The client's words are quoted: they might try to move our cursor.
        let reason = if reason.is_empty() { String::new() } else { format!(" {reason:?}") };
        let code = self.paint(if clean { "36" } else { "33" }, &code.to_string());
        let connection = connection.escape_debug();
        self.line_at(Level::Log, &format!("CLOSE {room} {connection} {code}{reason}"));
    }
}

/// A text without the sequences that set colours: `console` writes them whoever reads.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let numbers =
            part.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b';').count();
        match part[numbers..].strip_prefix('m') {
            Some(rest) => plain.push_str(rest),
            // Something else than a colour: not ours to take away.
            None => plain.extend(["\x1b[", part]),
        }
    }
    plain
}

fn id_of(room: &RoomKey) -> Value {
    match &room.id {
        RoomId::Room(id) => Value::from(&**id),
        RoomId::Lobby => Value::Null,
    }
}

fn lost_text(lost: Lost) -> String {
    let Lost { lines, errors } = lost;
    format!("warning: {lines} lines are missing here, {errors} of them errors: nobody read the log")
}

fn lost_json(lost: Lost) -> String {
    json!({ "lines": lost.lines, "errors": lost.errors, "event": "lost" }).to_string()
}

#[cfg(test)]
mod tests {
    use super::without_colours;

    #[test]
    fn colours_go_and_everything_else_stays() {
        for (text, plain) in [
            ("a \x1b[33m1\x1b[39m \x1b[1;32mb\x1b[0m", "a 1 b"),
            ("\x1b[m", ""),
            ("\x1b[2Jü\x1b[", "\x1b[2Jü\x1b["),
            ("none", "none"),
        ] {
            assert_eq!(without_colours(text), plain);
        }
    }
}
