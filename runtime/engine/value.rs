//! Values of a party as bytes: V8's structured clone behind one format byte of ours.
//!
//! `[FORMAT] [CRC-32 of the rest, little-endian] [V8 serializer bytes, header included]`. The sum tells a
//! value that the disk has changed from one that was stored: it is an error then, never another value.
//! Format 1, without the sum, is still read. A value that cannot be cloned is refused as a whole,
//! with the reason, and nothing is written (KV-38). That holds for objects of the platform, too: to V8 a
//! `URL` is a plain object without members, and as such it would be stored. Bytes that are no value give
//! an error and leave nothing thrown behind (KV-40): a file may be damaged.

use std::cell::RefCell;
use std::rc::Rc;

use deno_core::v8;
use deno_core::v8::{ValueDeserializerHelper, ValueSerializerHelper};

/// V8 structured clone; written up to version 0.1.
const PLAIN: u8 = 1;

/// The same behind its sum.
const SUMMED: u8 = 2;

/// Bytes before those of the serializer: the format and the sum.
const HEAD: usize = 5;

/// The registered symbol by which the platform marks its objects (js/globals.js marks the rest).
const HOST_OBJECT: &str = "Deno.core.hostObject";

struct Writing<'a> {
    host_object: v8::Local<'a, v8::Symbol>,
    /// Why the value cannot be cloned.
    refusal: Rc<RefCell<Option<String>>>,
}

impl Writing<'_> {
    fn refuse(&self, scope: &mut v8::PinScope<'_, '_>, reason: String) {
        *self.refusal.borrow_mut() = Some(reason);
        // The serializer gives up only if something is thrown; nobody sees what.
        let thrown = v8::null(scope);
        scope.throw_exception(thrown.into());
    }
}

impl v8::ValueSerializerImpl for Writing<'_> {
    fn throw_data_clone_error<'s>(
        &self,
        scope: &mut v8::PinScope<'s, '_>,
        message: v8::Local<'s, v8::String>,
    ) {
        let reason = message.to_rust_string_lossy(scope);
        self.refuse(scope, reason);
    }

    fn has_custom_host_object(&self, _isolate: &v8::Isolate) -> bool {
        true
    }

    fn is_host_object<'s>(
        &self,
        scope: &mut v8::PinScope<'s, '_>,
        object: v8::Local<'s, v8::Object>,
    ) -> Option<bool> {
        object.has(scope, self.host_object.into())
    }

    fn write_host_object<'s>(
        &self,
        scope: &mut v8::PinScope<'s, '_>,
        object: v8::Local<'s, v8::Object>,
        _serializer: &dyn ValueSerializerHelper,
    ) -> Option<bool> {
        let name = object.get_constructor_name().to_rust_string_lossy(scope);
        let reason = format!(
            "Could not serialize object of type \"{name}\". This type does not support serialization."
        );
        self.refuse(scope, reason);
        None
    }
}

struct Reading;

impl v8::ValueDeserializerImpl for Reading {}

/// Why a value could not be written.
pub enum ValueError {
    /// It cannot be cloned: the text of a `DataCloneError`.
    Refused(String),
    /// A getter of it threw; V8 has the exception.
    Thrown,
}

/// These bytes are no value.
#[derive(Debug)]
pub struct Unreadable;

/// `scope` has to catch what is thrown.
pub fn serialize(
    scope: &mut v8::PinScope<'_, '_>,
    value: v8::Local<v8::Value>,
) -> Result<Vec<u8>, ValueError> {
    let context = scope.get_current_context();
    let name = v8::String::new(scope, HOST_OBJECT).ok_or(ValueError::Thrown)?;
    let host_object = v8::Symbol::for_key(scope, name);
    let refusal = Rc::<RefCell<Option<String>>>::default();
    let writing = Writing { host_object, refusal: refusal.clone() };
    let serializer = v8::ValueSerializer::new(scope, Box::new(writing));
    serializer.write_raw_bytes(&[SUMMED, 0, 0, 0, 0]);
    serializer.write_header();
    match serializer.write_value(context, value) {
        Some(true) => {
            let mut bytes = serializer.release();
            let sum = crc32fast::hash(&bytes[HEAD..]);
            bytes[1..HEAD].copy_from_slice(&sum.to_le_bytes());
            Ok(bytes)
        }
        _ => Err(refusal.take().map_or(ValueError::Thrown, ValueError::Refused)),
    }
}

pub fn deserialize<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    bytes: &[u8],
) -> Result<v8::Local<'s, v8::Value>, Unreadable> {
    let payload = payload(bytes)?;
    v8::tc_scope!(let scope, scope);
    let context = scope.get_current_context();
    let deserializer = v8::ValueDeserializer::new(scope, Box::new(Reading), payload);
    if deserializer.read_header(context) != Some(true) {
        return Err(Unreadable);
    }
    deserializer.read_value(context).ok_or(Unreadable)
}

/// The serializer's bytes, if they are as they were written.
fn payload(bytes: &[u8]) -> Result<&[u8], Unreadable> {
    match bytes {
        [PLAIN, payload @ ..] => Ok(payload),
        [SUMMED, a, b, c, d, payload @ ..]
            if crc32fast::hash(payload) == u32::from_le_bytes([*a, *b, *c, *d]) =>
        {
            Ok(payload)
        }
        _ => Err(Unreadable),
    }
}
