//! V8's inspector for one isolate: sessions of debuggers, pauses, the wait for a debugger.
//!
//! Made with the isolate if the host runs with `--inspect`, before anything of the party is compiled,
//! because V8 tells debuggers only of scripts that were compiled under its eyes. Orders come through the
//! isolate's `Line` (`inspect/line.rs`): `attend` obeys them between turns; an interrupt, while
//! JavaScript runs; the pause itself, while it does not. What V8 says goes straight to the session.
//!
//! A pause blocks the thread of the shard: JavaScript is in the middle of a statement. The watchdog does
//! not count that time, and a pause ends when no debugger is left, the program is replaced or the host
//! stops. Sessions, the context and the inspector are torn down in this order, inside the isolate,
//! before it is (`close`). Without `--inspect` nothing of this exists.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use deno_core::{JsRuntime, v8};
use v8::inspector::{
    Channel, ChannelImpl, StringBuffer, StringView, V8Inspector, V8InspectorClient,
    V8InspectorClientImpl, V8InspectorClientTrustLevel, V8InspectorSession,
};

use super::instance::Log;
use super::isolate::{Entered, MainContext};
use super::live::{Live, Stage};
use super::shard::Shard;
use super::watchdog::Watch;
use crate::inspect::{HOST_ID, Line, OnStart, Order, Registry, Say};
use crate::name::RoomKey;

/// Every isolate has one context, and so one group of contexts.
const GROUP: i32 = 1;

/// A shard's connection to the debugger's side of the host.
pub struct Debugging {
    registry: Arc<Registry>,
    /// Moves with the program: see `Registry::release`.
    epoch: Cell<u64>,
}

impl Debugging {
    pub fn new(registry: Arc<Registry>) -> Self {
        let epoch = Cell::new(registry.epoch());
        Self { registry, epoch }
    }

    /// The shard has the new program.
    pub fn reloaded(&self) {
        self.epoch.set(self.registry.epoch());
    }
}

/// What an isolate that can be debugged is made with.
pub struct Probe {
    registry: Arc<Registry>,
    epoch: u64,
    key: RoomKey,
    watch: Watch,
    turn_deadline: Duration,
}

impl Shard {
    pub fn probe(&self, key: &RoomKey) -> Option<Probe> {
        let debugging = self.debugging.as_ref()?;
        Some(Probe {
            registry: debugging.registry.clone(),
            epoch: debugging.epoch.get(),
            key: key.clone(),
            watch: self.watch.clone(),
            turn_deadline: self.settings().turn_deadline,
        })
    }

    /// Gives back the time for which a debugger held this visit up: deadlines of sections count
    /// without it, for every room of the thread.
    pub fn after_pause(&self, stage: &Stage) {
        let (Stage::Loading(instance) | Stage::Running(instance)) = stage else { return };
        let lost = instance.inspector().map_or(Duration::ZERO, Inspector::take_lost);
        if !lost.is_zero() {
            self.postpone_sections(lost);
        }
    }
}

impl Live {
    /// Whether a debugger is attached. Not for the room that is being visited.
    pub fn is_debugged(&self) -> bool {
        self.stage.try_borrow().is_ok_and(|stage| match &*stage {
            Stage::Loading(instance) | Stage::Running(instance) => {
                instance.inspector().is_some_and(Inspector::is_attached)
            }
            Stage::Absent => false,
        })
    }
}

/// The inspector of one isolate.
pub struct Inspector {
    inner: Rc<Inner>,
}

struct Inner {
    line: Arc<Line>,
    registry: Arc<Registry>,
    watch: Watch,
    turn_deadline: Duration,
    log: Log,
    context: MainContext,
    v8: RefCell<Option<Rc<V8Inspector>>>,
    /// In an `Rc` because a session may be closed by what it itself has set going.
    sessions: RefCell<BTreeMap<u64, Rc<V8InspectorSession>>>,
    /// The thread stands still at a breakpoint.
    paused: Cell<bool>,
    /// A session has enabled the debugger since `attend` was last told.
    enabled: Cell<bool>,
    /// Time of pauses that nobody has taken account of.
    lost: Cell<Duration>,
    told: Cell<bool>,
}

thread_local! {
    /// The inspector of the isolate that is entered, for the interrupt.
    static ENTERED: RefCell<Option<Rc<Inner>>> = const { RefCell::new(None) };
}

/// While this lives, interrupts find the inspector.
pub struct Inside;

impl Drop for Inside {
    fn drop(&mut self) {
        let _ = ENTERED.try_with(|entered| entered.take());
    }
}

/// Called by V8 in the middle of JavaScript, because there are orders.
extern "C" fn interrupted(_isolate: v8::UnsafeRawIsolatePtr, _data: *mut c_void) {
    let entered =
        ENTERED.try_with(|entered| entered.try_borrow().ok().and_then(|inner| inner.clone()));
    let Ok(Some(inner)) = entered else { return };
    // Whoever enables the debugger does so between turns: see `attend`.
    while let Some(order) = inner.line.take_if(|order| !enables_debugger(order)) {
        inner.obey(order);
    }
}

fn enables_debugger(order: &Order) -> bool {
    matches!(order, Order::Command { text, .. } if text.contains("\"Debugger.enable\""))
}

impl Inspector {
    pub fn new(runtime: &mut Entered<'_>, probe: Probe, log: Log) -> Self {
        let context = MainContext::of(runtime);
        let runtime: &mut JsRuntime = runtime;
        let handle = runtime.v8_isolate().thread_safe_handle();
        let title = probe.key.to_string();
        let interrupt = move || {
            // An isolate that is gone needs none.
            let _ = handle.request_interrupt(interrupted, std::ptr::null_mut());
        };
        let line = probe.registry.register(probe.key, probe.epoch, Box::new(interrupt));
        let inner = Rc::new(Inner {
            line,
            registry: probe.registry,
            watch: probe.watch,
            turn_deadline: probe.turn_deadline,
            log,
            context,
            v8: RefCell::default(),
            sessions: RefCell::default(),
            paused: Cell::new(false),
            enabled: Cell::new(false),
            lost: Cell::new(Duration::ZERO),
            told: Cell::new(false),
        });
        deno_core::scope!(scope, runtime);
        let client = V8InspectorClient::new(Box::new(Client(Rc::downgrade(&inner))));
        let v8 = V8Inspector::create(scope, client);
        let context = scope.get_current_context();
        v8.context_created(
            context,
            GROUP,
            StringView::from(title.as_bytes()),
            StringView::from(&br#"{"isDefault":true,"type":"default"}"#[..]),
        );
        *inner.v8.borrow_mut() = Some(Rc::new(v8));
        Self { inner }
    }

    /// Obeys what has been ordered. `renew` is called after a session has enabled V8's debugger, which
    /// puts itself before the host's guard of the heap.
    pub fn attend(&self, mut renew: impl FnMut()) {
        while let Some(order) = self.inner.line.take() {
            self.inner.obey(order);
            if self.inner.enabled.take() {
                renew();
            }
        }
    }

    /// Waits for a debugger, if the first room of a party is to do that, before its module is
    /// evaluated.
    pub fn wait_on_start(&self, script: &str, mut renew: impl FnMut()) {
        let inner = &self.inner;
        let on_start = inner.registry.start_of(&inner.line.key);
        if on_start == OnStart::Run {
            return self.attend(renew);
        }
        inner.line.set_waiting(true);
        self.attend(&mut renew);
        if inner.line.is_waiting() {
            let at = inner.registry.address();
            (inner.log)(1, &format!("waits for a debugger on http://{at}, and its thread with it"));
        }
        while inner.line.is_waiting() {
            let Some(order) = inner.line.wait() else { break };
            inner.obey(order);
            if inner.enabled.take() {
                renew();
            }
        }
        inner.line.set_waiting(false);
        if on_start == OnStart::Break {
            let command = serde_json::json!({
                "id": HOST_ID,
                "method": "Debugger.setBreakpointByUrl",
                "params": { "url": script, "lineNumber": 0, "columnNumber": 0 },
            });
            let sessions: Vec<_> = inner.sessions.borrow().keys().copied().collect();
            for session in sessions {
                inner.obey(Order::Command { session, text: command.to_string() });
            }
        }
    }

    /// Woken for orders from now on.
    pub fn wake_with(&self, waker: &Waker) {
        self.inner.line.wake_with(waker);
    }

    pub fn inside(&self) -> Inside {
        ENTERED.set(Some(self.inner.clone()));
        Inside
    }

    pub fn is_attached(&self) -> bool {
        !self.inner.sessions.borrow().is_empty()
    }

    /// How long the thread stood still since this was last asked.
    pub fn take_lost(&self) -> Duration {
        self.inner.lost.take()
    }

    /// Tears everything down, in the only order V8 bears. The isolate goes next.
    pub fn close(self, runtime: &mut Entered<'_>) {
        let runtime: &mut JsRuntime = runtime;
        self.inner.registry.unregister(&self.inner.line);
        // One that was cut off would not let V8 tidy up.
        runtime.v8_isolate().cancel_terminate_execution();
        let sessions = self.inner.sessions.take();
        drop(sessions);
        let Some(v8) = self.inner.v8.take() else { return };
        deno_core::scope!(scope, runtime);
        let context = scope.get_current_context();
        v8.context_destroyed(context);
        drop(v8);
    }
}

impl Inner {
    fn obey(&self, order: Order) {
        if enables_debugger(&order) {
            self.enabled.set(true);
        }
        match order {
            Order::Open { session, say } => {
                let Some(v8) = self.v8.borrow().clone() else { return };
                let mouth = Mouth { line: self.line.number, say };
                let opened = v8.connect(
                    GROUP,
                    Channel::new(Box::new(mouth)),
                    StringView::empty(),
                    V8InspectorClientTrustLevel::FullyTrusted,
                );
                self.sessions.borrow_mut().insert(session, Rc::new(opened));
            }
            Order::Command { session, text } => {
                let Some(session) = self.sessions.borrow().get(&session).cloned() else { return };
                session.dispatch_protocol_message(StringView::from(text.as_bytes()));
            }
            Order::Close { session } => {
                let closed = self.sessions.borrow_mut().remove(&session);
                drop(closed);
                if self.sessions.borrow().is_empty() {
                    self.paused.set(false);
                }
            }
        }
    }

    /// Stands still until a debugger lets JavaScript go on, or none is left.
    fn pause(&self) {
        if !self.line.may_pause() || self.sessions.borrow().is_empty() {
            return;
        }
        if !self.told.replace(true) {
            let text = "paused in the debugger; rooms on the same thread wait until it goes on";
            (self.log)(1, text);
        }
        let since = Instant::now();
        self.watch.suspend();
        self.paused.set(true);
        while self.paused.get() {
            let Some(order) = self.line.wait() else { break };
            self.obey(order);
        }
        self.paused.set(false);
        self.watch.rearm(self.turn_deadline);
        self.lost.set(self.lost.get() + since.elapsed());
    }
}

/// What V8 asks of us.
struct Client(Weak<Inner>);

impl V8InspectorClientImpl for Client {
    fn run_message_loop_on_pause(&self, _group: i32) {
        if let Some(inner) = self.0.upgrade() {
            inner.pause();
        }
    }

    fn quit_message_loop_on_pause(&self) {
        if let Some(inner) = self.0.upgrade() {
            inner.paused.set(false);
        }
    }

    fn run_if_waiting_for_debugger(&self, _group: i32) {
        if let Some(inner) = self.0.upgrade() {
            inner.line.set_waiting(false);
        }
    }

    fn ensure_default_context_in_group(&self, _group: i32) -> Option<v8::Local<'_, v8::Context>> {
        Some(self.0.upgrade()?.context.local())
    }
}

/// What V8 says in one session.
struct Mouth {
    line: u64,
    say: Say,
}

impl Mouth {
    fn say(&self, message: v8::UniquePtr<StringBuffer>) {
        if let Some(message) = message.as_ref() {
            (self.say)(self.line, message.string().to_string());
        }
    }
}

impl ChannelImpl for Mouth {
    fn send_response(&self, _call: i32, message: v8::UniquePtr<StringBuffer>) {
        self.say(message);
    }

    fn send_notification(&self, message: v8::UniquePtr<StringBuffer>) {
        self.say(message);
    }

    fn flush_protocol_notifications(&self) {}
}
