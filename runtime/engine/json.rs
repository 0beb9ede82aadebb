//! Stored values as JSON and back, for the command line: no party, no room.
//!
//! An isolate of its own turns stored bytes into text that people can read (readable.js) and JSON into
//! the bytes that a party's `put` of the same value would store. The readable form is `exact` if that
//! way back leads to the very same bytes. Bytes that cannot be read give an error and nothing else.

use deno_core::{JsRuntime, v8};

use super::isolate::Isolated;
use super::{EngineError, snapshot, turn, value};

const READABLE: &str = include_str!("readable.js");

/// The readable form of a stored value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readable {
    pub json: String,
    /// The JSON says all there is.
    pub exact: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    #[error("no value that this version can read")]
    Unreadable,
    #[error("{0}")]
    Script(String),
}

pub struct Values {
    readable: v8::Global<v8::Function>,
    isolate: Isolated,
}

impl Values {
    /// Boots the isolate. `engine::init` comes first.
    pub fn new() -> Result<Self, EngineError> {
        let broken = |error: &dyn std::fmt::Display| EngineError::Boot(error.to_string());
        let mut isolate =
            Isolated::new(snapshot::runtime_options()).map_err(|error| broken(&error))?;
        let readable = {
            let mut runtime = isolate.enter();
            let made = runtime
                .execute_script("ext:houseparty/readable.js", READABLE)
                .map_err(|error| broken(&error))?;
            let runtime: &mut JsRuntime = &mut runtime;
            deno_core::scope!(scope, runtime);
            let made = v8::Local::new(scope, made);
            let function = v8::Local::<v8::Function>::try_from(made);
            v8::Global::new(scope, function.map_err(|error| broken(&error))?)
        };
        Ok(Self { readable, isolate })
    }

    /// What stored bytes say. Where V8 cannot put it into words (too deep, too large) the text says
    /// so and is not exact.
    pub fn readable(&mut self, stored: &[u8]) -> Result<Readable, JsonError> {
        let mut runtime = self.isolate.enter();
        let runtime: &mut JsRuntime = &mut runtime;
        deno_core::scope!(scope, runtime);
        v8::tc_scope!(let scope, scope);
        let value = value::deserialize(scope, stored).map_err(|_| JsonError::Unreadable)?;
        let undefined = v8::undefined(scope).into();
        let readable = v8::Local::new(scope, &self.readable);
        let Some(text) = readable.call(scope, undefined, &[value]) else {
            let thrown = scope.exception();
            let why = words(scope, thrown);
            let json = serde_json::json!({ "$unreadable": why }).to_string();
            return Ok(Readable { json, exact: false });
        };
        let exact = text.to_string(scope).and_then(|text| encode(scope, text));
        let exact = exact.is_some_and(|bytes| bytes == stored);
        Ok(Readable { json: text.to_rust_string_lossy(scope), exact })
    }

    /// The bytes with which this JSON is stored.
    pub fn stored(&mut self, json: &str) -> Result<Vec<u8>, JsonError> {
        let mut runtime = self.isolate.enter();
        let runtime: &mut JsRuntime = &mut runtime;
        deno_core::scope!(scope, runtime);
        v8::tc_scope!(let scope, scope);
        let text = turn::text(scope, json).to_string(scope);
        match text.and_then(|text| encode(scope, text)) {
            Some(bytes) => Ok(bytes),
            None => {
                let thrown = scope.exception();
                Err(JsonError::Script(words(scope, thrown)))
            }
        }
    }
}

fn encode(scope: &mut v8::PinScope<'_, '_>, text: v8::Local<'_, v8::String>) -> Option<Vec<u8>> {
    let value = v8::json::parse(scope, text)?;
    value::serialize(scope, value).ok()
}

/// What was thrown, in words.
fn words(scope: &mut v8::PinScope<'_, '_>, thrown: Option<v8::Local<'_, v8::Value>>) -> String {
    match thrown {
        Some(thrown) => thrown.to_rust_string_lossy(scope),
        None => "it cannot be said as JSON".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> (tokio::runtime::Runtime, Values) {
        crate::engine::init();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let values = {
            let _context = runtime.enter();
            Values::new().unwrap()
        };
        (runtime, values)
    }

    #[test]
    fn plain_json_leads_back_to_the_same_bytes() {
        let (_runtime, mut values) = values();
        for json in [
            "null",
            "5",
            "-1.5",
            "\"ä€😀\"",
            "\"\\ud800\"",
            "[1,[2,{}],\"x\"]",
            "{\"2\":1,\"b\":{\"__proto__\":1},\"a\":true}",
        ] {
            let stored = values.stored(json).unwrap();
            let readable = values.readable(&stored).unwrap();
            assert_eq!(readable, Readable { json: json.to_owned(), exact: true });
        }
    }

    #[test]
    fn bytes_that_are_no_value_are_an_error() {
        let (_runtime, mut values) = values();
        for bytes in [&b""[..], b"\x01", b"\x02\xff\x0f0", b"\x01\xff\x0fo\"\xffx"] {
            assert!(values.readable(bytes).is_err(), "{bytes:?}");
        }
        assert!(values.stored("{").is_err());
    }
}
