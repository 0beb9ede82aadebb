//! Many V8 isolates on one thread, safely: the enter/exit discipline.
//!
//! V8 keeps one "current isolate" per thread, and `deno_core` was written for one isolate per thread.
//! Several can share one if each is current exactly while it is touched: `Isolated` exits its isolate
//! right after creation, `enter` makes it current until the guard is dropped, and dropping it enters
//! first, because tearing down runs V8 code. The runtime is reachable only through the guard, so the
//! compiler keeps everybody to this. The guard lives inside one synchronous stretch or one poll, never
//! across an await: `Entered` is not `Send` and every caller in this folder is synchronous.
//!
//! One of two files with `unsafe` (the other is `buffers.rs`). It never moves an isolate to another thread.

#![allow(unsafe_code)]

use std::cell::Cell;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use deno_core::error::CoreError;
use deno_core::{JsRuntime, RuntimeOptions, v8};

use crate::limits;

/// A runtime that is current only inside `enter`.
pub struct Isolated {
    runtime: ManuallyDrop<JsRuntime>,
    /// Isolates stay on the thread that made them.
    not_send: PhantomData<*const ()>,
}

/// Proof that the isolate is current on this thread.
pub struct Entered<'a> {
    runtime: &'a mut JsRuntime,
}

thread_local! {
    /// How many isolates are entered on this thread; zero between turns.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Isolates of the process.
static LIVE: AtomicUsize = AtomicUsize::new(0);

/// Isolates that are gone and whose memory the allocator may still hold.
static GONE: AtomicUsize = AtomicUsize::new(0);

/// Memory mappings one isolate may take: 9 to 14 were seen, more with a large heap.
const MAPPINGS_EACH: usize = 20;

/// Mappings the rest of the process needs.
const MAPPINGS_ELSE: usize = 4_000;

/// How many isolates the process may have: past the kernel's limit of mappings V8 would abort it.
pub fn live_max() -> usize {
    static MAX: OnceLock<usize> = OnceLock::new();
    *MAX.get_or_init(|| {
        let mappings = std::fs::read_to_string("/proc/sys/vm/max_map_count")
            .ok()
            .and_then(|text| text.trim().parse::<usize>().ok());
        mappings.map_or(usize::MAX, |count| count.saturating_sub(MAPPINGS_ELSE) / MAPPINGS_EACH)
    })
}

/// How many isolates the process has.
pub fn live() -> usize {
    LIVE.load(Ordering::Relaxed)
}

/// Whether one more isolate may be made.
pub fn has_room_for_another() -> bool {
    LIVE.load(Ordering::Relaxed) < live_max()
}

/// Whether there is enough room to keep isolates that nobody needs yet.
pub fn has_room_for_spares() -> bool {
    LIVE.load(Ordering::Relaxed) < live_max() / 10 * 9
}

/// Gives the kernel what the allocator holds of many isolates that are gone: by itself it keeps freed memory
/// in the middle of its arenas. On a thread of its own, as it takes some milliseconds. Nothing happens while
/// few are gone: their memory is soon used again.
pub fn give_back_memory() {
    if GONE.load(Ordering::Relaxed) < limits::GIVE_BACK_ISOLATES_MIN {
        return;
    }
    GONE.store(0, Ordering::Relaxed);
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: it takes no pointers and may be called from any thread at any time.
        let trim = || unsafe { libc::malloc_trim(0) };
        // Without the thread the memory stays where it is.
        let _ = std::thread::Builder::new().name("memory".to_owned()).spawn(trim);
    }
}

/// Whether no isolate is current on this thread: true whenever the shard's loop is in control.
pub fn nobody_entered() -> bool {
    DEPTH.get() == 0
}

impl Isolated {
    /// Makes an isolate. Must be called inside the tokio runtime that will poll it.
    pub fn new(options: RuntimeOptions) -> Result<Self, CoreError> {
        let mut runtime = JsRuntime::try_new(options)?;
        LIVE.fetch_add(1, Ordering::Relaxed);
        // SAFETY: creation entered the isolate on this thread (rusty_v8's `OwnedIsolate::new`), and
        // nothing of it is on the stack any more; this exit matches that enter.
        unsafe { runtime.v8_isolate().exit() };
        Ok(Self { runtime: ManuallyDrop::new(runtime), not_send: PhantomData })
    }

    /// Makes the isolate current until the guard is dropped.
    pub fn enter(&mut self) -> Entered<'_> {
        // SAFETY: the isolate was made on this thread and cannot leave it (`not_send`); the guard
        // borrows `self` mutably, so it cannot be entered twice, and its drop is the matching exit.
        // Guards are stack values, so isolates are exited in reverse order of being entered.
        unsafe { self.runtime.v8_isolate().enter() };
        DEPTH.set(DEPTH.get() + 1);
        Entered { runtime: &mut self.runtime }
    }
}

/// The context of an isolate, for code that V8 calls and that has no scope of its own.
pub struct MainContext {
    isolate: v8::UnsafeRawIsolatePtr,
    context: v8::Global<v8::Context>,
}

impl MainContext {
    pub fn of(entered: &mut Entered<'_>) -> Self {
        let context = entered.runtime.main_context();
        // SAFETY: the pointer is used in `local` only, which says when that may be called.
        let isolate = unsafe { entered.runtime.v8_isolate().as_raw_isolate_ptr() };
        Self { isolate, context }
    }

    /// A handle in the scope that is open. For callbacks of V8's inspector alone: V8 has a handle scope
    /// open around each, takes the handle at once, and calls none after the inspector has gone, which
    /// is before the isolate goes.
    pub fn local<'a>(&self) -> v8::Local<'a, v8::Context> {
        // SAFETY: the isolate is alive and current, because V8 is just calling us from it.
        let mut isolate = unsafe { v8::Isolate::from_raw_isolate_ptr(self.isolate) };
        let isolate = &mut isolate;
        v8::callback_scope!(unsafe scope, isolate);
        let local = v8::Local::new(scope, &self.context);
        // SAFETY: the handle lives in V8's own scope, not in one of ours.
        unsafe { local.extend_lifetime_unchecked() }
    }
}

impl Drop for Isolated {
    fn drop(&mut self) {
        // SAFETY: same thread as above; nobody holds a guard, as that would borrow `self`. The
        // runtime's own drop exits the isolate once before it disposes of it, which matches this
        // enter. `runtime` is not used again.
        unsafe {
            self.runtime.v8_isolate().enter();
            ManuallyDrop::drop(&mut self.runtime);
        }
        LIVE.fetch_sub(1, Ordering::Relaxed);
        GONE.fetch_add(1, Ordering::Relaxed);
    }
}

impl Deref for Entered<'_> {
    type Target = JsRuntime;

    fn deref(&self) -> &JsRuntime {
        self.runtime
    }
}

impl DerefMut for Entered<'_> {
    fn deref_mut(&mut self) -> &mut JsRuntime {
        self.runtime
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
        // SAFETY: matches the enter in `Isolated::enter`, on the same thread.
        unsafe { self.runtime.v8_isolate().exit() };
    }
}
