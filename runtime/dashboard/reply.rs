//! Queries of the dashboard's API in, responses out.
//!
//! Every response forbids what a page of another site could do with it: it is not cached, not framed,
//! not guessed to be something else, and not embedded.

use std::time::Duration;

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::limits;
use crate::name::RoomKey;
use crate::room::event::{Body, Response};

/// Why there is no answer. The text goes to whoever asked.
#[derive(Debug)]
pub struct Problem {
    status: u16,
    text: String,
    allowed: Option<String>,
    /// The room that keeps a shard busy, and for how long already.
    busy: Option<(RoomKey, Duration)>,
}

impl Problem {
    pub fn new(status: u16, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), allowed: None, busy: None }
    }

    pub fn bad(text: impl Into<String>) -> Self {
        Self::new(400, text)
    }

    pub fn forbidden(text: impl Into<String>) -> Self {
        Self::new(403, text)
    }

    pub fn missing(text: impl Into<String>) -> Self {
        Self::new(404, text)
    }

    pub fn method(known: &[Method]) -> Self {
        let names: Vec<&str> = known.iter().map(Method::as_str).collect();
        let allowed = names.join(", ");
        let text = format!("this address knows {allowed}");
        Self { allowed: Some(allowed), ..Self::new(405, text) }
    }

    pub fn unavailable(text: impl Into<String>) -> Self {
        Self::new(503, text)
    }

    pub fn stopping() -> Self {
        Self::unavailable("the host is stopping")
    }

    pub fn reset() -> Self {
        Self::unavailable("the room was reset before this was done; see the log")
    }

    /// A shard did not answer in time.
    pub fn busy(running: Option<(RoomKey, Duration)>) -> Self {
        let text = match &running {
            Some((room, time)) => format!(
                "the shard is busy: a turn of {room} has been running for {:.1} s",
                time.as_secs_f64()
            ),
            None => "the shard is busy; try again".to_owned(),
        };
        Self { busy: running, ..Self::unavailable(text) }
    }

    /// As an event about what was asked for.
    pub fn into_event(self, of: &str) -> Value {
        let mut value = self.json();
        value["of"] = of.into();
        value["status"] = self.status.into();
        value
    }

    fn json(&self) -> Value {
        let mut value = json!({ "error": self.text });
        if let Some((room, time)) = &self.busy {
            value["busy"] = json!({
                "party": &*room.party, "id": room.id().map(|id| &**id), "time": ms(*time),
            });
        }
        value
    }

    pub fn into_response(self) -> Response {
        let mut response = json(&self.json());
        response.status = self.status;
        if let Some(allowed) = self.allowed.and_then(|it| HeaderValue::try_from(it).ok()) {
            response.headers.insert(ALLOW, allowed);
        }
        response
    }

    /// For people whose browser shows it.
    pub fn into_text(self) -> Response {
        let mut response = of(HeaderValue::from_static("text/plain; charset=utf-8"), self.text);
        response.status = self.status;
        response
    }
}

/// Milliseconds with a fraction.
pub fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// What keeps other sites out of a response.
const GUARDS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
];

pub fn of(kind: HeaderValue, body: impl Into<bytes::Bytes>) -> Response {
    let mut headers = HeaderMap::new();
    for (name, value) in GUARDS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Response { status: 200, reason: None, headers, body: Body::Full(body.into()) }
}

pub fn json(value: &Value) -> Response {
    of(HeaderValue::from_static("application/json"), value.to_string())
}

/// The query of a request, decoded.
#[derive(Clone)]
pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn new(url: &url::Url) -> Self {
        Self(url.query_pairs().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// One that is empty counts as absent, except for ids and keys, which `need` asks for.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.first(name).filter(|value| !value.is_empty())
    }

    fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn need(&self, name: &str) -> Result<String, Problem> {
        let missing = || Problem::bad(format!("the query parameter `{name}` is missing"));
        self.first(name).map(str::to_owned).ok_or_else(missing)
    }

    pub fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let bad = |_| Problem::bad(format!("`{name}` is a whole number, not `{text}`"));
        text.parse().map(Some).map_err(bad)
    }

    pub fn limit(&self) -> Result<usize, Problem> {
        let limit = self.number::<usize>("limit")?.unwrap_or(limits::ROWS_DEFAULT);
        Ok(limit.clamp(1, limits::ROWS_MAX))
    }
}
