//! The form of a case, read from JSON. Lines whose first characters are `//` are comments; a member
//! that no step knows fails the file, so that a misspelt expectation cannot pass unnoticed.
//!
//! In every string `$room` is a room id of this case alone and `$host` the host's address; `$name`
//! is what a step saved.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    /// The statements of the specification that this case proves.
    pub spec: Vec<String>,
    /// What PartyKit does instead where its statement does not say so, and why we do not.
    pub there: Option<String>,
    /// PartyKit does not survive the case: it is not asked.
    #[serde(default)]
    pub unasked: bool,
    pub steps: Vec<Step>,
}

/// One thing a client does, or sees.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Step {
    Http(Http),
    Open(Open),
    Send(Send),
    Expect(Expect),
    Close(Close),
    Drop(Drop),
    Ping(Ping),
}

/// A request and its answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Method and path: `GET /party/$room`.
    pub http: String,
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    /// A body of JSON, with its content type.
    #[serde(default, deserialize_with = "present")]
    pub json: Option<Value>,
    /// A body of that many bytes.
    pub body_bytes: Option<usize>,
    pub expect: Answer,
    /// Ask again until the expectation holds: for what a party does after it was told something.
    #[serde(default)]
    pub eventually: bool,
    /// With `eventually`: how long to leave the host alone between two questions. For rooms that
    /// go away when nobody asks.
    #[serde(default = "soon")]
    pub every_ms: u64,
    /// Keep the JSON of the answer (or its text) as `$name`.
    pub save: Option<String>,
}

/// What an answer must be. Whatever is absent may be anything.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub status: Option<u16>,
    pub text: Option<String>,
    pub contains: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub json: Option<Value>,
    #[serde(default)]
    pub headers: serde_json::Map<String, Value>,
    pub length: Option<usize>,
    /// What the JSON of the answer must not be.
    #[serde(default, deserialize_with = "present")]
    pub not: Option<Value>,
}

/// `null` is a value, too; only an absent member is none.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

fn soon() -> u64 {
    20
}

/// A WebSocket that is opened, or refused.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Open {
    pub open: String,
    pub path: String,
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The HTTP answer if it must not be upgraded.
    pub refused: Option<Answer>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// The socket's name.
    pub send: String,
    pub text: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub json: Option<Value>,
    pub bytes: Option<Vec<u8>>,
    /// A text of that many letters.
    pub letters: Option<usize>,
}

/// The next frame of a socket.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    pub expect: String,
    pub text: Option<String>,
    pub contains: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub json: Option<Value>,
    pub bytes: Option<Vec<u8>>,
    pub length: Option<usize>,
    pub close: Option<Closed>,
    pub save: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closed {
    pub code: u16,
    pub reason: Option<String>,
}

/// The client starts the closing handshake and must be answered.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Close {
    pub close: String,
    pub code: Option<u16>,
    #[serde(default)]
    pub reason: String,
}

/// The connection breaks without a closing frame.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drop {
    pub drop: String,
}

/// A ping of the protocol, answered by the host without the party.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ping {
    pub ping: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    cases: Vec<Case>,
}

/// The cases of a file. A file that is not well formed fails the test.
pub fn read(path: &Path) -> Vec<Case> {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let is_comment = |line: &&str| line.trim_start().starts_with("//");
    let plain: Vec<&str> =
        text.lines().map(|line| if is_comment(&line) { "" } else { line }).collect();
    let file: File = serde_json::from_str(&plain.join("\n"))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    for case in &file.cases {
        assert!(!case.spec.is_empty(), "the case `{}` names no statement", case.name);
        assert!(!case.steps.is_empty(), "the case `{}` has no steps", case.name);
    }
    file.cases
}
