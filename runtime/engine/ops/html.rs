//! Ops of `HTMLRewriter`: a document is opened with the handlers a party has, fed, and asked for its
//! next step; what comes out is taken after each. Numbers name the documents of one isolate.

use std::collections::HashMap;

use deno_core::{OpState, op2, v8};

use super::OpError;
use crate::engine::rewriter::{Change, Document, Handlers, RewriterError, Step, Token, selector};
use crate::engine::turn;
use crate::limits;

/// The documents an isolate has open.
#[derive(Default)]
struct Documents {
    last: u32,
    open: HashMap<u32, Document>,
}

fn documents(state: &mut OpState) -> &mut Documents {
    if !state.has::<Documents>() {
        state.put(Documents::default());
    }
    state.borrow_mut::<Documents>()
}

/// Whether a selector is one; throws what is wrong with it.
#[op2(fast)]
pub fn op_html_check(#[string] text: &str) -> Result<(), OpError> {
    selector(text)?;
    Ok(())
}

const ELEMENT: u32 = 1;
const COMMENTS: u32 = 2;
const TEXT: u32 = 4;
const DOCTYPE: u32 = 8;
const END: u32 = 16;

/// Opens a document. `handlers`: pairs of a selector (empty: the document) and what is handled.
#[op2]
pub fn op_html_open(
    state: &mut OpState,
    #[string] charset: String,
    #[serde] handlers: Vec<(String, u32)>,
) -> Result<u32, OpError> {
    let documents = documents(state);
    if documents.open.len() >= limits::REWRITERS_MAX {
        return Err(OpError::TooManyRewriters(limits::REWRITERS_MAX));
    }
    let handlers = handlers.into_iter().map(|(text, kinds)| {
        let selector = if text.is_empty() { None } else { Some(selector(&text)?) };
        let has = |kind| kinds & kind != 0;
        Ok(Handlers {
            selector,
            element: has(ELEMENT),
            comments: has(COMMENTS),
            text: has(TEXT),
            doctype: has(DOCTYPE),
            end: has(END),
        })
    });
    let document = Document::new(&charset, handlers.collect::<Result<_, RewriterError>>()?)?;
    documents.last = documents.last.checked_add(1).unwrap_or(1);
    documents.open.insert(documents.last, document);
    Ok(documents.last)
}

/// Does one thing with a document; one that fails is over.
fn advance<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    state: &mut OpState,
    id: u32,
    what: impl FnOnce(&mut Document) -> Result<Step, RewriterError>,
) -> Result<v8::Local<'s, v8::Value>, OpError> {
    let open = &mut documents(state).open;
    let step = match open.get_mut(&id) {
        Some(document) => what(document),
        None => Err(RewriterError::Order),
    };
    match step {
        Ok(step) => Ok(described(scope, step)),
        Err(error) => {
            open.remove(&id);
            Err(error.into())
        }
    }
}

/// Feeds bytes. Gives the token whose handler is to be called, or null.
#[op2]
pub fn op_html_write<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    state: &mut OpState,
    id: u32,
    #[buffer(copy)] bytes: Vec<u8>,
) -> Result<v8::Local<'s, v8::Value>, OpError> {
    advance(scope, state, id, |document| document.write(bytes))
}

/// The document has ended.
#[op2]
pub fn op_html_end<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    state: &mut OpState,
    id: u32,
) -> Result<v8::Local<'s, v8::Value>, OpError> {
    advance(scope, state, id, Document::end)
}

/// A handler is through. `changes`: code, text, text or flag, and so on.
#[op2]
pub fn op_html_answer<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    state: &mut OpState,
    id: u32,
    changes: v8::Local<'s, v8::Array>,
) -> Result<v8::Local<'s, v8::Value>, OpError> {
    let changes = (0..changes.length())
        .step_by(3)
        .filter_map(|at| change(scope, changes, at))
        .collect::<Vec<_>>();
    advance(scope, state, id, |document| document.answer(changes))
}

/// What has come out since the last time.
#[op2]
pub fn op_html_take<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    state: &mut OpState,
    id: u32,
) -> v8::Local<'s, v8::Value> {
    let output = documents(state).open.get_mut(&id).map(Document::take).unwrap_or_default();
    turn::bytes(scope, &output)
}

#[op2(fast)]
pub fn op_html_close(state: &mut OpState, id: u32) {
    documents(state).open.remove(&id);
}

fn change(
    scope: &mut v8::PinScope<'_, '_>,
    changes: v8::Local<v8::Array>,
    at: u32,
) -> Option<Change> {
    let code = changes.get_index(scope, at)?.uint32_value(scope)?;
    let first = changes.get_index(scope, at + 1)?;
    let second = changes.get_index(scope, at + 2)?;
    let text = |scope: &mut v8::PinScope<'_, '_>, value: v8::Local<v8::Value>| {
        value.to_rust_string_lossy(scope)
    };
    let html = second.is_true();
    Some(match code {
        0 => Change::Before(text(scope, first), html),
        1 => Change::After(text(scope, first), html),
        2 => Change::Prepend(text(scope, first), html),
        3 => Change::Append(text(scope, first), html),
        4 => Change::Replace(text(scope, first), html),
        5 => Change::SetInner(text(scope, first), html),
        6 => Change::Remove,
        7 => Change::RemoveAndKeepContent,
        8 => Change::SetAttribute(text(scope, first), text(scope, second)),
        9 => Change::RemoveAttribute(text(scope, first)),
        10 => Change::SetName(text(scope, first)),
        11 => Change::SetText(text(scope, first)),
        12 => Change::OnEndTag(first.uint32_value(scope)?),
        _ => return None,
    })
}

/// [handler, kind, …]; null if no handler is to be called.
fn described<'s>(scope: &mut v8::PinScope<'s, '_>, step: Step) -> v8::Local<'s, v8::Value> {
    let Step::Token(handler, token) = step else { return v8::null(scope).into() };
    let mut fields: Vec<v8::Local<'s, v8::Value>> = Vec::with_capacity(8);
    fields.push(turn::number(scope, handler as f64));
    let flag =
        |scope: &mut v8::PinScope<'s, '_>, value: bool| v8::Boolean::new(scope, value).into();
    match token {
        Token::Element { name, namespace, attributes, removed, has_content, self_closing } => {
            fields.push(turn::number(scope, ELEMENT.into()));
            fields.push(turn::text(scope, &name));
            fields.push(flag(scope, removed));
            fields.push(turn::text(scope, namespace));
            fields.push(flag(scope, has_content));
            fields.push(flag(scope, self_closing));
            for (name, value) in attributes {
                fields.push(turn::text(scope, &name));
                fields.push(turn::text(scope, &value));
            }
        }
        Token::Comment { text, removed } => {
            fields.push(turn::number(scope, COMMENTS.into()));
            fields.push(turn::text(scope, &text));
            fields.push(flag(scope, removed));
        }
        Token::Text { text, last, removed } => {
            fields.push(turn::number(scope, TEXT.into()));
            fields.push(turn::text(scope, &text));
            fields.push(flag(scope, removed));
            fields.push(flag(scope, last));
        }
        Token::Doctype { name, public_id, system_id } => {
            fields.push(turn::number(scope, DOCTYPE.into()));
            for part in [name, public_id, system_id] {
                fields.push(match part {
                    Some(part) => turn::text(scope, &part),
                    None => v8::null(scope).into(),
                });
            }
        }
        Token::End => fields.push(turn::number(scope, END.into())),
        Token::EndTag { name, handlers, removed } => {
            fields.push(turn::number(scope, f64::from(END << 1)));
            fields.push(turn::text(scope, &name));
            fields.push(flag(scope, removed));
            for handler in handlers {
                fields.push(turn::number(scope, handler.into()));
            }
        }
    }
    v8::Array::new_with_elements(scope, &fields).into()
}
