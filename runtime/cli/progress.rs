//! Says what is being done if it takes longer than a second.
//!
//! Held by whoever does something that usually is quick: dropped in time, nobody has heard of it.
//! What is said comes from a thread of its own, so that the work need not look at a clock. Silent
//! if the thread cannot be started; the work goes on without it.

use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What is quicker than this is not worth a line.
const PATIENCE: Duration = Duration::from_secs(1);

/// Between two signs of life.
const AGAIN: Duration = Duration::from_secs(5);

pub struct Progress {
    done: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Beside output that is for a pipe or a file: on standard error, if that is a terminal.
    pub fn aside(what: &'static str) -> Option<Self> {
        let watched = std::io::stderr().is_terminal();
        watched.then(|| Self::start(move |seconds| eprintln!("… {what} ({seconds} s)")))
    }

    /// `say` is called with the seconds that have passed.
    pub fn start(mut say: impl FnMut(u64) + Send + 'static) -> Self {
        let (done, waiting) = channel();
        let began = Instant::now();
        let thread = std::thread::Builder::new().name("progress".into()).spawn(move || {
            let mut wait = PATIENCE;
            while let Err(RecvTimeoutError::Timeout) = waiting.recv_timeout(wait) {
                say(began.elapsed().as_secs());
                wait = AGAIN;
            }
        });
        Self { done: Some(done), thread: thread.ok() }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.done = None;
        // Waited for, so that nothing is said after the result.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_is_said_and_what_is_quick_is_not() {
        let (say, said) = channel();
        let (quick, nothing) = channel();
        drop(Progress::start(move |seconds| quick.send(seconds).unwrap()));
        let long = Progress::start(move |seconds| say.send(seconds).unwrap());
        assert_eq!(said.recv_timeout(Duration::from_secs(20)), Ok(1));
        drop(long);
        assert!(nothing.try_recv().is_err());
    }
}
