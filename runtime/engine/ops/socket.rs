//! Ops of sockets: send, broadcast, close, and the data the host keeps of a connection.

use std::sync::Arc;

use bytes::Bytes;
use deno_core::{OpState, op2, v8};

use super::{OpError, live};
use crate::engine::live::Live;
use crate::engine::value::{self, ValueError};
use crate::room::Effect;
use crate::room::connection::{Connection, Phase, Socket};
use crate::room::event::{Message, SocketId};

fn id(number: f64) -> SocketId {
    SocketId(number as u64)
}

fn send(state: &OpState, socket: f64, message: Message) -> Result<(), OpError> {
    live(state)?.effect(Effect::Send { to: id(socket), message });
    Ok(())
}

#[op2(fast)]
pub fn op_socket_send_text(
    state: &OpState,
    socket: f64,
    #[string] text: String,
) -> Result<(), OpError> {
    send(state, socket, Message::Text(Bytes::from(text)))
}

#[op2(fast)]
pub fn op_socket_send_binary(
    state: &OpState,
    socket: f64,
    #[buffer(copy)] bytes: Bytes,
) -> Result<(), OpError> {
    send(state, socket, Message::Binary(bytes))
}

/// `code` -1: a close frame without a body.
#[op2(fast)]
pub fn op_socket_close(
    state: &OpState,
    socket: f64,
    code: i32,
    #[string] reason: String,
) -> Result<(), OpError> {
    let live = live(state)?;
    let socket = id(socket);
    if let Some(connection) = live.room.borrow_mut().sockets.connection_mut(socket) {
        connection.phase = Phase::Closing;
    }
    live.effect(Effect::Close { socket, code: u16::try_from(code).ok(), reason });
    Ok(())
}

/// `mode` 0: everybody; 1: all but the id `without`; 2: all but those collected before.
fn broadcast(live: &Live, message: Message, without: &str, mode: i32) {
    let collected = live.without.take();
    let to = {
        let room = live.room.borrow();
        match mode {
            0 => room.sockets.audience(&[]),
            1 => room.sockets.audience(&[without]),
            _ => {
                let ids: Vec<&str> = collected.iter().map(String::as_str).collect();
                room.sockets.audience(&ids)
            }
        }
    };
    if !to.is_empty() {
        live.effect(Effect::Broadcast { to, message });
    }
}

#[op2(fast)]
pub fn op_broadcast_text(
    state: &OpState,
    #[string] text: String,
    #[string] without: &str,
    mode: i32,
) -> Result<(), OpError> {
    broadcast(&*live(state)?, Message::Text(Bytes::from(text)), without, mode);
    Ok(())
}

#[op2(fast)]
pub fn op_broadcast_binary(
    state: &OpState,
    #[buffer(copy)] bytes: Bytes,
    #[string] without: String,
    mode: i32,
) -> Result<(), OpError> {
    broadcast(&*live(state)?, Message::Binary(bytes), &without, mode);
    Ok(())
}

#[op2(fast)]
pub fn op_broadcast_except(state: &OpState, #[string] without: String) -> Result<(), OpError> {
    live(state)?.without.borrow_mut().push(without);
    Ok(())
}

/// Lists a connection, from now on it gets broadcasts. `tags`: JSON array, id first.
#[op2(fast)]
pub fn op_connection_add(
    state: &OpState,
    socket: f64,
    #[string] key: String,
    #[string] uri: String,
    #[string] tags: String,
) -> Result<(), OpError> {
    let live = live(state)?;
    let tags: Vec<Arc<str>> = serde_json::from_str::<Vec<String>>(&tags)
        .unwrap_or_default()
        .into_iter()
        .map(Arc::from)
        .collect();
    let mut room = live.room.borrow_mut();
    // A state set while the tags were made is kept.
    let attachment = live.early_attachment(id(socket));
    room.sockets.insert(
        id(socket),
        Socket::Connection(Connection {
            id: key.into(),
            uri: uri.into(),
            tags: tags.into(),
            attachment,
            phase: Phase::Connecting,
        }),
    );
    Ok(())
}

/// An id for a connection that has not brought one; the platform's crypto need not be loaded for it.
#[op2]
#[string]
pub fn op_connection_key() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Takes a connection whose `onConnect` failed off the list (L-44).
#[op2(fast)]
pub fn op_connection_drop(state: &OpState, socket: f64) -> Result<(), OpError> {
    let live = live(state)?;
    live.room.borrow_mut().sockets.remove(id(socket));
    let _ = live.early_attachment(id(socket));
    Ok(())
}

/// Keeps the state of a connection of a hibernating room.
#[op2(fast)]
pub fn op_connection_attach(
    state: &OpState,
    socket: f64,
    #[buffer(copy)] bytes: Bytes,
) -> Result<(), OpError> {
    let live = live(state)?;
    let mut room = live.room.borrow_mut();
    match room.sockets.connection_mut(id(socket)) {
        Some(connection) => connection.attachment = Some(bytes),
        // One that has ended keeps nothing.
        None if live.transports.borrow().contains_key(&id(socket)) => {
            live.keep_early_attachment(id(socket), bytes);
        }
        None => {}
    }
    Ok(())
}

/// A value as bytes (structured clone); throws `DataCloneError`.
#[op2(reentrant)]
pub fn op_serialize_value<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    value: v8::Local<'s, v8::Value>,
) -> Result<v8::Local<'s, v8::Value>, OpError> {
    v8::tc_scope!(let tc, scope);
    match value::serialize(tc, value) {
        Ok(bytes) => Ok(crate::engine::turn::bytes(tc, &bytes)),
        Err(ValueError::Thrown) => {
            tc.rethrow();
            Ok(v8::undefined(tc).into())
        }
        Err(ValueError::Refused(reason)) => {
            tc.reset();
            Err(OpError::Clone(reason))
        }
    }
}

#[op2(reentrant)]
pub fn op_deserialize_value<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    #[buffer(copy)] bytes: Vec<u8>,
) -> Result<v8::Local<'s, v8::Value>, OpError> {
    let size = bytes.len();
    let unreadable = |_| OpError::Unreadable { key: "state".to_owned(), size };
    value::deserialize(scope, &bytes).map_err(unreadable)
}
