//! Stops turns that run too long. One thread watches all shards.
//!
//! A shard arms its slot with the handle of the isolate it is about to enter and disarms it afterwards;
//! that costs two uncontended locks per visit. The watchdog looks at every slot some times per second
//! and terminates the isolate whose turn is past its deadline. It reads the slot under the lock, so that
//! it can never hit the next isolate. While no shard is busy the thread sleeps without waking up.
//!
//! What happens to the room then is the shard's affair: it breaks, alone.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use deno_core::v8;

/// How often busy shards are looked at; the precision of deadlines.
const PERIOD: Duration = Duration::from_millis(20);

#[derive(Default)]
struct Slot {
    armed: Option<Armed>,
}

struct Armed {
    isolate: v8::IsolateHandle,
    /// None while a debugger holds the turn.
    deadline: Option<Instant>,
    fired: bool,
}

struct Shared {
    slots: Vec<Mutex<Slot>>,
    /// Number of armed slots, guarded for the condition variable.
    busy: Mutex<Busy>,
    wake: Condvar,
}

#[derive(Default)]
struct Busy {
    /// Set when a slot was armed since the watchdog last looked.
    seen: bool,
    stop: bool,
}

/// Owns the watching thread; it ends when this is dropped.
pub struct Watchdog {
    shared: Arc<Shared>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// One shard's view of the watchdog.
#[derive(Clone)]
pub struct Watch {
    shared: Arc<Shared>,
    index: usize,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The guarded data is plain and valid at every step, so a panic elsewhere does not spoil it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watchdog {
    pub fn start(shards: usize) -> std::io::Result<Self> {
        let slots = (0..shards).map(|_| Mutex::new(Slot::default())).collect();
        let shared = Arc::new(Shared { slots, busy: Mutex::default(), wake: Condvar::new() });
        let watched = shared.clone();
        let thread =
            std::thread::Builder::new().name("watchdog".into()).spawn(move || watch(&watched))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    pub fn watch(&self, index: usize) -> Watch {
        Watch { shared: self.shared.clone(), index }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        lock(&self.shared.busy).stop = true;
        self.shared.wake.notify_all();
        if let Some(thread) = self.thread.take() {
            // A watchdog that panicked has nothing left to stop.
            let _ = thread.join();
        }
    }
}

fn watch(shared: &Shared) {
    loop {
        {
            let mut busy = lock(&shared.busy);
            while !busy.seen && !busy.stop {
                busy = shared.wake.wait(busy).unwrap_or_else(PoisonError::into_inner);
            }
            if busy.stop {
                return;
            }
            busy.seen = false;
        }
        // Look at busy shards until none is armed at two looks in a row.
        loop {
            std::thread::sleep(PERIOD);
            let now = Instant::now();
            let mut any = false;
            for slot in &shared.slots {
                let mut slot = lock(slot);
                let Some(armed) = &mut slot.armed else { continue };
                any = true;
                if armed.deadline.is_some_and(|deadline| now >= deadline) && !armed.fired {
                    armed.fired = true;
                    armed.isolate.terminate_execution();
                }
            }
            let busy = lock(&shared.busy);
            if busy.stop {
                return;
            }
            if !any && !busy.seen {
                break;
            }
            drop(busy);
            lock(&shared.busy).seen = any;
        }
    }
}

impl Watch {
    /// The isolate runs from now on; it is terminated after `limit`.
    pub fn arm(&self, isolate: v8::IsolateHandle, limit: Duration) {
        let deadline = Instant::now() + limit;
        lock(&self.shared.slots[self.index]).armed =
            Some(Armed { isolate, deadline: Some(deadline), fired: false });
        let mut busy = lock(&self.shared.busy);
        if !busy.seen {
            busy.seen = true;
            self.shared.wake.notify_one();
        }
    }

    /// A new turn of the same isolate begins: its time starts anew.
    pub fn rearm(&self, limit: Duration) {
        if let Some(armed) = &mut lock(&self.shared.slots[self.index]).armed {
            armed.deadline = Some(Instant::now() + limit);
        }
    }

    /// The turn stands still in a debugger: its time does not count until `rearm`.
    pub fn suspend(&self) {
        if let Some(armed) = &mut lock(&self.shared.slots[self.index]).armed {
            armed.deadline = None;
        }
    }

    /// The isolate runs no more. Gives whether it was terminated.
    pub fn disarm(&self) -> bool {
        lock(&self.shared.slots[self.index]).armed.take().is_some_and(|armed| armed.fired)
    }
}
