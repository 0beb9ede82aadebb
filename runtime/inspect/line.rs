//! What debuggers tell one isolate: the one place where their threads and the isolate's meet.
//!
//! The isolate takes orders between turns, woken like by any other event; while it is paused it waits
//! for them here, and its thread with it. While it runs, `interrupt` makes V8 look.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::Waker;

use super::{limits, lock};
use crate::name::RoomKey;

/// Takes what V8 says to one session: the number of the line, and the text.
pub type Say = Arc<dyn Fn(u64, String) + Send + Sync>;

pub enum Order {
    Open {
        session: u64,
        say: Say,
    },
    /// A command of the protocol.
    Command {
        session: u64,
        text: String,
    },
    Close {
        session: u64,
    },
}

pub struct Line {
    pub number: u64,
    pub key: RoomKey,
    epoch: u64,
    now: Arc<AtomicU64>,
    waiting: AtomicBool,
    state: Mutex<State>,
    bell: Condvar,
    interrupt: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct State {
    orders: VecDeque<Order>,
    waker: Option<Waker>,
}

impl Line {
    pub fn new(
        number: u64,
        key: RoomKey,
        epoch: u64,
        now: Arc<AtomicU64>,
        interrupt: Box<dyn Fn() + Send + Sync>,
    ) -> Self {
        let (waiting, state, bell) = (AtomicBool::new(false), Mutex::default(), Condvar::new());
        Self { number, key, epoch, now, waiting, state, bell, interrupt }
    }

    /// Gives an order; false if too many wait already.
    pub fn push(&self, order: Order) -> bool {
        let waker = {
            let mut state = lock(&self.state);
            let is_command = matches!(order, Order::Command { .. });
            if is_command && state.orders.len() >= limits::ORDERS_MAX {
                return false;
            }
            state.orders.push_back(order);
            state.waker.clone()
        };
        self.bell.notify_all();
        (self.interrupt)();
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// The next order, if there is one.
    pub fn take(&self) -> Option<Order> {
        lock(&self.state).orders.pop_front()
    }

    /// The next order, if there is one and it is of this kind.
    pub fn take_if(&self, is_wanted: impl FnOnce(&Order) -> bool) -> Option<Order> {
        let mut state = lock(&self.state);
        state.orders.front().is_some_and(is_wanted).then(|| state.orders.pop_front())?
    }

    /// The next order, waited for; nothing if the isolate must not stand still any longer.
    pub fn wait(&self) -> Option<Order> {
        let mut state = lock(&self.state);
        loop {
            if !self.may_pause() {
                return None;
            }
            if let Some(order) = state.orders.pop_front() {
                return Some(order);
            }
            state = self.bell.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether the isolate may stand still: not while the host stops or replaces its program.
    pub fn may_pause(&self) -> bool {
        self.epoch == self.now.load(Ordering::Acquire)
    }

    /// Whether the isolate waits for a debugger to let it begin.
    pub fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Acquire)
    }

    pub fn set_waiting(&self, waiting: bool) {
        self.waiting.store(waiting, Ordering::Release);
    }

    /// Whom to wake for an order from now on.
    pub fn wake_with(&self, waker: &Waker) {
        let mut state = lock(&self.state);
        if !state.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            state.waker = Some(waker.clone());
        }
    }

    /// Lets `wait` look whether it may still wait.
    pub fn ring(&self) {
        // Whoever is between its look and its sleep holds the lock.
        drop(lock(&self.state));
        self.bell.notify_all();
    }
}
