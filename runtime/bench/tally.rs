//! What is counted while a workload runs, and the clock it is counted by.
//!
//! One `Tally` for all clients of a measurement; they run on one thread and share it. Everything
//! that happens before the warm-up is over is checked but not counted. Nothing here waits or fails.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// Longest latency the histogram can hold, in nanoseconds; anything longer counts as this.
const LATENCY_MAX_NS: u64 = 120_000_000_000;

pub struct Tally {
    start: Instant,
    /// Counting starts here and ends there, after `start`.
    from: Cell<Duration>,
    until: Cell<Duration>,
    latency: RefCell<Histogram<u64>>,
    seconds: RefCell<Vec<u64>>,
    pub counted: Cell<u64>,
    /// Messages sent, and deliveries expected from them, from the first on.
    pub sent: Cell<u64>,
    pub expected: Cell<u64>,
    pub delivered: Cell<u64>,
    pub misplaced: Cell<u64>,
    /// Latest failure of a client, for the report.
    pub failure: RefCell<Option<String>>,
    pub failures: Cell<u64>,
}

impl Tally {
    pub fn new() -> Rc<Self> {
        Rc::new(Self {
            start: Instant::now(),
            from: Cell::new(Duration::MAX),
            until: Cell::new(Duration::MAX),
            latency: RefCell::new(
                Histogram::new_with_bounds(1, LATENCY_MAX_NS, 3).expect("the bounds are in order"),
            ),
            seconds: RefCell::default(),
            counted: Cell::new(0),
            sent: Cell::new(0),
            expected: Cell::new(0),
            delivered: Cell::new(0),
            misplaced: Cell::new(0),
            failure: RefCell::default(),
            failures: Cell::new(0),
        })
    }

    /// Nanoseconds since the clock started: what goes into a stamp.
    pub fn now(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    /// From `warm_up` from now on, for `duration`.
    pub fn count_after(&self, warm_up: Duration, duration: Duration) {
        let from = self.start.elapsed() + warm_up;
        self.from.set(from);
        self.until.set(from + duration);
    }

    /// Ends the counting now: for workloads that have an end of their own.
    pub fn stop(&self) {
        self.until.set(self.start.elapsed());
    }

    pub fn is_over(&self, now: u64) -> bool {
        Duration::from_nanos(now) >= self.until.get()
    }

    /// Time that was counted.
    pub fn counted_time(&self) -> Duration {
        self.until.get().saturating_sub(self.from.get())
    }

    /// A message arrived that was sent at `sent`.
    pub fn delivery(&self, sent: u64, now: u64) {
        add(&self.delivered);
        let at = Duration::from_nanos(now);
        let Some(second) = at.checked_sub(self.from.get()) else { return };
        if at >= self.until.get() {
            return;
        }
        add(&self.counted);
        self.latency.borrow_mut().saturating_record(now.saturating_sub(sent).max(1));
        let mut seconds = self.seconds.borrow_mut();
        let second = second.as_secs() as usize;
        if seconds.len() <= second {
            seconds.resize(second + 1, 0);
        }
        seconds[second] += 1;
    }

    pub fn misplaced(&self) {
        add(&self.misplaced);
    }

    pub fn fail(&self, what: String) {
        add(&self.failures);
        *self.failure.borrow_mut() = Some(what);
    }

    pub fn latency(&self) -> Histogram<u64> {
        self.latency.borrow().clone()
    }

    pub fn per_second(&self) -> Vec<u64> {
        self.seconds.borrow().clone()
    }
}

pub fn add(counter: &Cell<u64>) {
    counter.set(counter.get() + 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_falls_into_the_time_is_counted() {
        let tally = Tally::new();
        tally.delivery(0, 5);
        assert_eq!((tally.delivered.get(), tally.counted.get()), (1, 0), "before the warm-up");
        tally.count_after(Duration::ZERO, Duration::from_secs(2));
        let from = tally.from.get().as_nanos() as u64;
        tally.delivery(from, from + 1_000);
        tally.delivery(from, from + 1_500_000_000);
        tally.delivery(from, from + 2_000_000_000);
        assert_eq!((tally.delivered.get(), tally.counted.get()), (4, 2));
        assert_eq!(tally.per_second(), [1, 1]);
        assert_eq!(tally.latency().len(), 2);
        assert!(tally.is_over(from + 2_000_000_000) && !tally.is_over(from));
    }
}
