//! From an event to a call of JavaScript: the arguments of `dispatch` in js/main.js.
//!
//! The numbers of the kinds are shared with that file. Large texts and bytes are handed over with one
//! copy at most; header blocks travel as one Latin-1 string.

use deno_core::v8;
use http::HeaderMap;
use smallvec::SmallVec;

use super::desk::Waiting;
use super::live::Live;
use crate::room::RequestId;
use crate::room::event::{
    Body, Completion, CronRun, Event, Hook, Message, PairFrame, Request, Response,
};

const REQUEST: i32 = 2;
const CONNECT: i32 = 3;
const MESSAGE: i32 = 4;
const CLOSED: i32 = 5;
const TIMER: i32 = 6;
const COMPLETION: i32 = 7;
const SECTION: i32 = 8;
const HOOK: i32 = 9;
const ALARM: i32 = 10;
const LEFT: i32 = 11;
pub const START: i32 = 1;

pub type Args<'s> = SmallVec<[v8::Local<'s, v8::Value>; 9]>;
type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;

pub fn text<'s>(scope: Scope<'_, 's, '_>, value: &str) -> v8::Local<'s, v8::Value> {
    utf8(scope, value.as_bytes())
}

/// A string from UTF-8 bytes; V8's own limit on string length gives an empty one.
fn utf8<'s>(scope: Scope<'_, 's, '_>, bytes: &[u8]) -> v8::Local<'s, v8::Value> {
    let string = if bytes.is_ascii() {
        v8::String::new_from_one_byte(scope, bytes, v8::NewStringType::Normal)
    } else {
        v8::String::new_from_utf8(scope, bytes, v8::NewStringType::Normal)
    };
    string.unwrap_or_else(|| v8::String::empty(scope)).into()
}

fn latin1<'s>(scope: Scope<'_, 's, '_>, bytes: &[u8]) -> v8::Local<'s, v8::Value> {
    v8::String::new_from_one_byte(scope, bytes, v8::NewStringType::Normal)
        .unwrap_or_else(|| v8::String::empty(scope))
        .into()
}

pub fn number<'s>(scope: Scope<'_, 's, '_>, value: f64) -> v8::Local<'s, v8::Value> {
    v8::Number::new(scope, value).into()
}

fn buffer<'s>(scope: Scope<'_, 's, '_>, bytes: &[u8]) -> v8::Local<'s, v8::ArrayBuffer> {
    let store = v8::ArrayBuffer::new_backing_store_from_vec(bytes.to_vec()).make_shared();
    v8::ArrayBuffer::with_backing_store(scope, &store)
}

pub fn bytes<'s>(scope: Scope<'_, 's, '_>, bytes: &[u8]) -> v8::Local<'s, v8::Value> {
    let buffer = buffer(scope, bytes);
    match v8::Uint8Array::new(scope, buffer, 0, bytes.len()) {
        Some(array) => array.into(),
        None => v8::undefined(scope).into(),
    }
}

fn flat_headers(headers: &HeaderMap) -> Vec<u8> {
    let mut flat = Vec::with_capacity(headers.len() * 48);
    for (name, value) in headers {
        if !flat.is_empty() {
            flat.push(b'\n');
        }
        flat.extend_from_slice(name.as_str().as_bytes());
        flat.push(b'\n');
        flat.extend_from_slice(value.as_bytes());
    }
    flat
}

fn body<'s>(scope: Scope<'_, 's, '_>, live: &Live, body: Body) -> v8::Local<'s, v8::Value> {
    match body {
        Body::Empty => v8::null(scope).into(),
        Body::Full(whole) if whole.is_empty() => v8::null(scope).into(),
        Body::Full(whole) => bytes(scope, &whole),
        Body::Stream(reader) => {
            let id = live.desk.borrow_mut().open_reader(reader);
            number(scope, id.into())
        }
    }
}

/// [method, url, headers, body]
fn request<'s>(scope: Scope<'_, 's, '_>, live: &Live, request: Request, args: &mut Args<'s>) {
    args.push(text(scope, request.method.as_str()));
    args.push(text(scope, &request.url));
    args.push(latin1(scope, &flat_headers(&request.headers)));
    args.push(body(scope, live, request.body));
}

fn response<'s>(scope: Scope<'_, 's, '_>, live: &Live, response: Response, args: &mut Args<'s>) {
    args.push(number(scope, response.status.into()));
    args.push(text(scope, response.reason.as_deref().unwrap_or("")));
    args.push(latin1(scope, &flat_headers(&response.headers)));
    args.push(body(scope, live, response.body));
}

fn message<'s>(scope: Scope<'_, 's, '_>, message: &Message) -> v8::Local<'s, v8::Value> {
    match message {
        Message::Text(bytes) => utf8(scope, bytes),
        Message::Binary(bytes) => buffer(scope, bytes).into(),
    }
}

fn completion<'s>(scope: Scope<'_, 's, '_>, live: &Live, outcome: Completion, args: &mut Args<'s>) {
    let kind = |kind: i32, scope: Scope<'_, 's, '_>| v8::Integer::new(scope, kind).into();
    match outcome {
        Completion::Done => args.push(kind(0, scope)),
        Completion::Chunk(chunk) => {
            args.push(kind(1, scope));
            args.push(match chunk {
                Some(chunk) => bytes(scope, &chunk),
                None => v8::undefined(scope).into(),
            });
        }
        Completion::Response(answer) => {
            args.push(kind(2, scope));
            response(scope, live, answer, args);
        }
        Completion::Socket(socket) => {
            args.push(kind(3, scope));
            args.push(number(scope, socket.0 as f64));
        }
        Completion::Text(told) => {
            args.push(kind(6, scope));
            args.push(text(scope, &told));
        }
        Completion::Nothing => args.push(kind(4, scope)),
        Completion::Failed(message) => {
            args.push(kind(5, scope));
            args.push(text(scope, &message));
        }
    }
}

/// The arguments for an event, and the request it opened, if any. None: the event needs no turn.
pub fn arguments<'s>(
    scope: Scope<'_, 's, '_>,
    live: &Live,
    event: Event,
) -> Option<(Args<'s>, Option<RequestId>)> {
    let mut args = Args::new();
    let mut opened = None;
    args.push(v8::Integer::new(scope, kind_of(&event)?).into());
    let open = |waiting: Waiting| live.desk.borrow_mut().open_request(waiting);
    match event {
        Event::Message { socket, message: received }
        | Event::Pair { socket, frame: PairFrame::Message(received) } => {
            args.push(number(scope, socket.0 as f64));
            args.push(message(scope, &received));
        }
        Event::Request { request: incoming, reply } => {
            let (internal, visit) = (incoming.peer.is_none(), incoming.visit);
            let upgrade = is_upgrade(&incoming);
            let id = open(Waiting { reply, original: None, upgrade });
            opened = Some(id);
            args.push(number(scope, id.0.into()));
            request(scope, live, incoming, &mut args);
            args.push(v8::Boolean::new(scope, internal).into());
            args.push(number(scope, visit.0 as f64));
        }
        Event::Connect { request: incoming, reply } => {
            let id = open(Waiting { reply, original: None, upgrade: true });
            opened = Some(id);
            args.push(number(scope, id.0.into()));
            let socket = live.open_socket();
            args.push(number(scope, socket.0 as f64));
            args.push(text(scope, &incoming.url));
            args.push(latin1(scope, &flat_headers(&incoming.headers)));
            args.push(number(scope, incoming.visit.0 as f64));
        }
        Event::Hook { hook, request: incoming, room, cron, reply } => {
            let (upgrade, visit) = (is_upgrade(&incoming), incoming.visit);
            let original = (hook == Hook::Fetch).then(|| Box::new(retained(&incoming)));
            let id = open(Waiting { reply, original, upgrade });
            opened = Some(id);
            args.push(number(scope, id.0.into()));
            args.push(v8::Integer::new(scope, hook as i32).into());
            request(scope, live, incoming, &mut args);
            args.push(text(scope, &hook_extra(room, cron)));
            args.push(number(scope, visit.0 as f64));
        }
        Event::Closed { socket, code, reason, clean, error } => {
            args.push(number(scope, socket.0 as f64));
            args.push(number(scope, code.into()));
            args.push(text(scope, &reason));
            args.push(v8::Boolean::new(scope, clean).into());
            let none = v8::undefined(scope).into();
            args.push(error.map_or(none, |error| text(scope, &error)));
        }
        Event::Completion { id, outcome } => {
            args.push(number(scope, id.into()));
            completion(scope, live, outcome, &mut args);
        }
        Event::Timer { id } | Event::Section { id } => args.push(number(scope, id.into())),
        Event::Left { visit } => args.push(number(scope, visit.0 as f64)),
        Event::Alarm { .. }
        | Event::Attach { .. }
        | Event::AttachPair { .. }
        | Event::Abandon { .. }
        | Event::Pair { .. } => {}
    }
    Some((args, opened))
}

/// The number of an event in js/main.js; none for those that the shard handles itself.
fn kind_of(event: &Event) -> Option<i32> {
    Some(match event {
        Event::Message { .. } | Event::Pair { frame: PairFrame::Message(_), .. } => MESSAGE,
        Event::Request { .. } => REQUEST,
        Event::Connect { .. } => CONNECT,
        Event::Hook { .. } => HOOK,
        Event::Closed { .. } => CLOSED,
        Event::Timer { .. } => TIMER,
        Event::Completion { .. } => COMPLETION,
        Event::Section { .. } => SECTION,
        Event::Alarm { .. } => ALARM,
        Event::Left { .. } => LEFT,
        Event::Attach { .. }
        | Event::AttachPair { .. }
        | Event::Abandon { .. }
        | Event::Pair { .. } => return None,
    })
}

/// The room of a hook's lobby, or the run of a cron as JSON.
fn hook_extra(room: Option<String>, cron: Option<CronRun>) -> String {
    match (room, cron) {
        (Some(room), _) => room,
        (None, Some(run)) => serde_json::json!({
            "name": run.name, "cron": run.cron, "scheduledTime": run.scheduled_ms,
        })
        .to_string(),
        (None, None) => String::new(),
    }
}

fn is_upgrade(request: &Request) -> bool {
    request
        .headers
        .get(http::header::UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// What can be given back of a request that a hook only looks at: a streamed body cannot.
fn retained(request: &Request) -> Request {
    Request {
        method: request.method.clone(),
        url: request.url.clone(),
        headers: request.headers.clone(),
        peer: request.peer,
        visit: request.visit,
        body: match &request.body {
            Body::Full(whole) => Body::Full(whole.clone()),
            Body::Empty | Body::Stream(_) => Body::Empty,
        },
    }
}
