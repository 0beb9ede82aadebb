//! One isolate with one party's program in it, and the calls that reach it.
//!
//! Life: `create` boots an isolate from the snapshot and starts to evaluate the party's module;
//! `poll` drives the isolate's event loop until the seat says that the module is loaded; `start` tells
//! it which room it is; `turn` delivers one event and drains the microtasks (one event per turn,
//! GATE-30). A turn that is terminated (deadline, heap) leaves the instance unusable: drop it.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use deno_core::{JsRuntime, PollEventLoopOptions, RuntimeOptions, v8};

use super::buffers::Buffers;
use super::inspect::{Inspector, Probe};
use super::isolate::{self, Entered, Isolated};
use super::live::Live;
use super::loader::{Loader, PartySource};
use super::watchdog::Watch;
use super::{EngineError, snapshot, turn};
use crate::room::RequestId;
use crate::room::event::Event;
use crate::room::survey::Heap;

/// How many polls the evaluation of a module without top-level await may take.
const LOAD_POLLS: usize = 64;

/// Takes the lines of one isolate: level (`op_log`) and text.
pub type Log = Rc<dyn Fn(u8, &str)>;

/// What the ops of an isolate find in its op state: the room it sits in, once it has one.
#[derive(Default)]
pub struct Seat {
    live: RefCell<Weak<Live>>,
    /// The outcome of evaluating the party's module: its shape as JSON, or what went wrong.
    pub loaded: RefCell<Option<Result<String, String>>>,
    /// Makes the platform's keys this isolate's own for the thread (js/globals.js, `claimKeys`).
    pub claim_keys: RefCell<Option<v8::Global<v8::Function>>>,
    /// Party and log of an isolate that has no room yet.
    pub log: RefCell<Option<Log>>,
}

impl Seat {
    /// The room of this isolate; none while its module is evaluated.
    pub fn live(&self) -> Option<Rc<Live>> {
        self.live.borrow().upgrade()
    }
}

thread_local! {
    /// The seat of the isolate to which the platform's keys belong now on this thread.
    static KEY_OWNER: Cell<*const Seat> = const { Cell::new(std::ptr::null()) };
}

pub struct Instance {
    dispatch: v8::Global<v8::Function>,
    seat: Rc<Seat>,
    heap_exhausted: Rc<Cell<bool>>,
    buffers: Arc<Buffers>,
    handle: v8::IsolateHandle,
    /// Only with `--inspect`.
    inspector: Option<Inspector>,
    isolate: Isolated,
}

/// How a turn ended.
pub enum TurnEnd {
    Done,
    /// V8 was told to stop: deadline or heap limit.
    Terminated,
}

impl Instance {
    /// Boots an isolate and begins to evaluate the party's module.
    pub fn create(
        source: &Arc<PartySource>,
        heap_limit_bytes: usize,
        log: Log,
        probe: Option<Probe>,
    ) -> Result<Self, EngineError> {
        if !isolate::has_room_for_another() {
            return Err(EngineError::TooManyRooms(isolate::live_max()));
        }
        let buffers = Buffers::new(heap_limit_bytes);
        let mut isolate = Isolated::new(RuntimeOptions {
            module_loader: Some(Rc::new(Loader::new(source.clone()))),
            create_params: Some(
                v8::CreateParams::default()
                    .heap_limits(0, heap_limit_bytes)
                    .array_buffer_allocator(buffers.allocator()),
            ),
            ..snapshot::runtime_options()
        })
        .map_err(|error| EngineError::Boot(error.to_string()))?;
        let seat = Rc::new(Seat::default());
        *seat.log.borrow_mut() = Some(log.clone());
        let heap_exhausted = Rc::new(Cell::new(false));
        let mut runtime = isolate.enter();
        runtime.op_state().borrow_mut().put(seat.clone());
        let handle = runtime.v8_isolate().thread_safe_handle();
        guard_heap(&mut runtime, heap_exhausted.clone());
        let inspector = probe.map(|probe| Inspector::new(&mut runtime, probe, log));
        if let Some(inspector) = &inspector {
            let renew = || guard_heap(&mut runtime, heap_exhausted.clone());
            inspector.wait_on_start(source.specifier().as_str(), renew);
        }
        let dispatch = match boot(&mut runtime, source, inspector.is_some()) {
            Ok(dispatch) => dispatch,
            Err(error) => {
                if let Some(inspector) = inspector {
                    inspector.close(&mut runtime);
                }
                return Err(error);
            }
        };
        drop(runtime);
        Ok(Self { dispatch, seat, heap_exhausted, buffers, handle, inspector, isolate })
    }

    pub fn inspector(&self) -> Option<&Inspector> {
        self.inspector.as_ref()
    }

    pub fn handle(&self) -> v8::IsolateHandle {
        self.handle.clone()
    }

    /// Whether it wanted more memory than it may have: of V8's heap or in buffers.
    pub fn memory_exhausted(&self) -> bool {
        self.heap_exhausted.get() || self.buffers.is_exhausted()
    }

    /// What the isolate holds of memory.
    pub fn heap(&mut self) -> Heap {
        let buffers = self.buffers.used();
        let statistics = self.isolate.enter().v8_isolate().get_heap_statistics();
        let (used, total) = (statistics.used_heap_size(), statistics.total_heap_size());
        Heap { used, total, buffers }
    }

    /// A turn that ran out of memory leaves the isolate unusable, like one that was cut off.
    fn judged(&self, end: TurnEnd) -> TurnEnd {
        if self.memory_exhausted() { TurnEnd::Terminated } else { end }
    }

    /// Polls the isolate's event loop: platform ops, module evaluation, V8's own tasks.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> TurnEnd {
        let mut runtime = self.isolate.enter();
        let _inside = self.inspector.as_ref().map(Inspector::inside);
        claim_keys(&mut runtime, &self.seat);
        if let Some(inspector) = &self.inspector {
            inspector.wake_with(cx.waker());
            inspector.attend(|| guard_heap(&mut runtime, self.heap_exhausted.clone()));
        }
        let end = poll_loop(&mut runtime, cx);
        drop(runtime);
        self.judged(end)
    }

    /// The outcome of the module's evaluation, once it is there. Polls as long as that helps.
    pub fn poll_load(&mut self, cx: &mut Context<'_>) -> Poll<Result<String, EngineError>> {
        if matches!(self.preload(cx), TurnEnd::Terminated) {
            return Poll::Ready(Err(EngineError::Terminated));
        }
        match self.seat.loaded.borrow_mut().take() {
            Some(outcome) => Poll::Ready(outcome.map_err(EngineError::Party)),
            None => Poll::Pending,
        }
    }

    /// Polls until the module's evaluation has an outcome (`is_loaded`), which stays for
    /// `poll_load`, or as long as that helps.
    pub fn preload(&mut self, cx: &mut Context<'_>) -> TurnEnd {
        for _ in 0..LOAD_POLLS {
            if self.is_loaded() {
                break;
            }
            if matches!(self.poll(cx), TurnEnd::Terminated) {
                return TurnEnd::Terminated;
            }
        }
        TurnEnd::Done
    }

    /// Whether the module's evaluation has an outcome that nobody has taken.
    pub fn is_loaded(&self) -> bool {
        self.seat.loaded.borrow().is_some()
    }

    /// Where its lines go from now on.
    pub fn log_to(&self, log: Log) {
        *self.seat.log.borrow_mut() = Some(log);
    }

    /// Gives the isolate its room and starts it.
    pub fn start(&mut self, live: &Rc<Live>) -> TurnEnd {
        *self.seat.live.borrow_mut() = Rc::downgrade(live);
        let info = live.start_info();
        let mut runtime = self.isolate.enter();
        let _inside = self.inspector.as_ref().map(Inspector::inside);
        call(&mut runtime, &self.dispatch, |scope| {
            let mut args = turn::Args::new();
            args.push(v8::Integer::new(scope, turn::START).into());
            args.push(turn::text(scope, &info));
            Some((args, None))
        })
        .0
    }

    /// Delivers one event. Gives the request it opened, if any.
    pub fn turn(&mut self, live: &Rc<Live>, event: Event) -> (TurnEnd, Option<RequestId>) {
        let mut runtime = self.isolate.enter();
        let _inside = self.inspector.as_ref().map(Inspector::inside);
        claim_keys(&mut runtime, &self.seat);
        let (end, opened) =
            call(&mut runtime, &self.dispatch, |scope| turn::arguments(scope, live, event));
        drop(runtime);
        (self.judged(end), opened)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if KEY_OWNER.get() == Rc::as_ptr(&self.seat) {
            KEY_OWNER.set(std::ptr::null());
        }
        if let Some(inspector) = self.inspector.take() {
            inspector.close(&mut self.isolate.enter());
        }
    }
}

/// deno_crypto keeps the symbols of keys per thread, for one isolate; before another one that uses
/// keys runs, it has to register its own.
fn claim_keys(runtime: &mut Entered<'_>, seat: &Rc<Seat>) {
    if seat.claim_keys.borrow().is_none() || KEY_OWNER.get() == Rc::as_ptr(seat) {
        return;
    }
    let runtime: &mut JsRuntime = runtime;
    deno_core::scope!(scope, runtime);
    let claim = seat.claim_keys.borrow();
    let Some(claim) = claim.as_ref().map(|claim| v8::Local::new(scope, claim)) else { return };
    let undefined = v8::undefined(scope).into();
    if claim.call(scope, undefined, &[]).is_some() {
        KEY_OWNER.set(Rc::as_ptr(seat));
    }
}

/// The isolate registers its keys for the first time.
pub fn keys_claimed(seat: &Rc<Seat>, claim: v8::Global<v8::Function>) {
    *seat.claim_keys.borrow_mut() = Some(claim);
    KEY_OWNER.set(Rc::as_ptr(seat));
}

fn poll_loop(runtime: &mut Entered<'_>, cx: &mut Context<'_>) -> TurnEnd {
    let outcome = runtime.poll_event_loop(cx, PollEventLoopOptions::default());
    if runtime.v8_isolate().is_execution_terminating() {
        return TurnEnd::Terminated;
    }
    if let Poll::Ready(Err(error)) = outcome {
        // Party errors are caught and logged in JavaScript; what comes here is a fault of the host.
        let state = runtime.op_state();
        let seat = state.borrow().borrow::<Rc<Seat>>().clone();
        if let Some(log) = &*seat.log.borrow() {
            log(3, &format!("event loop: {error}"));
        }
    }
    TurnEnd::Done
}

/// Calls `dispatch` and drains the microtasks.
fn call(
    runtime: &mut Entered<'_>,
    dispatch: &v8::Global<v8::Function>,
    arguments: impl for<'s, 'i> FnOnce(
        &mut v8::PinScope<'s, 'i>,
    ) -> Option<(turn::Args<'s>, Option<RequestId>)>,
) -> (TurnEnd, Option<RequestId>) {
    let runtime: &mut JsRuntime = runtime;
    deno_core::scope!(scope, runtime);
    v8::tc_scope!(let scope, scope);
    let Some((args, opened)) = arguments(scope) else { return (TurnEnd::Done, None) };
    let dispatch = v8::Local::new(scope, dispatch);
    let undefined = v8::undefined(scope).into();
    let returned = dispatch.call(scope, undefined, &args);
    if returned.is_some() {
        scope.perform_microtask_checkpoint();
    }
    let end = if scope.has_terminated() || scope.is_execution_terminating() {
        TurnEnd::Terminated
    } else {
        TurnEnd::Done
    };
    (end, opened)
}

/// Stops an isolate that is about to exceed its heap limit, instead of the process.
fn guard_heap(runtime: &mut Entered<'_>, exhausted: Rc<Cell<bool>>) {
    let handle = runtime.v8_isolate().thread_safe_handle();
    runtime.add_near_heap_limit_callback(move |current, _initial| {
        exhausted.set(true);
        handle.terminate_execution();
        // Room enough to get to the next point where V8 looks at the termination.
        current.saturating_mul(2)
    });
}

/// Runs js/main.js' `boot` and begins to import the party; gives `dispatch`.
fn boot(
    runtime: &mut Entered<'_>,
    source: &Arc<PartySource>,
    inspected: bool,
) -> Result<v8::Global<v8::Function>, EngineError> {
    let runtime: &mut JsRuntime = runtime;
    let broken = || EngineError::Boot("the snapshot does not belong to this program".to_owned());
    deno_core::scope!(scope, runtime);
    v8::tc_scope!(let scope, scope);
    let context = scope.get_current_context();
    context.set_allow_generation_from_strings(false);
    let global = context.global(scope);
    let key = turn::text(scope, "__houseparty");
    let door = global.get(scope, key).and_then(|door| door.to_object(scope)).ok_or_else(broken)?;
    global.delete(scope, key);
    let mut functions = ["boot", "load", "dispatch"].into_iter().map(|name| {
        let key = turn::text(scope, name);
        let function = door.get(scope, key).ok_or_else(broken)?;
        v8::Local::<v8::Function>::try_from(function).map_err(|_| broken())
    });
    let (Some(boot), Some(load), Some(dispatch)) =
        (functions.next(), functions.next(), functions.next())
    else {
        return Err(broken());
    };
    drop(functions);
    let (boot, load, dispatch) = (boot?, load?, dispatch?);
    let undefined = v8::undefined(scope).into();
    let specifier = turn::text(scope, source.specifier().as_str());
    let inspected = v8::Boolean::new(scope, inspected).into();
    let called = boot
        .call(scope, undefined, &[inspected])
        .and_then(|_| load.call(scope, undefined, &[specifier]));
    if called.is_none() {
        let message = match scope.exception() {
            Some(exception) => exception.to_rust_string_lossy(scope),
            None => "terminated".to_owned(),
        };
        return Err(EngineError::Boot(message));
    }
    scope.perform_microtask_checkpoint();
    Ok(v8::Global::new(scope, dispatch))
}

/// Evaluates a party's module without a room and gives its shape as JSON (load-time validation).
pub async fn shape_of(
    source: &Arc<PartySource>,
    heap_limit_bytes: usize,
    watch: &Watch,
    limit: Duration,
    log: Log,
) -> Result<String, EngineError> {
    let mut instance = Instance::create(source, heap_limit_bytes, log, None)?;
    let loaded = std::future::poll_fn(|cx| {
        watch.arm(instance.handle(), limit);
        let outcome = instance.poll_load(cx);
        watch.disarm();
        outcome
    });
    match tokio::time::timeout(limit, loaded).await {
        Ok(outcome) => outcome,
        Err(_) => Err(EngineError::Terminated),
    }
}
