//! Values of a party as bytes: V8's structured clone behind one format byte of ours.
//!
//! `[FORMAT] [V8 serializer bytes, header included]`. Only bytes that this host wrote are ever read
//! back. A value that cannot be cloned throws `DataCloneError` and nothing is written (KV-38).

use deno_core::v8;
use deno_core::v8::{ValueDeserializerHelper, ValueSerializerHelper};

/// Format 1: V8 structured clone.
const FORMAT: u8 = 1;

struct Delegate;

impl v8::ValueSerializerImpl for Delegate {
    fn throw_data_clone_error<'s>(
        &self,
        scope: &mut v8::PinScope<'s, '_>,
        message: v8::Local<'s, v8::String>,
    ) {
        let error = v8::Exception::error(scope, message);
        if let (Some(object), Some(key), Some(name)) = (
            error.to_object(scope),
            v8::String::new(scope, "name"),
            v8::String::new(scope, "DataCloneError"),
        ) {
            object.set(scope, key.into(), name.into());
        }
        scope.throw_exception(error);
    }
}

impl v8::ValueDeserializerImpl for Delegate {}

/// What could not be done; when `Thrown`, V8 already has the exception.
pub enum ValueError {
    Thrown,
    Unreadable,
}

pub fn serialize(
    scope: &mut v8::PinScope<'_, '_>,
    value: v8::Local<v8::Value>,
) -> Result<Vec<u8>, ValueError> {
    let context = scope.get_current_context();
    let serializer = v8::ValueSerializer::new(scope, Box::new(Delegate));
    serializer.write_raw_bytes(&[FORMAT]);
    serializer.write_header();
    match serializer.write_value(context, value) {
        Some(true) => Ok(serializer.release()),
        _ => Err(ValueError::Thrown),
    }
}

pub fn deserialize<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    bytes: &[u8],
) -> Result<v8::Local<'s, v8::Value>, ValueError> {
    let Some((&FORMAT, payload)) = bytes.split_first() else { return Err(ValueError::Unreadable) };
    let context = scope.get_current_context();
    let deserializer = v8::ValueDeserializer::new(scope, Box::new(Delegate), payload);
    if deserializer.read_header(context) != Some(true) {
        return Err(ValueError::Unreadable);
    }
    deserializer.read_value(context).ok_or(ValueError::Unreadable)
}
