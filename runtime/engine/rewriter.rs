//! One HTML document on its way through `HTMLRewriter`: lol_html on a stack of its own.
//!
//! lol_html calls its handlers from inside of `write`, and they must be done when they return. A
//! party's handler may be asynchronous, and V8 must not run below somebody else's frames. So lol_html
//! runs as a coroutine: where it would call a handler, it is suspended with a copy of the token
//! (`Step::Token`); js/platform/html_rewriter.js runs the handler for as long as it takes and resumes
//! it with what the handler wants changed. No V8 frame is ever on the coroutine's stack, and nothing
//! here knows V8.
//!
//! Handlers of end tags are the exception: lol_html wants them `'static`, so they cannot suspend. They
//! leave a mark in the place of the tag, and the sink, which comes across it at once, asks in their
//! stead.
//!
//! A document that is given up is dropped in the middle: its stack is unwound. What lol_html refuses
//! (too much memory, markup whose meaning depends on scripts) is an error of this document alone.

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};
use encoding_rs::{Encoding, UTF_8};
use lol_html::html_content::{
    Comment, ContentType, Doctype, DocumentEnd, Element, EndTag, TextChunk,
};
use lol_html::{
    AsciiCompatibleEncoding, DocumentContentHandlers, ElementContentHandlers, HandlerResult,
    HtmlRewriter, MemorySettings, OutputSink, Selector, Settings,
};

use crate::limits;

/// Stands where an end tag was whose handlers have not been asked yet.
const MARK: &str = "\u{1}houseparty end tag\u{1}";

/// The handlers a party has for one selector, or for the document.
#[derive(Debug, Default)]
pub struct Handlers {
    pub selector: Option<Selector>,
    pub element: bool,
    pub comments: bool,
    pub text: bool,
    pub doctype: bool,
    pub end: bool,
}

/// What a handler is called with. `handlers` of the other side are named by their position.
#[derive(Debug)]
pub enum Token {
    Element {
        name: String,
        namespace: &'static str,
        attributes: Vec<(String, String)>,
        removed: bool,
        has_content: bool,
        self_closing: bool,
    },
    Text {
        text: String,
        last: bool,
        removed: bool,
    },
    Comment {
        text: String,
        removed: bool,
    },
    Doctype {
        name: Option<String>,
        public_id: Option<String>,
        system_id: Option<String>,
    },
    End,
    /// The numbers that `Change::OnEndTag` gave.
    EndTag {
        name: String,
        handlers: Vec<u32>,
        removed: bool,
    },
}

/// What a handler wants done with its token, in its order.
#[derive(Debug)]
pub enum Change {
    Before(String, bool),
    After(String, bool),
    Prepend(String, bool),
    Append(String, bool),
    Replace(String, bool),
    SetInner(String, bool),
    Remove,
    RemoveAndKeepContent,
    SetAttribute(String, String),
    RemoveAttribute(String),
    SetName(String),
    SetText(String),
    OnEndTag(u32),
}

#[derive(Debug)]
enum Feed {
    Write(Vec<u8>),
    End,
    Changes(Vec<Change>),
}

/// Where a document has got to.
#[derive(Debug)]
pub enum Step {
    /// Handler number `.0` is to be called.
    Token(usize, Token),
    /// What was written is through.
    Hungry,
    /// The document is complete.
    Done,
}

#[derive(Debug, thiserror::Error)]
pub enum RewriterError {
    #[error("Parser error: {0}")]
    Selector(String),
    #[error("Parser error: a selector has at most {} characters", limits::SELECTOR_BYTES_MAX)]
    SelectorTooLong,
    #[error("{0}")]
    Html(String),
    #[error("no memory is left for another HTMLRewriter: {0}")]
    Stack(std::io::Error),
    #[error("the HTMLRewriter failed inside: {0}")]
    Broken(String),
    #[error("the HTMLRewriter is used out of turn")]
    Order,
}

type Machine = Coroutine<Feed, Step, Result<(), String>, DefaultStack>;
type Stack<'y> = &'y Yielder<Feed, Step>;

/// A document that is being rewritten.
pub struct Document {
    machine: Machine,
    output: Rc<RefCell<Vec<u8>>>,
    /// It waits for the changes of a token.
    asked: bool,
}

/// A selector as lol_html knows it. Selectors come from the party, and parsing one recurses: its
/// length is bounded.
pub fn selector(text: &str) -> Result<Selector, RewriterError> {
    if text.len() > limits::SELECTOR_BYTES_MAX {
        return Err(RewriterError::SelectorTooLong);
    }
    text.parse::<Selector>().map_err(|error| RewriterError::Selector(error.to_string()))
}

impl Document {
    /// `charset`: the label of the document's encoding; one that is unknown or does not extend ASCII
    /// is read as UTF-8.
    pub fn new(charset: &str, handlers: Vec<Handlers>) -> Result<Self, RewriterError> {
        let encoding = Encoding::for_label(charset.as_bytes())
            .and_then(AsciiCompatibleEncoding::new)
            .unwrap_or_else(AsciiCompatibleEncoding::utf_8);
        let output = Rc::<RefCell<Vec<u8>>>::default();
        let stack =
            DefaultStack::new(limits::REWRITER_STACK_BYTES).map_err(RewriterError::Stack)?;
        let written = output.clone();
        let machine = Coroutine::with_stack(stack, move |stack: Stack<'_>, first| {
            run(stack, first, encoding, &handlers, &written)
        });
        Ok(Self { machine, output, asked: false })
    }

    pub fn write(&mut self, bytes: Vec<u8>) -> Result<Step, RewriterError> {
        self.resume(Feed::Write(bytes), false)
    }

    pub fn end(&mut self) -> Result<Step, RewriterError> {
        self.resume(Feed::End, false)
    }

    /// The handler of the last token is through.
    pub fn answer(&mut self, changes: Vec<Change>) -> Result<Step, RewriterError> {
        self.resume(Feed::Changes(changes), true)
    }

    /// What has come out so far.
    pub fn take(&mut self) -> Vec<u8> {
        self.output.take()
    }

    fn resume(&mut self, feed: Feed, answers: bool) -> Result<Step, RewriterError> {
        if self.asked != answers || self.machine.done() {
            return Err(RewriterError::Order);
        }
        // A fault inside of lol_html must not unwind through V8.
        let machine = &mut self.machine;
        let result = std::panic::catch_unwind(AssertUnwindSafe(move || machine.resume(feed)));
        match result {
            Ok(CoroutineResult::Yield(step)) => {
                self.asked = matches!(step, Step::Token(..));
                Ok(step)
            }
            Ok(CoroutineResult::Return(Ok(()))) => Ok(Step::Done),
            Ok(CoroutineResult::Return(Err(message))) => Err(RewriterError::Html(message)),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()));
                Err(RewriterError::Broken(text.unwrap_or_default()))
            }
        }
    }
}

/// The coroutine.
fn run(
    stack: Stack<'_>,
    first: Feed,
    encoding: AsciiCompatibleEncoding,
    handlers: &[Handlers],
    output: &Rc<RefCell<Vec<u8>>>,
) -> Result<(), String> {
    let endings = Endings::default();
    let sink = Sink { stack, endings: endings.clone(), output: output.clone(), encoding: UTF_8 };
    let mut rewriter = HtmlRewriter::new(settings(stack, encoding, handlers, &endings), sink);
    let mut feed = first;
    loop {
        match feed {
            Feed::Write(bytes) => rewriter.write(&bytes).map_err(|error| error.to_string())?,
            Feed::End => {
                rewriter.end().map_err(|error| error.to_string())?;
                endings.ask_hidden(stack);
                return Ok(());
            }
            // Only a token has changes, and none was asked for.
            Feed::Changes(_) => {}
        }
        endings.ask_hidden(stack);
        feed = stack.suspend(Step::Hungry);
    }
}

fn settings<'y>(
    stack: Stack<'y>,
    encoding: AsciiCompatibleEncoding,
    handlers: &'y [Handlers],
    endings: &Endings,
) -> Settings<'y, 'y> {
    let memory = MemorySettings::new()
        .with_max_allowed_memory_usage(limits::REWRITER_BYTES_MAX)
        .with_preallocated_parsing_buffer_size(0);
    let mut settings =
        Settings::new().with_encoding(encoding).with_memory_settings(memory).with_strict(true);
    for (number, part) in handlers.iter().enumerate() {
        settings = match &part.selector {
            Some(selector) => settings.append_element_content_handler((
                std::borrow::Cow::Borrowed(selector),
                of_element(stack, number, part, endings),
            )),
            None => {
                settings.append_document_content_handler(of_document(stack, number, part, endings))
            }
        };
    }
    settings
}

fn of_element<'y>(
    stack: Stack<'y>,
    number: usize,
    part: &Handlers,
    endings: &Endings,
) -> ElementContentHandlers<'y> {
    let mut handlers = ElementContentHandlers::default();
    if part.element {
        let endings = endings.clone();
        handlers = handlers.element(move |element: &mut Element<'_, '_>| {
            endings.ask_hidden(stack);
            change_element(element, ask(stack, number, of(element)), &endings)
        });
    }
    if part.comments {
        let endings = endings.clone();
        handlers = handlers.comments(move |comment: &mut Comment<'_>| {
            endings.ask_hidden(stack);
            change_comment(comment, stack, number)
        });
    }
    if part.text {
        let endings = endings.clone();
        handlers = handlers.text(move |chunk: &mut TextChunk<'_>| {
            endings.ask_hidden(stack);
            change_text(chunk, stack, number);
            Ok(())
        });
    }
    handlers
}

fn of_document<'y>(
    stack: Stack<'y>,
    number: usize,
    part: &Handlers,
    endings: &Endings,
) -> DocumentContentHandlers<'y> {
    let mut handlers = DocumentContentHandlers::default();
    if part.doctype {
        handlers = handlers.doctype(move |doctype: &mut Doctype<'_>| {
            let token = Token::Doctype {
                name: doctype.name(),
                public_id: doctype.public_id(),
                system_id: doctype.system_id(),
            };
            for change in ask(stack, number, token) {
                if matches!(change, Change::Remove) {
                    doctype.remove();
                }
            }
            Ok(())
        });
    }
    if part.comments {
        let endings = endings.clone();
        handlers = handlers.comments(move |comment: &mut Comment<'_>| {
            endings.ask_hidden(stack);
            change_comment(comment, stack, number)
        });
    }
    if part.text {
        let endings = endings.clone();
        handlers = handlers.text(move |chunk: &mut TextChunk<'_>| {
            endings.ask_hidden(stack);
            change_text(chunk, stack, number);
            Ok(())
        });
    }
    if part.end {
        let endings = endings.clone();
        handlers = handlers.end(move |end: &mut DocumentEnd<'_>| {
            endings.ask_hidden(stack);
            for change in ask(stack, number, Token::End) {
                if let Change::Append(text, html) = change {
                    end.append(&text, kind(html));
                }
            }
            Ok(())
        });
    }
    handlers
}

/// Suspends the document until the handler is through.
fn ask(stack: Stack<'_>, number: usize, token: Token) -> Vec<Change> {
    match stack.suspend(Step::Token(number, token)) {
        Feed::Changes(changes) => changes,
        Feed::Write(_) | Feed::End => Vec::new(),
    }
}

fn kind(html: bool) -> ContentType {
    if html { ContentType::Html } else { ContentType::Text }
}

fn of(element: &Element<'_, '_>) -> Token {
    Token::Element {
        name: element.tag_name(),
        namespace: element.namespace_uri(),
        attributes: element.attributes().iter().map(|it| (it.name(), it.value())).collect(),
        removed: element.removed(),
        has_content: element.can_have_content(),
        self_closing: element.is_self_closing(),
    }
}

fn change_element(
    element: &mut Element<'_, '_>,
    changes: Vec<Change>,
    endings: &Endings,
) -> HandlerResult {
    for change in changes {
        match change {
            Change::Before(text, html) => element.before(&text, kind(html)),
            Change::After(text, html) => element.after(&text, kind(html)),
            Change::Prepend(text, html) => element.prepend(&text, kind(html)),
            Change::Append(text, html) => element.append(&text, kind(html)),
            Change::Replace(text, html) => element.replace(&text, kind(html)),
            Change::SetInner(text, html) => element.set_inner_content(&text, kind(html)),
            Change::Remove => element.remove(),
            Change::RemoveAndKeepContent => element.remove_and_keep_content(),
            Change::SetAttribute(name, value) => element.set_attribute(&name, &value)?,
            Change::RemoveAttribute(name) => element.remove_attribute(&name),
            Change::SetName(name) => element.set_tag_name(&name)?,
            Change::OnEndTag(handler) => {
                let endings = endings.clone();
                element.on_end_tag(Box::new(move |tag: &mut EndTag<'_>| {
                    endings.meet(tag, handler);
                    Ok(())
                }))?;
            }
            Change::SetText(_) => {}
        }
    }
    Ok(())
}

fn change_comment(comment: &mut Comment<'_>, stack: Stack<'_>, number: usize) -> HandlerResult {
    let token = Token::Comment { text: comment.text(), removed: comment.removed() };
    for change in ask(stack, number, token) {
        match change {
            Change::Before(text, html) => comment.before(&text, kind(html)),
            Change::After(text, html) => comment.after(&text, kind(html)),
            Change::Replace(text, html) => comment.replace(&text, kind(html)),
            Change::Remove => comment.remove(),
            Change::SetText(text) => comment.set_text(&text)?,
            _ => {}
        }
    }
    Ok(())
}

fn change_text(chunk: &mut TextChunk<'_>, stack: Stack<'_>, number: usize) {
    let token = Token::Text {
        text: chunk.as_str().to_owned(),
        last: chunk.last_in_text_node(),
        removed: chunk.removed(),
    };
    for change in ask(stack, number, token) {
        match change {
            Change::Before(text, html) => chunk.before(&text, kind(html)),
            Change::After(text, html) => chunk.after(&text, kind(html)),
            Change::Replace(text, html) => chunk.replace(&text, kind(html)),
            Change::Remove => chunk.remove(),
            _ => {}
        }
    }
}

/// The end tag that lol_html has just met, with the handlers to be asked about it.
struct Ending {
    name: String,
    removed: bool,
    handlers: Vec<u32>,
}

/// Shared by the handlers of end tags, which meet one, and the sink, which comes to its place.
#[derive(Clone, Default)]
struct Endings(Rc<RefCell<Option<Ending>>>);

impl Endings {
    fn meet(&self, tag: &mut EndTag<'_>, handler: u32) {
        let mut met = self.0.borrow_mut();
        if let Some(ending) = met.as_mut() {
            // Another handler for the same tag.
            ending.handlers.push(handler);
            return;
        }
        let (name, removed) = (tag.name_preserve_case(), tag.removed());
        *met = Some(Ending { name, removed, handlers: vec![handler] });
        tag.replace(MARK, ContentType::Html);
    }

    /// An end tag inside of something that was removed leaves no mark: its handlers are called all
    /// the same.
    fn ask_hidden(&self, stack: Stack<'_>) {
        let met = self.0.borrow_mut().take();
        if let Some(Ending { name, removed, handlers }) = met {
            ask(stack, 0, Token::EndTag { name, handlers, removed });
        }
    }
}

/// Takes what lol_html puts out.
struct Sink<'y> {
    stack: Stack<'y>,
    endings: Endings,
    output: Rc<RefCell<Vec<u8>>>,
    encoding: &'static Encoding,
}

impl OutputSink for Sink<'_> {
    fn handle_chunk(&mut self, chunk: &[u8]) {
        let met = if chunk == MARK.as_bytes() { self.endings.0.borrow_mut().take() } else { None };
        match met {
            Some(ending) => self.finish(ending),
            None => self.output.borrow_mut().extend_from_slice(chunk),
        }
    }

    fn set_encoding(&mut self, encoding: AsciiCompatibleEncoding) {
        self.encoding = encoding.into();
    }
}

impl Sink<'_> {
    /// Asks the handlers of an end tag and writes what they make of it.
    fn finish(&mut self, Ending { name, mut removed, handlers }: Ending) {
        let token = Token::EndTag { name: name.clone(), handlers, removed };
        let (mut before, mut name, mut after) = (String::new(), name, String::new());
        let mut replacement = None;
        for change in ask(self.stack, 0, token) {
            match change {
                Change::Before(text, html) => before.push_str(&shown(text, html)),
                Change::After(text, html) => after.insert_str(0, &shown(text, html)),
                Change::Replace(text, html) => replacement = Some(shown(text, html)),
                Change::Remove => removed = true,
                Change::SetName(new) => name = new,
                _ => {}
            }
        }
        let tag = match replacement {
            Some(text) => text,
            None if removed => String::new(),
            None => format!("</{name}>"),
        };
        let (bytes, _, _) = self.encoding.encode(&before);
        let mut output = self.output.borrow_mut();
        output.extend_from_slice(&bytes);
        for text in [&tag, &after] {
            output.extend_from_slice(&self.encoding.encode(text).0);
        }
    }
}

/// Content as it stands in a document.
fn shown(text: String, html: bool) -> String {
    if html {
        return text;
    }
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
#[path = "rewriter_test.rs"]
mod rewriter_test;
