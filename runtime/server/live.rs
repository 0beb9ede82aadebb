//! What a page is told while one works on it (`dev`): a build has failed, it is repaired, the page
//! has changed.
//!
//! HTML of the asset folder that a browser shows gets one script tag at its end (`tag`); whoever
//! fetches the file gets it as it is. The script, `live.js`, listens to a stream of events at
//! `PATH`; the edge answers both before it routes anything. Each event is the whole state, so that
//! a page that was away misses nothing. Nothing is sent while nothing happens; a page that is not
//! in view lets go of its stream.
//!
//! The command line says what happens (`LiveHub`). Code frames of problems go to browsers of this
//! machine only: others, and sites that pretend to be this one, learn that something is wrong.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use serde_json::json;
use tokio::sync::{mpsc, watch};

use crate::clock::now_ms;
use crate::room::event::{Body, BodyWriter, Response};

const PATH: &str = "/__houseparty__/live";
const SCRIPT_PATH: &str = "/__houseparty__/live.js";
const SCRIPT: &str = include_str!("live.js");

/// Pages that listen at a time; further ones are refused. More than anybody has in view.
const STREAMS_MAX: usize = 256;

/// Bytes of one problem that are shown; a report of a minified line may be endless.
const TEXT_MAX: usize = 16 << 10;

/// Problems that are shown at a time.
const PROBLEMS_MAX: usize = 20;

/// One thing that is wrong, for the overlay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveProblem {
    /// What has failed.
    pub what: String,
    pub message: String,
    /// File, line and column.
    pub place: Option<(String, usize, usize)>,
    /// The line of the code with a mark, and what may help.
    pub frame: String,
}

#[derive(Debug, Default)]
struct State {
    /// How often the pages, or only their style sheets, have changed.
    page: u64,
    styles: u64,
    /// Whether pages load themselves again.
    reload: bool,
    problems: Vec<LiveProblem>,
    stopped: bool,
}

/// The one who knows what pages must hear. Cheap to clone; all clones are the same.
#[derive(Debug, Clone)]
pub struct LiveHub {
    state: Arc<watch::Sender<State>>,
    /// Tells this process from the one that ran before it.
    boot: i64,
}

impl LiveHub {
    /// `reload`: pages load themselves again when they have changed.
    pub fn new(reload: bool) -> Self {
        let state = watch::Sender::new(State { reload, ..State::default() });
        Self { state: Arc::new(state), boot: now_ms() }
    }

    /// A file that pages use has changed.
    pub fn page_changed(&self) {
        self.state.send_modify(|state| state.page += 1);
    }

    /// Only style sheets have.
    pub fn styles_changed(&self) {
        self.state.send_modify(|state| state.styles += 1);
    }

    pub fn set_reload(&self, reload: bool) {
        let set = |state: &mut State| std::mem::replace(&mut state.reload, reload) != reload;
        self.state.send_if_modified(set);
    }

    /// All that is wrong now.
    pub fn set_problems(&self, mut problems: Vec<LiveProblem>) {
        problems.truncate(PROBLEMS_MAX);
        self.state.send_if_modified(|state| {
            let changed = state.problems != problems;
            state.problems = problems;
            changed
        });
    }

    /// Ends the streams: the host stops, and would wait for them.
    pub fn stop(&self) {
        self.state.send_modify(|state| state.stopped = true);
    }

    /// What is put at the end of a page. It names the version, so that nothing is missed between
    /// the page and its stream.
    pub(super) fn tag(&self) -> String {
        let (boot, state) = (self.boot, self.state.borrow());
        let (page, styles) = (state.page, state.styles);
        format!(
            "\n<script async src=\"{SCRIPT_PATH}\" data-boot=\"{boot}\" data-page=\"{page}\" \
             data-styles=\"{styles}\"></script>\n"
        )
    }

    /// Whether a path is ours; such requests are no news for the log.
    pub(super) fn is_ours(path: &str) -> bool {
        path == PATH || path == SCRIPT_PATH
    }

    /// The answer to a request for the stream or the script. `trusted` may see code.
    pub(super) fn answer(&self, method: &Method, path: &str, trusted: bool) -> Option<Response> {
        if *method != Method::GET || !Self::is_ours(path) {
            return None;
        }
        if path == SCRIPT_PATH {
            let body = Body::Full(Bytes::from_static(SCRIPT.as_bytes()));
            return Some(response(200, "text/javascript; charset=utf-8", body));
        }
        if self.state.receiver_count() >= STREAMS_MAX {
            let body = Body::Full("too many pages are listening already".into());
            return Some(response(503, "text/plain; charset=utf-8", body));
        }
        let (writer, reader) = mpsc::channel(1);
        tokio::spawn(stream(self.state.subscribe(), self.boot, trusted, writer));
        let mut response = response(200, "text/event-stream", Body::Stream(reader));
        // Some proxies collect small answers until they are worth a packet.
        let buffering = HeaderName::from_static("x-accel-buffering");
        response.headers.insert(buffering, HeaderValue::from_static("no"));
        Some(response)
    }
}

fn response(status: u16, kind: &'static str, body: Body) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Response { status, reason: None, headers, body }
}

/// Whether a page under this host name (`name:port`) may see code. A name that is not this machine's
/// may have been pointed at it by somebody else.
pub(super) fn is_own_name(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|it| it.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    let address: Option<IpAddr> = name.trim_start_matches('[').trim_end_matches(']').parse().ok();
    name == "localhost" || name.ends_with(".localhost") || address.is_some()
}

/// Sends the state now and whenever it changes, until the page goes or the host stops.
async fn stream(mut state: watch::Receiver<State>, boot: i64, trusted: bool, writer: BodyWriter) {
    loop {
        let text = {
            let state = state.borrow_and_update();
            if state.stopped {
                return;
            }
            event(&state, boot, trusted)
        };
        if writer.send(Ok(text.into())).await.is_err() {
            return;
        }
        tokio::select! {
            () = writer.closed() => return,
            changed = state.changed() => if changed.is_err() { return },
        }
    }
}

fn event(state: &State, boot: i64, trusted: bool) -> String {
    let problem = |problem: &LiveProblem| {
        if !trusted {
            let message = "Look at the terminal of the host";
            return json!({ "what": problem.what, "message": message, "frame": "" });
        }
        let mut told = json!({
            "what": problem.what,
            "message": short(&problem.message),
            "frame": short(&problem.frame),
        });
        if let Some((file, line, column)) = &problem.place {
            told["place"] = json!({ "file": file, "line": line, "column": column });
        }
        told
    };
    let data = json!({
        "boot": boot.to_string(),
        "page": state.page.to_string(),
        "styles": state.styles.to_string(),
        "reload": state.reload,
        "problems": state.problems.iter().map(problem).collect::<Vec<_>>(),
    });
    // A page looks again one second after the host went away.
    format!("retry: 1000\ndata: {data}\n\n")
}

fn short(text: &str) -> &str {
    let mut end = text.len().min(TEXT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_its_own() {
        for host in ["localhost:1999", "127.0.0.1", "[::1]:80", "app.localhost", "192.168.1.7:1"] {
            assert!(is_own_name(host), "{host}");
        }
        for host in ["evil.test:1999", "localhost.evil.test", "127.0.0.1.evil.test", ""] {
            assert!(!is_own_name(host), "{host}");
        }
    }

    #[test]
    fn code_is_for_this_machine_only() {
        let problem = LiveProblem { frame: "secret".to_owned(), ..LiveProblem::default() };
        let state = State { problems: vec![problem], ..State::default() };
        assert!(event(&state, 1, true).contains("secret"));
        assert!(!event(&state, 1, false).contains("secret"));
    }
}
