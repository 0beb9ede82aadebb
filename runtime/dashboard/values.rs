//! `storage`: what a room has stored, as JSON; changing it.
//!
//! Reads see what is durable, page by page, and do not disturb the room. A change goes through the
//! room (`room::survey`), so its own view of what it has stored stays right; it is made only if the
//! value is still the one that was looked at, and answered when it is durable. Values that JSON cannot
//! say can be looked at and deleted, not overwritten.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{ETAG, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::reply::{self, Problem, Query};
use super::{Dashboard, Words, limits};
use crate::limits::VALUE_BYTES_MAX;
use crate::name::RoomKey;
use crate::room::event::{Body, Request, Response};
use crate::room::survey::Change;
use crate::storage::Entry;

/// Changes with what is stored.
fn tag(stored: &[u8]) -> String {
    Sha256::digest(stored).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn words_json(value: &mut Value, words: Words) {
    match words {
        Words::Json { json, exact } => {
            // As text: JavaScript would round large numbers.
            value["json"] = json.into();
            value["exact"] = exact.into();
        }
        Words::Unreadable(why) => {
            value["unreadable"] = why.into();
            value["exact"] = false.into();
        }
    }
}

impl Dashboard {
    pub(super) async fn list_storage(&self, query: &Query) -> Result<Response, Problem> {
        let room = self.room_of(query)?;
        let limit = query.limit()?;
        let prefix = query.get("prefix").unwrap_or_default().to_owned();
        let after = query.has("after").then(|| query.need("after")).transpose()?;
        let read = move |catalogue: &crate::storage::Catalogue| {
            let most = limits::PREVIEW_BYTES_MAX;
            catalogue.entries(&room, &prefix, after.as_deref(), limit + 1, most)
        };
        let mut entries = self.look_up(read).await?;
        let more = entries.len() > limit;
        entries.truncate(limit);
        let shown: Vec<Bytes> = entries.iter().filter_map(|entry| entry.value.clone()).collect();
        let words = self.host.readable(shown).await.ok_or_else(translator_busy)?;
        let mut words = words.into_iter();
        let name = |entry: &Entry| String::from_utf8_lossy(&entry.key).into_owned();
        let next = entries.last().filter(|_| more).map(name);
        let mut rows = Vec::with_capacity(entries.len());
        for entry in &entries {
            let mut row = json!({ "key": name(entry), "bytes": entry.size });
            if let Some(stored) = &entry.value {
                row["tag"] = tag(stored).into();
                if let Some(words) = words.next() {
                    words_json(&mut row, words);
                }
            }
            rows.push(row);
        }
        Ok(reply::json(&json!({ "entries": rows, "next": next })))
    }

    async fn stored_value(&self, room: &RoomKey, key: &str) -> Result<Option<Bytes>, Problem> {
        let (room, key) = (room.clone(), key.to_owned());
        self.look_up(move |catalogue| catalogue.value(&room, &key)).await
    }

    async fn in_words(&self, stored: Bytes) -> Result<Words, Problem> {
        let words = self.host.readable(vec![stored]).await;
        words.and_then(|words| words.into_iter().next()).ok_or_else(translator_busy)
    }

    pub(super) async fn show_value(&self, query: &Query) -> Result<Response, Problem> {
        let (room, key) = (self.room_of(query)?, key_of(query)?);
        let stored = self.stored_value(&room, &key).await?.ok_or_else(|| no_key(&key))?;
        let tag = tag(&stored);
        let mut value = json!({ "key": key, "bytes": stored.len(), "tag": tag });
        words_json(&mut value, self.in_words(stored).await?);
        let mut response = reply::json(&value);
        if let Ok(tag) = HeaderValue::try_from(format!("\"{tag}\"")) {
            response.headers.insert(ETAG, tag);
        }
        Ok(response)
    }

    pub(super) async fn put_value(
        &self,
        query: &Query,
        request: Request,
    ) -> Result<Response, Problem> {
        let (room, key) = (self.room_of(query)?, key_of(query)?);
        let headers = request.headers;
        let json = read_body(request.body).await?;
        let stored = self.host.stored(json).await.ok_or_else(translator_busy)?;
        let stored = stored.map_err(|why| Problem::bad(format!("the value is not JSON: {why}")))?;
        if stored.len() > VALUE_BYTES_MAX {
            let text = format!("a stored value has at most {VALUE_BYTES_MAX} bytes");
            return Err(Problem::new(413, text));
        }
        let seen = self.stored_value(&room, &key).await?;
        compare(&headers, seen.as_ref())?;
        if let Some(seen) = &seen
            && !matches!(self.in_words(seen.clone()).await?, Words::Json { exact: true, .. })
        {
            return Err(Problem::new(
                409,
                "what is stored there is more than JSON can say; delete it first",
            ));
        }
        let (tag, bytes) = (tag(&stored), stored.len());
        let change = Change::Value { key: key.into(), seen, value: Some(stored.into()) };
        self.change(&room, change).await?;
        Ok(reply::json(&json!({ "tag": tag, "bytes": bytes })))
    }

    pub(super) async fn delete_value(
        &self,
        query: &Query,
        headers: &HeaderMap,
    ) -> Result<Response, Problem> {
        let (room, key) = (self.room_of(query)?, key_of(query)?);
        let seen = self.stored_value(&room, &key).await?.ok_or_else(|| no_key(&key))?;
        compare(headers, Some(&seen))?;
        let change = Change::Value { key: key.into(), seen: Some(seen), value: None };
        self.change(&room, change).await?;
        Ok(reply::json(&json!({ "deleted": true })))
    }
}

fn translator_busy() -> Problem {
    Problem::unavailable("values cannot be translated now; try again")
}

fn no_key(key: &str) -> Problem {
    Problem::missing(format!("the room has no key `{key}`"))
}

fn key_of(query: &Query) -> Result<String, Problem> {
    let key = query.need("key")?;
    if key.len() > limits::KEY_BYTES_MAX {
        return Err(Problem::bad(format!("a key has at most {} bytes", limits::KEY_BYTES_MAX)));
    }
    Ok(key)
}

/// The conditions of a request about what is stored now.
fn compare(headers: &HeaderMap, seen: Option<&Bytes>) -> Result<(), Problem> {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("?"));
    if text(IF_NONE_MATCH) == Some("*") && seen.is_some() {
        return Err(Problem::new(412, "there is a value under this key already"));
    }
    let Some(wanted) = text(IF_MATCH) else { return Ok(()) };
    let same = match seen {
        Some(seen) => wanted == "*" || wanted.trim_matches('"') == tag(seen),
        None => false,
    };
    if same {
        Ok(())
    } else {
        Err(Problem::new(412, "the value has changed since you looked at it"))
    }
}

async fn read_body(body: Body) -> Result<String, Problem> {
    let most = limits::BODY_BYTES_MAX;
    let too_large = || Problem::new(413, format!("a value is sent in at most {most} bytes"));
    let bytes = match body {
        Body::Empty => return Err(Problem::bad("the body, which is to be stored, is empty")),
        Body::Full(bytes) => bytes.to_vec(),
        Body::Stream(mut reader) => {
            let mut bytes = Vec::new();
            while let Some(chunk) = reader.recv().await {
                let chunk = chunk.map_err(|error| Problem::bad(error.to_string()))?;
                if bytes.len() + chunk.len() > most {
                    return Err(too_large());
                }
                bytes.extend_from_slice(&chunk);
            }
            bytes
        }
    };
    String::from_utf8(bytes).map_err(|_| Problem::bad("the body is not UTF-8"))
}
