//! Plays one case: each step in turn, each expectation with a deadline. A failure is a text that
//! names the case, the step, what was expected and what came; nothing panics, so that the other
//! cases of the file are played too.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::case::{Answer, Case, Expect, Http, Open, Send, Step};
use super::compare::difference;
use crate::support::http::Answer as HttpAnswer;
use crate::support::{Client, DEADLINE, Frame, Socket};

type Outcome = Result<(), String>;

/// How patient a player is.
#[derive(Clone, Copy)]
pub struct Pace {
    /// How long a frame, or a condition, may take.
    pub deadline: Duration,
    /// How long a room must be left alone, at least, before it leaves memory.
    pub idle: Duration,
}

impl Pace {
    /// For our own host, which is told to give rooms up sooner than a case looks again.
    pub const OURS: Self = Self { deadline: DEADLINE, idle: Duration::ZERO };
}

/// A step that leaves a room alone for this long wants it to leave memory.
const LEFT_ALONE_MS: u64 = 1000;

struct Player {
    address: SocketAddr,
    pace: Pace,
    names: HashMap<String, String>,
    sockets: HashMap<String, Socket>,
}

/// Plays a case; an error says what went wrong where.
pub async fn play(case: &Case, address: SocketAddr, pace: Pace) -> Outcome {
    let room: String = case
        .name
        .chars()
        .map(
            |letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' },
        )
        .collect();
    let names = [("room".to_owned(), room), ("host".to_owned(), address.to_string())];
    let mut player = Player { address, pace, names: names.into(), sockets: HashMap::new() };
    for (index, step) in case.steps.iter().enumerate() {
        player.step(step).await.map_err(|told| {
            let (name, spec) = (&case.name, case.spec.join(" "));
            format!("`{name}` ({spec}), step {} ({}):\n  {told}", index + 1, title(step))
        })?;
    }
    Ok(())
}

fn title(step: &Step) -> String {
    match step {
        Step::Http(http) => http.http.clone(),
        Step::Open(open) => format!("open {} {}", open.open, open.path),
        Step::Send(send) => format!("send {}", send.send),
        Step::Expect(expect) => format!("expect {}", expect.expect),
        Step::Close(close) => format!("close {}", close.close),
        Step::Drop(drop) => format!("drop {}", drop.drop),
        Step::Ping(ping) => format!("ping {}", ping.ping),
    }
}

impl Player {
    async fn step(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Http(http) => self.http(http).await,
            Step::Open(open) => self.open(open).await,
            Step::Send(send) => self.send(send).await,
            Step::Expect(expect) => self.expect(expect).await,
            Step::Close(close) => {
                let socket = self.socket(&close.close)?;
                socket.start_close(close.code, &close.reason).await;
                Ok(())
            }
            Step::Ping(ping) => self.ping(&ping.ping).await,
            Step::Drop(drop) => {
                self.sockets.remove(&drop.drop).ok_or("no such socket")?;
                Ok(())
            }
        }
    }

    async fn ping(&mut self, name: &str) -> Outcome {
        let deadline = self.pace.deadline;
        let socket = self.socket(name)?;
        let sent = socket.try_send(Message::Ping("payload".into())).await;
        sent.map_err(|error| format!("cannot be sent: {error}"))?;
        match socket.next_within(deadline).await {
            Some(Frame::Pong(payload)) if payload == "payload" => Ok(()),
            Some(other) => Err(format!("expected a pong, got {}", shown(&other))),
            None => Err(format!("expected a pong, got nothing within {deadline:?}")),
        }
    }

    fn socket(&mut self, name: &str) -> Result<&mut Socket, String> {
        self.sockets.get_mut(name).ok_or_else(|| format!("no socket `{name}` was opened"))
    }

    /// `text` with the names of this case put in; longer names first, so that none hides another.
    fn fill(&self, text: &str) -> String {
        let mut names: Vec<_> = self.names.iter().collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        let mut text = text.to_owned();
        for (name, value) in names {
            text = text.replace(&format!("${name}"), value);
        }
        text
    }

    fn fill_json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.fill(text).into(),
            Value::Array(items) => items.iter().map(|item| self.fill_json(item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(key, value)| (self.fill(key), self.fill_json(value))).collect()
            }
            other => other.clone(),
        }
    }

    async fn http(&mut self, step: &Http) -> Outcome {
        let end = Instant::now() + self.pace.deadline.max(self.pace.idle * 3);
        let mut pause = Duration::from_millis(step.every_ms);
        if step.every_ms >= LEFT_ALONE_MS {
            pause = pause.max(self.pace.idle);
        }
        loop {
            let answer = self.request(step).await?;
            match self.check_answer(&step.expect, &answer) {
                Ok(()) => {
                    if let Some(name) = &step.save {
                        let text = match serde_json::from_slice(&answer.body) {
                            Ok(Value::String(text)) => text,
                            _ => answer.text(),
                        };
                        self.names.insert(name.clone(), text);
                    }
                    return Ok(());
                }
                Err(told) if !step.eventually || Instant::now() > end => return Err(told),
                // Between two looks at a condition that has a deadline.
                Err(_) => tokio::time::sleep(pause).await,
            }
        }
    }

    async fn request(&self, step: &Http) -> Result<HttpAnswer, String> {
        let line = self.fill(&step.http);
        let (method, path) = line.split_once(' ').ok_or("`http` is a method and a path")?;
        let mut headers: Vec<(String, String)> =
            step.headers.iter().map(|(name, value)| (self.fill(name), self.fill(value))).collect();
        let body = match (&step.body, &step.json, step.body_bytes) {
            (Some(text), None, None) => self.fill(text).into_bytes(),
            (None, Some(json), None) => {
                headers.push(("content-type".into(), "application/json".into()));
                self.fill_json(json).to_string().into_bytes()
            }
            (None, None, Some(count)) => vec![b'x'; count],
            (None, None, None) => Vec::new(),
            _ => return Err("a step has one body".into()),
        };
        let failed = |error| format!("no answer: {error}");
        let mut client = Client::connect(self.address).await.map_err(failed)?;
        client.request(method, path, &headers, body.into()).await.map_err(failed)
    }

    fn check_answer(&self, expected: &Answer, got: &HttpAnswer) -> Outcome {
        let (status, text) = (got.status, got.text());
        let shown = || format!("got {status} {:.400}", text);
        if let Some(want) = expected.status
            && want != status
        {
            return Err(format!("expected the status {want}, {}", shown()));
        }
        if let Some(want) = &expected.text {
            let want = self.fill(want);
            if want != text {
                return Err(format!("expected the text {want:?}, {}", shown()));
            }
        }
        if let Some(want) = &expected.contains {
            let want = self.fill(want);
            if !text.contains(&want) {
                return Err(format!("expected {want:?} within the text, {}", shown()));
            }
        }
        if let Some(want) = &expected.json {
            let json = serde_json::from_str(&text).map_err(|_| format!("not JSON: {}", shown()))?;
            if let Some(told) = difference(&self.fill_json(want), &json) {
                return Err(told);
            }
        }
        if let Some(other) = &expected.not {
            let json = serde_json::from_str(&text).map_err(|_| format!("not JSON: {}", shown()))?;
            if difference(&self.fill_json(other), &json).is_none() {
                return Err(format!("expected anything else, {}", shown()));
            }
        }
        if let Some(want) = expected.length
            && want != got.body.len()
        {
            return Err(format!("expected {want} bytes, got {status} and {}", got.body.len()));
        }
        for (name, want) in &expected.headers {
            let have: Vec<&str> =
                got.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
            let have = match have[..] {
                [] => Value::Null,
                [one] => one.into(),
                _ => have.into(),
            };
            if let Some(told) = difference(&self.fill_json(want), &have) {
                return Err(format!("header {name}: {told}"));
            }
        }
        Ok(())
    }

    async fn open(&mut self, step: &Open) -> Outcome {
        let path = self.fill(&step.path);
        let headers: Vec<(String, String)> =
            step.headers.iter().map(|(name, value)| (name.clone(), self.fill(value))).collect();
        if let Some(expected) = &step.refused {
            return self.refused(&path, headers, expected).await;
        }
        match Socket::try_open(self.address, &path, &headers).await {
            Ok(socket) => {
                self.sockets.insert(step.open.clone(), socket);
                Ok(())
            }
            Err(refused) => Err(format!("expected 101, got {} {}", refused.status, refused.body)),
        }
    }

    /// The answer to an upgrade that must not succeed, whole: a WebSocket client keeps of its body
    /// only what came with the head.
    async fn refused(
        &self,
        path: &str,
        mut headers: Vec<(String, String)>,
        expected: &Answer,
    ) -> Outcome {
        let upgrade = [
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        headers.extend(upgrade.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let failed = |error| format!("no answer: {error}");
        let mut client = Client::connect(self.address).await.map_err(failed)?;
        let answer = client.request("GET", path, &headers, Bytes::new()).await.map_err(failed)?;
        if answer.status == 101 {
            return Err("expected a refusal, got 101".into());
        }
        self.check_answer(expected, &answer)
    }

    async fn send(&mut self, step: &Send) -> Outcome {
        let message = match (&step.text, &step.json, &step.bytes, step.letters) {
            (Some(text), None, None, None) => Message::text(self.fill(text)),
            (None, Some(json), None, None) => Message::text(self.fill_json(json).to_string()),
            (None, None, Some(bytes), None) => Message::binary(bytes.clone()),
            (None, None, None, Some(count)) => Message::text("x".repeat(count)),
            _ => return Err("a step sends one thing".into()),
        };
        let socket = self.socket(&step.send)?;
        socket.try_send(message).await.map_err(|error| format!("cannot be sent: {error}"))
    }

    async fn expect(&mut self, step: &Expect) -> Outcome {
        let deadline = self.pace.deadline;
        let frame = self.socket(&step.expect)?.next_within(deadline).await;
        let Some(frame) = frame else {
            return Err(format!("expected {}, got nothing within {deadline:?}", wanted(step)));
        };
        let differs = || Err(format!("expected {}, got {:.400}", wanted(step), shown(&frame)));
        match (&frame, step) {
            (Frame::Close { code, reason }, Expect { close: Some(want), .. }) => {
                let same_reason =
                    want.reason.as_ref().is_none_or(|want| self.fill(want) == *reason);
                if want.code == *code && same_reason { Ok(()) } else { differs() }
            }
            (Frame::Text(text), Expect { text: Some(want), .. }) => {
                if self.fill(want) == *text {
                    Ok(())
                } else {
                    differs()
                }
            }
            (Frame::Text(text), Expect { contains: Some(want), .. }) => {
                if text.contains(&self.fill(want)) { Ok(()) } else { differs() }
            }
            (Frame::Text(text), Expect { length: Some(want), .. }) => {
                if text.len() == *want {
                    Ok(())
                } else {
                    differs()
                }
            }
            (Frame::Text(text), Expect { json: Some(want), .. }) => {
                let Ok(json) = serde_json::from_str(text) else { return differs() };
                match difference(&self.fill_json(want), &json) {
                    None => Ok(()),
                    Some(told) => Err(told),
                }
            }
            (Frame::Binary(bytes), Expect { bytes: Some(want), .. }) => {
                if bytes[..] == want[..] {
                    Ok(())
                } else {
                    differs()
                }
            }
            (Frame::Text(text), Expect { save: Some(name), .. }) => {
                self.names.insert(name.clone(), text.clone());
                Ok(())
            }
            _ => differs(),
        }
    }
}

fn shown(frame: &Frame) -> String {
    match frame {
        Frame::Text(text) => format!("the text {text:?}"),
        Frame::Binary(bytes) => format!("the bytes {:?}", &bytes[..bytes.len().min(64)]),
        Frame::Pong(_) => "a pong".to_owned(),
        Frame::Close { code, reason } => format!("the close {code} {reason:?}"),
    }
}

fn wanted(step: &Expect) -> String {
    match step {
        Expect { close: Some(close), .. } => {
            format!("the close {} {:?}", close.code, close.reason.as_deref().unwrap_or("any"))
        }
        Expect { text: Some(text), .. } => format!("the text {text:?}"),
        Expect { contains: Some(text), .. } => format!("a text with {text:?}"),
        Expect { json: Some(json), .. } => format!("the JSON {json}"),
        Expect { bytes: Some(bytes), .. } => format!("the bytes {bytes:?}"),
        Expect { length: Some(length), .. } => format!("a text of {length} letters"),
        _ => "any text".to_owned(),
    }
}
