//! One debugger and the isolates of its target, one after the other.
//!
//! Commands go to the isolate that is there; those that set something up (domains, breakpoints,
//! settings) are also remembered and told to every later isolate of the target before it runs any code
//! of its party. To the debugger that looks like a page that is loaded anew. While there is no isolate,
//! what sets something up is answered here, and anything else with an error.
//!
//! Texts of V8 pass through, with two changes: a script's mark of its source map becomes the map, and
//! answers to commands of the host are kept back. Everything that V8 still owed the debugger when an
//! isolate goes is answered with an error, so that no client waits for ever.
//!
//! Called from the threads of shards and of the server; holds its lock for one text at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::line::{Line, Order};
use super::target::Target;
use super::{limits, lock, map};

/// Commands of the host have numbers from here on; clients count from one.
pub const HOST_ID: i64 = 2_000_000_000;

/// Scripts of the host itself, which stepping passes over.
const HOST_SCRIPTS: &str = "^ext:";
const BLACKBOX: &str = "Debugger.setBlackboxPatterns";

/// Settings that the next isolate is told again; the last of each counts.
const SETTINGS: [&str; 16] = [
    "Console.enable",
    "Debugger.enable",
    "Debugger.setAsyncCallStackDepth",
    BLACKBOX,
    "Debugger.setBreakpointsActive",
    "Debugger.setPauseOnExceptions",
    "Debugger.setSkipAllPauses",
    "HeapProfiler.enable",
    "Profiler.enable",
    "Profiler.setSamplingInterval",
    "Runtime.addBinding",
    "Runtime.enable",
    "Runtime.runIfWaitingForDebugger",
    "Runtime.setAsyncCallStackDepth",
    "Runtime.setCustomObjectFormatterEnabled",
    "Runtime.setMaxCallStackSizeToCapture",
];

/// What the task of a debugger's socket gets.
pub enum ToClient {
    Text(String),
    /// Close the socket, for this reason.
    End(&'static str),
}

/// The source maps of parties, by their marks: those of this program and of the one before it, whose
/// isolates may still be there.
#[derive(Clone, Default)]
pub struct Maps(Arc<RwLock<[ByMark; 2]>>);

type ByMark = BTreeMap<String, Arc<str>>;

impl Maps {
    pub fn replace(&self, maps: impl Iterator<Item = (String, Arc<str>)>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.swap(0, 1);
        known[0] = maps.collect();
    }

    /// The text with a mark in it replaced by its map.
    fn fill(&self, text: String) -> String {
        let quoted = format!("\"{}", map::MARK);
        let Some(at) = text.find(&quoted).map(|at| at + 1) else { return text };
        let Some(end) = text[at..].find('"').map(|end| at + end) else { return text };
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match known.iter().find_map(|maps| maps.get(&text[at..end])) {
            Some(map) => [&text[..at], map, &text[end..]].concat(),
            None => text,
        }
    }
}

pub struct Session {
    pub number: u64,
    pub target: Target,
    maps: Maps,
    me: Weak<Self>,
    unread: Arc<AtomicUsize>,
    core: Mutex<Core>,
}

struct Core {
    out: mpsc::UnboundedSender<ToClient>,
    line: Option<Arc<Line>>,
    /// What later isolates are told, in this order: a name for what it sets, method, parameters.
    memory: Vec<(String, String, Value)>,
    /// Numbers of commands that the isolate has not answered.
    asked: BTreeSet<i64>,
    /// The host's own commands on their way, with their parameters.
    own: BTreeMap<i64, (String, Value)>,
    last_own: i64,
    paused: bool,
}

impl Session {
    pub fn new(
        number: u64,
        target: Target,
        out: mpsc::UnboundedSender<ToClient>,
        maps: Maps,
    ) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            number,
            target,
            maps,
            me: me.clone(),
            unread: Arc::default(),
            core: Mutex::new(Core {
                out,
                line: None,
                memory: Vec::new(),
                asked: BTreeSet::new(),
                own: BTreeMap::new(),
                last_own: HOST_ID,
                paused: false,
            }),
        })
    }

    // ---- isolates come and go -------------------------------------------------------------------

    /// A new isolate: it is ours if it belongs to the target and nothing keeps us where we are.
    pub fn appeared(&self, line: &Arc<Line>) {
        let stays = {
            let core = lock(&self.core);
            core.paused || core.line.as_ref().is_some_and(|line| line.is_waiting())
        };
        if self.target.includes(&line.key) && !stays {
            self.attach(line);
        }
    }

    /// From now on commands go to this isolate.
    pub fn attach(&self, line: &Arc<Line>) {
        let mut core = lock(&self.core);
        self.leave(&mut core);
        let me = self.me.clone();
        let say = Arc::new(move |number, text| {
            if let Some(session) = me.upgrade() {
                session.hear(number, text);
            }
        });
        line.push(Order::Open { session: self.number, say });
        core.line = Some(line.clone());
        for (_, method, params) in core.memory.clone() {
            self.ask(&mut core, &method, params);
        }
    }

    /// The isolate has gone: gives whether it was ours.
    pub fn vanished(&self, number: u64) -> bool {
        let mut core = lock(&self.core);
        let ours = core.line.as_ref().is_some_and(|line| line.number == number);
        if ours {
            core.line = None;
            self.forsake(&mut core);
        }
        ours
    }

    /// The debugger has left.
    pub fn detach(&self) {
        let mut core = lock(&self.core);
        if let Some(line) = core.line.take() {
            line.push(Order::Close { session: self.number });
        }
    }

    fn leave(&self, core: &mut Core) {
        if let Some(line) = core.line.take() {
            line.push(Order::Close { session: self.number });
            self.forsake(core);
        }
    }

    /// Tells the debugger that everything it knew of the isolate is void.
    fn forsake(&self, core: &mut Core) {
        for id in std::mem::take(&mut core.asked) {
            self.fail(core, id, "the isolate has gone");
        }
        core.own.clear();
        if std::mem::take(&mut core.paused) {
            self.notify(core, "Debugger.resumed");
        }
        if core.memory.iter().any(|(_, method, _)| method == "Runtime.enable") {
            self.notify(core, "Runtime.executionContextsCleared");
        }
    }

    // ---- what the debugger says -----------------------------------------------------------------

    /// A command of the debugger.
    pub fn command(&self, text: String) {
        let core = &mut *lock(&self.core);
        let Ok(mut command) = serde_json::from_str::<Value>(&text) else {
            let error = json!({ "error": { "code": -32700, "message": "not JSON" } });
            return self.send(core, error.to_string());
        };
        let id = command["id"].as_i64();
        let method = command["method"].as_str().unwrap_or_default().to_owned();
        if method == BLACKBOX
            && let Some(patterns) = command["params"]["patterns"].as_array_mut()
        {
            patterns.push(HOST_SCRIPTS.into());
        }
        core.remember(&method, &command["params"]);
        if method == "Debugger.enable" {
            core.remember(BLACKBOX, &json!({ "patterns": [HOST_SCRIPTS] }));
        }
        let (Some(line), Some(id)) = (core.line.clone(), id) else {
            return self.answer(core, id, &method, &command["params"]);
        };
        core.asked.insert(id);
        let order = Order::Command { session: self.number, text: command.to_string() };
        if core.asked.len() > limits::COMMANDS_MAX || !line.push(order) {
            let _ = core.out.send(ToClient::End("too many commands wait for an answer"));
            return;
        }
        if method == "Debugger.enable" {
            self.ask(core, BLACKBOX, json!({ "patterns": [HOST_SCRIPTS] }));
        }
    }

    /// Answers for an isolate that is not there.
    fn answer(&self, core: &mut Core, id: Option<i64>, method: &str, params: &Value) {
        let Some(id) = id else { return };
        let result = match method {
            "Debugger.enable" => json!({ "debuggerId": format!("{}.0", self.number) }),
            "Debugger.setBreakpointByUrl" => {
                json!({ "breakpointId": breakpoint(params), "locations": [] })
            }
            "Debugger.setInstrumentationBreakpoint" => {
                json!({ "breakpointId": instrumentation(params) })
            }
            "Debugger.removeBreakpoint" => json!({}),
            _ if SETTINGS.contains(&method) || method.ends_with(".disable") => json!({}),
            _ => {
                let title = self.target.title();
                return self.fail(core, id, &format!("{title} is not awake"));
            }
        };
        self.send(core, json!({ "id": id, "result": result }).to_string());
    }

    /// A command of the host itself.
    fn ask(&self, core: &mut Core, method: &str, params: Value) {
        let Some(line) = &core.line else { return };
        core.last_own =
            if core.last_own < i64::from(i32::MAX) { core.last_own + 1 } else { HOST_ID };
        let id = core.last_own;
        let text = json!({ "id": id, "method": method, "params": params }).to_string();
        if line.push(Order::Command { session: self.number, text }) {
            core.own.insert(id, (method.to_owned(), params));
        }
    }

    // ---- what V8 says ---------------------------------------------------------------------------

    fn hear(&self, number: u64, text: String) {
        let core = &mut *lock(&self.core);
        if core.line.as_ref().is_none_or(|line| line.number != number) {
            return;
        }
        if let Some(id) = number_of_answer(&text) {
            if id >= HOST_ID {
                return self.hear_own(core, id, &text);
            }
            core.asked.remove(&id);
            return self.send(core, text);
        }
        match method_of(&text) {
            "Debugger.paused" => {
                core.paused = true;
                self.send(core, self.maps.fill(text));
            }
            "Debugger.scriptParsed" | "Debugger.scriptFailedToParse" => {
                self.send(core, self.maps.fill(text));
            }
            method => {
                if method == "Debugger.resumed" {
                    core.paused = false;
                }
                self.send(core, text);
            }
        }
    }

    /// The answer to a command of the host: where a breakpoint is now is news to the debugger.
    fn hear_own(&self, core: &mut Core, id: i64, text: &str) {
        let Some((method, params)) = core.own.remove(&id) else { return };
        if method != "Debugger.setBreakpointByUrl" {
            return;
        }
        let answer: Value = serde_json::from_str(text).unwrap_or_default();
        for location in answer["result"]["locations"].as_array().into_iter().flatten() {
            let resolved = json!({
                "method": "Debugger.breakpointResolved",
                "params": { "breakpointId": breakpoint(&params), "location": location },
            });
            self.send(core, resolved.to_string());
        }
    }

    // ---- to the debugger ------------------------------------------------------------------------

    pub fn end(&self, reason: &'static str) {
        let _ = lock(&self.core).out.send(ToClient::End(reason));
    }

    /// So many bytes have been written to the debugger.
    pub fn has_read(&self, bytes: usize) {
        self.unread.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn send(&self, core: &Core, text: String) {
        let unread = self.unread.fetch_add(text.len(), Ordering::Relaxed) + text.len();
        let message = if unread > limits::UNREAD_BYTES_MAX {
            ToClient::End("too much waits to be read")
        } else {
            ToClient::Text(text)
        };
        // Nobody there any more: `detach` is on its way.
        let _ = core.out.send(message);
    }

    fn fail(&self, core: &Core, id: i64, message: &str) {
        let error = json!({ "id": id, "error": { "code": -32000, "message": message } });
        self.send(core, error.to_string());
    }

    fn notify(&self, core: &Core, method: &str) {
        self.send(core, json!({ "method": method, "params": {} }).to_string());
    }
}

impl Core {
    /// Keeps what later isolates have to be told.
    fn remember(&mut self, method: &str, params: &Value) {
        let name = match method {
            "Debugger.setBreakpointByUrl" => breakpoint(params),
            "Debugger.setInstrumentationBreakpoint" => instrumentation(params),
            "Debugger.removeBreakpoint" => {
                let id = params["breakpointId"].as_str().unwrap_or_default();
                self.memory.retain(|(name, ..)| name != id);
                return;
            }
            "Runtime.addBinding" => format!("binding:{}", params["name"]),
            _ if SETTINGS.contains(&method) => method.to_owned(),
            _ => {
                if let Some(domain) = method.strip_suffix("disable") {
                    self.memory.retain(|(_, method, _)| !method.starts_with(domain));
                }
                return;
            }
        };
        let params = if params.is_null() { json!({}) } else { params.clone() };
        match self.memory.iter().position(|(known, ..)| *known == name) {
            Some(at) => self.memory[at].2 = params,
            None if self.memory.len() < limits::COMMANDS_MAX => {
                self.memory.push((name, method.to_owned(), params));
            }
            // Later isolates do without it.
            None => {}
        }
    }
}

/// The name V8 gives to a breakpoint: made of what it is set by, so it is the same in every isolate.
fn breakpoint(params: &Value) -> String {
    let by = ["url", "urlRegex", "scriptHash"];
    let found = by.iter().zip(1..).find_map(|(by, kind)| Some((kind, params[by].as_str()?)));
    let (kind, selector) = found.unwrap_or((1, ""));
    let line = params["lineNumber"].as_i64().unwrap_or_default();
    let column = params["columnNumber"].as_i64().unwrap_or_default();
    format!("{kind}:{line}:{column}:{selector}")
}

/// The name V8 gives to an instrumentation breakpoint.
fn instrumentation(params: &Value) -> String {
    format!("8:{}", params["instrumentation"].as_str().unwrap_or_default())
}

/// The number of the command that this text of V8 answers. V8 writes it first.
fn number_of_answer(text: &str) -> Option<i64> {
    let rest = text.strip_prefix("{\"id\":")?;
    rest[..rest.find([',', '}'])?].trim().parse().ok()
}

/// The method of a notification of V8. V8 writes it first.
fn method_of(text: &str) -> &str {
    let rest = text.strip_prefix("{\"method\":\"").unwrap_or_default();
    &rest[..rest.find('"').unwrap_or(0)]
}
