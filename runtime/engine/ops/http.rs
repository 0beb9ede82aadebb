//! Ops of requests and responses: answers, bodies, hooks, stubs, assets.

use std::borrow::Cow;
use std::rc::Rc;

use bytes::Bytes;
use deno_core::{OpState, op2, v8};

use super::{OpError, body_of, headers_of, live, plain_response};
use crate::engine::live::Live;
use crate::name::RoomKey;
use crate::room::connection::Socket;
use crate::room::event::{Body, BodyError, Completion, Reply, Request, Response, SocketId, Visit};
use crate::room::{Effect, RequestId};

/// Where in the party's source a handler threw; in `dev` only.
const ERROR_PLACE: http::HeaderName = http::HeaderName::from_static("x-houseparty-error-at");

/// Answers a request, through the output gate.
fn answer(live: &Live, request: u32, reply: Reply) {
    live.effect(Effect::Reply { request: RequestId(request), reply: Box::new(reply) });
}

#[op2(fast)]
pub fn op_respond<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    state: &OpState,
    request: u32,
    status: u16,
    #[string] reason: String,
    #[string(onebyte)] headers: Cow<'_, [u8]>,
    body: v8::Local<'s, v8::Value>,
) -> Result<(), OpError> {
    let live = live(state)?;
    let headers = headers_of(&headers)?;
    let body = body_of(scope, &live, body)?;
    let reason = (!reason.is_empty()).then_some(reason);
    answer(&live, request, Reply::Response(Response { status, reason, headers, body }));
    Ok(())
}

/// Answers with an error: status and message as plain text (2.5).
#[op2(fast)]
pub fn op_fail(
    state: &OpState,
    request: u32,
    status: u32,
    #[string] message: String,
    #[string] place: String,
) -> Result<(), OpError> {
    let live = live(state)?;
    let status = u16::try_from(status).unwrap_or(500);
    let mut response = plain_response(status, message);
    // A place that is no header's value (a file's name may be anything) is in the log all the same.
    if live.shard.settings().show_places
        && let Ok(place) = http::HeaderValue::try_from(place)
        && !place.is_empty()
    {
        response.headers.insert(ERROR_PLACE, place);
    }
    answer(&live, request, Reply::Response(response));
    Ok(())
}

/// Accepts a connection: 101, then its frames.
#[op2(fast)]
pub fn op_upgrade(state: &OpState, request: u32, socket: f64) -> Result<(), OpError> {
    let live = live(state)?;
    let socket = SocketId(socket as u64);
    if let Some(connection) = live.room.borrow_mut().sockets.connection_mut(socket)
        && connection.phase == crate::room::connection::Phase::Connecting
    {
        connection.phase = crate::room::connection::Phase::Open;
    }
    answer(&live, request, Reply::Upgrade { room: live.key.clone(), socket, protocol: None });
    Ok(())
}

/// Accepts an upgrade with a socket that only the party's code knows about; gives its number.
#[op2(fast)]
pub fn op_upgrade_raw(
    state: &OpState,
    request: u32,
    #[string] protocol: String,
) -> Result<f64, OpError> {
    let live = live(state)?;
    let upgrade =
        live.desk.borrow_mut().request(RequestId(request)).is_some_and(|waiting| waiting.upgrade);
    if !upgrade {
        return Err(OpError::NotAnUpgrade);
    }
    let socket = live.open_socket();
    live.room.borrow_mut().sockets.insert(socket, Socket::Raw);
    let protocol = (!protocol.is_empty()).then_some(protocol);
    answer(&live, request, Reply::Upgrade { room: live.key.clone(), socket, protocol });
    Ok(socket.0 as f64)
}

/// A hook lets the request go on; with an empty `method`, the original one.
#[op2(fast)]
pub fn op_continue<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    state: &OpState,
    request: u32,
    #[string] method: String,
    #[string] url: String,
    #[string(onebyte)] headers: Cow<'_, [u8]>,
    body: v8::Local<'s, v8::Value>,
) -> Result<(), OpError> {
    let live = live(state)?;
    let next = if method.is_empty() {
        None
    } else {
        Some(request_of(scope, &live, &method, url, &headers, body)?)
    };
    answer(&live, request, Reply::Continue(next));
    Ok(())
}

/// `onFetch` has no answer.
#[op2(fast)]
pub fn op_pass(state: &OpState, request: u32) -> Result<(), OpError> {
    let live = live(state)?;
    let original =
        live.desk.borrow_mut().request(RequestId(request)).and_then(|r| r.original.take());
    if let Some(original) = original {
        answer(&live, request, Reply::Pass(original));
    }
    Ok(())
}

fn request_of(
    scope: &mut v8::PinScope<'_, '_>,
    live: &Live,
    method: &str,
    url: String,
    headers: &[u8],
    body: v8::Local<v8::Value>,
) -> Result<Request, OpError> {
    let method = http::Method::from_bytes(method.as_bytes())
        .map_err(|_| OpError::Header(method.to_owned()))?;
    let headers = headers_of(headers)?;
    let body = body_of(scope, live, body)?;
    Ok(Request { method, url, headers, peer: None, visit: Visit::default(), body })
}

/// `stub.fetch()`; completes with the response.
#[op2(fast)]
pub fn op_stub_fetch<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    state: &OpState,
    #[string] party: String,
    #[string] room: String,
    #[string] method: String,
    #[string] url: String,
    #[string(onebyte)] headers: Cow<'_, [u8]>,
    body: v8::Local<'s, v8::Value>,
) -> Result<u32, OpError> {
    let live = live(state)?;
    let request = request_of(scope, &live, &method, url, &headers, body)?;
    let completion = live.open_completion();
    if room.is_empty() {
        let answer = plain_response(500, "No room id found in request url".to_owned());
        live.complete(completion, Completion::Response(answer));
        return Ok(completion);
    }
    let target = RoomKey::room(party, room);
    live.effect(Effect::Call { target, request: Box::new(request), completion });
    Ok(completion)
}

/// `stub.socket()`; completes with the number of the new socket.
#[op2(fast)]
pub fn op_stub_dial(
    state: &OpState,
    #[string] party: String,
    #[string] room: String,
    #[string] url: String,
    #[string(onebyte)] headers: Cow<'_, [u8]>,
) -> Result<u32, OpError> {
    let live = live(state)?;
    let request = Request {
        method: http::Method::GET,
        url,
        headers: headers_of(&headers)?,
        peer: None,
        visit: Visit::default(),
        body: Body::Empty,
    };
    let completion = live.open_completion();
    let target = RoomKey::room(party, room);
    live.effect(Effect::Dial { target, request: Box::new(request), completion });
    Ok(completion)
}

// ---- bodies -----------------------------------------------------------------------------------

/// Waits for the next chunk of a body; completes with bytes, or with nothing at its end.
#[op2(fast)]
pub fn op_body_read(state: &OpState, body: u32) -> Result<u32, OpError> {
    let live = live(state)?;
    let completion = live.open_completion();
    let reader = live.desk.borrow_mut().take_reader(body);
    let Some(mut reader) = reader else {
        live.complete(completion, Completion::Chunk(None));
        return Ok(completion);
    };
    tokio::task::spawn_local(async move {
        let chunk = reader.recv().await;
        let (reader, outcome) = match chunk {
            Some(Ok(bytes)) => (Some(reader), Completion::Chunk(Some(bytes))),
            Some(Err(error)) => (None, Completion::Failed(error.to_string())),
            None => (None, Completion::Chunk(None)),
        };
        live.desk.borrow_mut().return_reader(body, reader);
        live.complete(completion, outcome);
    });
    Ok(completion)
}

#[op2(fast)]
pub fn op_body_cancel(state: &OpState, body: u32) -> Result<(), OpError> {
    live(state)?.desk.borrow_mut().cancel_reader(body);
    Ok(())
}

/// A body that the party is going to write; gives its number.
#[op2(fast)]
pub fn op_body_open(state: &OpState) -> Result<u32, OpError> {
    Ok(live(state)?.desk.borrow_mut().open_writer())
}

/// Writes a chunk; completes when the next may come, or with nothing if nobody reads any more.
#[op2(fast)]
pub fn op_body_write(
    state: &OpState,
    writer: u32,
    #[buffer(copy)] bytes: Bytes,
) -> Result<u32, OpError> {
    let live = live(state)?;
    let completion = live.open_completion();
    live.effect(Effect::Chunk { writer, chunk: Ok(bytes), completion });
    Ok(completion)
}

#[op2(fast)]
pub fn op_body_end(state: &OpState, writer: u32) -> Result<(), OpError> {
    live(state)?.effect(Effect::End { writer });
    Ok(())
}

/// The body broke off: the reader sees an error, not an end.
#[op2(fast)]
pub fn op_body_abort(
    state: &OpState,
    writer: u32,
    #[string] message: String,
) -> Result<(), OpError> {
    let live = live(state)?;
    live.effect(Effect::Chunk { writer, chunk: Err(BodyError(message)), completion: 0 });
    live.effect(Effect::End { writer });
    Ok(())
}

/// `assets.fetch()`; completes with a response, or with nothing.
#[op2(fast)]
pub fn op_asset_fetch(state: &OpState, #[string] path: String) -> Result<u32, OpError> {
    let live: Rc<Live> = live(state)?;
    let completion = live.open_completion();
    let lookup = (live.shard.settings().assets)(path);
    tokio::task::spawn_local(async move {
        let outcome = match lookup.await {
            Some(response) => Completion::Response(response),
            None => Completion::Nothing,
        };
        live.complete(completion, outcome);
    });
    Ok(completion)
}
