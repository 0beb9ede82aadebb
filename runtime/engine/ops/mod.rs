//! The ops: what js/ may ask of the host. Each converts its arguments, calls the room or its store, and
//! converts the result; nothing else. All are synchronous; what takes time completes by an event.
//!
//! The party's code never reaches them: `boot` removes every path to `core` before it runs. An op that is
//! called while an isolate has no room yet (top level of a module) fails with PartyKit's words.

pub mod digest;
pub mod flow;
pub mod html;
pub mod http;
mod list;
pub mod outbound;
pub mod socket;
pub mod storage;

use std::rc::Rc;

use ::http::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use deno_core::{OpState, v8};

use super::instance::Seat;
use super::live::Live;
use crate::room::event::{Body, Response};

#[derive(Debug, thiserror::Error, deno_error::JsError)]
pub enum OpError {
    #[class(generic)]
    #[error(
        "Disallowed operation called within global scope. Asynchronous I/O (ex: fetch() or \
         connect()), setting a timeout, and generating random values are not allowed within \
         global scope. To fix this error, perform this operation within a handler."
    )]
    NoRoom,
    #[class(generic)]
    #[error("{0}")]
    Sections(#[from] crate::room::section::TooDeep),
    #[class(generic)]
    #[error("{0}")]
    Storage(#[from] crate::storage::StoreError),
    #[class(type)]
    #[error("Invalid header: `{0}`")]
    Header(String),
    #[class(generic)]
    #[error("You have exceeded the number of active timeouts you may set ({0}).")]
    TooManyTimers(usize),
    #[class(range)]
    #[error("Values cannot be larger than {limit} bytes. A value of size {size} was provided.")]
    ValueTooLarge { size: usize, limit: usize },
    #[class(generic)]
    #[error(
        "the stored value of `{key}` ({size} bytes) is damaged. \
         Restore a backup, or delete the key"
    )]
    Unreadable { key: String, size: usize },
    #[class(type)]
    #[error("a body is a string, bytes, or a stream")]
    Body,
    #[class("DOMExceptionDataCloneError")]
    #[error("{0}")]
    Clone(String),
    #[class("DOMExceptionNotSupportedError")]
    #[error("Unrecognized or unimplemented digest algorithm requested: {0}")]
    Digest(String),
    #[class(generic)]
    #[error("{0} digests are begun and not finished in this room: close or abort their streams")]
    TooManyDigests(usize),
    #[class(type)]
    #[error("{0}")]
    Rewriter(#[from] crate::engine::rewriter::RewriterError),
    #[class(generic)]
    #[error(
        "{0} documents are already being rewritten in this room: read their results to the end, or \
         cancel them"
    )]
    TooManyRewriters(usize),
    #[class(generic)]
    #[error("{0} sockets are already open in this room: close some of them")]
    TooManyOutbounds(usize),
    #[class(type)]
    #[error("{0}")]
    Refused(#[from] crate::outbound::Refused),
    #[class(type)]
    #[error("a WebSocket can only be the answer to a WebSocket upgrade")]
    NotAnUpgrade,
}

/// The room of the calling isolate.
fn live(state: &OpState) -> Result<Rc<Live>, OpError> {
    state.borrow::<Rc<Seat>>().live().ok_or(OpError::NoRoom)
}

/// A header block from alternating names and values, one a line.
fn headers_of(flat: &[u8]) -> Result<HeaderMap, OpError> {
    let mut headers = HeaderMap::new();
    if flat.is_empty() {
        return Ok(headers);
    }
    let mut parts = flat.split(|byte| *byte == b'\n');
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        let bad = || OpError::Header(String::from_utf8_lossy(name).into_owned());
        headers.append(
            HeaderName::from_bytes(name).map_err(|_| bad())?,
            HeaderValue::from_bytes(value).map_err(|_| bad())?,
        );
    }
    Ok(headers)
}

/// A body as JavaScript gives it: null, a string, bytes, or the number of a stream.
fn body_of(
    scope: &mut v8::PinScope<'_, '_>,
    live: &Live,
    value: v8::Local<v8::Value>,
) -> Result<Body, OpError> {
    if value.is_null_or_undefined() {
        return Ok(Body::Empty);
    }
    if value.is_string() {
        let text = value.to_rust_string_lossy(scope);
        return Ok(Body::Full(Bytes::from(text)));
    }
    if let Ok(view) = v8::Local::<v8::ArrayBufferView>::try_from(value) {
        let mut bytes = vec![0; view.byte_length()];
        let copied = view.copy_contents(&mut bytes);
        bytes.truncate(copied);
        return Ok(Body::Full(Bytes::from(bytes)));
    }
    if let Some(id) = value.uint32_value(scope).filter(|_| value.is_number()) {
        let reader = live.desk.borrow_mut().take_written(id).ok_or(OpError::Body)?;
        return Ok(Body::Stream(reader));
    }
    Err(OpError::Body)
}

/// A response that says one thing in plain text.
pub fn plain_response(status: u16, message: String) -> Response {
    let mut headers = HeaderMap::new();
    headers
        .insert(::http::header::CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=UTF-8"));
    Response { status, reason: None, headers, body: Body::Full(Bytes::from(message)) }
}

macro_rules! declare {
    ($($module:ident { $($op:ident)* })*) => {
        vec![$($($module::$op(),)*)*]
    };
}

/// All our ops, in the order of the snapshot.
pub fn declarations() -> Vec<deno_core::OpDecl> {
    list::for_each_op!(declare)
}
