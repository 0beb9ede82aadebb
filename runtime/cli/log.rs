//! The log thread: lines go in from any thread and come out in order, many in one write.
//!
//! `output` makes the lines. Whoever logs copies its line into a shared buffer and goes on; it
//! never makes a system call that could wait, so a terminal that is stopped or a pipe that nobody
//! reads holds up neither the edge nor a shard.
//!
//! Failure: lines over the bound are counted, and the count stands in the log where they are
//! missing. Errors have room of their own beyond it. A closed pipe is no reason to stop serving:
//! what is written then is forgotten. `finish` waits until everything is out, but not for ever.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The bounds of this file.
mod limits {
    use std::time::Duration;

    /// Bytes that wait for a slow reader: some ten thousand lines, a moment of a busy host.
    pub const WAITING_BYTES_MAX: usize = 1 << 20;

    /// Further bytes that only errors may use.
    pub const ERROR_BYTES_MAX: usize = 256 << 10;

    /// Bytes of a buffer worth keeping for the next batch.
    pub const KEPT_BYTES_MAX: usize = 64 << 10;

    /// Pause after a batch, in which the next one gathers without anybody waking the thread.
    pub const GATHER: Duration = Duration::from_millis(2);

    /// How long the end of the process waits for whoever reads the log.
    pub const FINISH_PATIENCE: Duration = Duration::from_secs(2);

    /// Pause before another try if the output belongs to somebody who made it non-blocking.
    pub const RETRY: Duration = Duration::from_millis(2);
}

/// What a line is worth when there is no room for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    Line,
    Error,
}

/// Lines that were lost, in total, and how many of them were errors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lost {
    pub lines: u64,
    pub errors: u64,
}

/// How the loss of lines is told.
pub type Notice = fn(Lost) -> String;

pub struct Log {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Mutex<Queue>,
    /// For the thread: there is something to write.
    filled: Condvar,
    /// For `finish`: everything has been written.
    emptied: Condvar,
    notice: Notice,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<u8>,
    lost: Lost,
    /// The thread sleeps until it is told.
    idle: bool,
    /// A batch is being written.
    writing: bool,
    /// `finish` waits: no pauses.
    hurry: bool,
}

impl Log {
    /// Starts the thread that writes to `out`. Without a thread nothing would be told, so this is
    /// an error of the start.
    pub fn start(out: impl Write + Send + 'static, notice: Notice) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            notice,
        });
        let writer = shared.clone();
        std::thread::Builder::new().name("log".into()).spawn(move || writer.write_all(out))?;
        Ok(Self { shared })
    }

    /// Adds a line, given without its end.
    pub fn line(&self, line: &str, weight: Weight) {
        let mut queue = self.shared.queue();
        let most = limits::WAITING_BYTES_MAX
            + if weight == Weight::Error { limits::ERROR_BYTES_MAX } else { 0 };
        let fits = queue.waiting.len() + line.len() < most;
        // After a gap only errors come in: the order of the others would hide it.
        if !fits || queue.lost.lines > 0 && weight == Weight::Line {
            queue.lost.lines += 1;
            queue.lost.errors += u64::from(weight == Weight::Error);
            return;
        }
        queue.tell_loss(self.shared.notice);
        queue.waiting.extend_from_slice(line.as_bytes());
        queue.waiting.push(b'\n');
        if std::mem::take(&mut queue.idle) {
            self.shared.filled.notify_one();
        }
    }

    /// Waits until everything is out, for two seconds at most.
    pub fn finish(&self) {
        let end = Instant::now() + limits::FINISH_PATIENCE;
        let mut queue = self.shared.queue();
        queue.hurry = true;
        self.shared.filled.notify_one();
        while queue.writing || !queue.waiting.is_empty() || queue.lost.lines > 0 {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            queue = self.shared.wait(&self.shared.emptied, queue, left);
        }
        queue.hurry = false;
    }
}

impl Queue {
    fn tell_loss(&mut self, notice: Notice) {
        let lost = std::mem::take(&mut self.lost);
        if lost.lines > 0 {
            self.waiting.extend_from_slice(notice(lost).as_bytes());
            self.waiting.push(b'\n');
        }
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(
        &self,
        condition: &Condvar,
        queue: MutexGuard<'a, Queue>,
        most: Duration,
    ) -> MutexGuard<'a, Queue> {
        condition.wait_timeout(queue, most).unwrap_or_else(PoisonError::into_inner).0
    }

    /// The thread.
    fn write_all(&self, mut out: impl Write) {
        let mut batch = Vec::new();
        loop {
            self.take(&mut batch);
            write(&mut out, &batch);
            batch.clear();
            batch.shrink_to(limits::KEPT_BYTES_MAX);
            let mut queue = self.queue();
            queue.writing = false;
            if queue.waiting.is_empty() && queue.lost.lines == 0 {
                self.emptied.notify_all();
            }
            if !queue.hurry {
                drop(self.wait(&self.filled, queue, limits::GATHER));
            }
        }
    }

    /// Sleeps until there is something to write, and takes all of it.
    fn take(&self, batch: &mut Vec<u8>) {
        let mut queue = self.queue();
        while queue.waiting.is_empty() && queue.lost.lines == 0 {
            queue.idle = true;
            queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.idle = false;
        queue.writing = true;
        std::mem::swap(&mut queue.waiting, batch);
        let lost = std::mem::take(&mut queue.lost);
        if lost.lines > 0 {
            batch.extend_from_slice((self.notice)(lost).as_bytes());
            batch.push(b'\n');
        }
    }
}

/// Writes a batch, or gives it up if nobody can read it any more.
fn write(out: &mut impl Write, mut batch: &[u8]) {
    while !batch.is_empty() {
        match out.write(batch) {
            Ok(0) => return,
            Ok(count) => batch = &batch[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                std::thread::park_timeout(limits::RETRY);
            }
            Err(_) => return,
        }
    }
    // As above.
    let _ = out.flush();
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// An output whose reader takes one batch each time it is told to.
    struct Gated {
        gate: mpsc::Receiver<()>,
        seen: mpsc::Sender<String>,
    }

    impl Write for Gated {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.seen.send(String::from_utf8(bytes.to_vec()).unwrap()).unwrap();
            // Nobody opens the gate any more: the test is over.
            let _ = self.gate.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn notice(lost: Lost) -> String {
        format!("lost {} of them {}", lost.lines, lost.errors)
    }

    fn gated() -> (Log, mpsc::Sender<()>, mpsc::Receiver<String>) {
        let ((open, gate), (seen, batches)) = (mpsc::channel(), mpsc::channel());
        (Log::start(Gated { gate, seen }, notice).unwrap(), open, batches)
    }

    fn next(batches: &mpsc::Receiver<String>) -> String {
        batches.recv_timeout(Duration::from_secs(10)).expect("a batch is written")
    }

    #[test]
    fn lines_that_come_while_one_is_written_leave_together_and_in_order() {
        let (log, open, batches) = gated();
        log.line("first", Weight::Line);
        assert_eq!(next(&batches), "first\n");
        for number in 0..100 {
            log.line(&number.to_string(), Weight::Line);
        }
        open.send(()).unwrap();
        let all: Vec<String> = (0..100).map(|number| format!("{number}\n")).collect();
        assert_eq!(next(&batches), all.concat());
    }

    #[test]
    fn a_reader_that_stands_still_holds_nobody_and_is_told_what_it_missed() {
        let (log, open, batches) = gated();
        log.line("first", Weight::Line);
        next(&batches);
        let line = "x".repeat(1 << 10);
        for _ in 0..(limits::WAITING_BYTES_MAX >> 10) + 10 {
            log.line(&line, Weight::Line);
        }
        log.line("an error has room of its own", Weight::Error);
        log.line("a line after it has none", Weight::Line);
        open.send(()).unwrap();
        let batch = next(&batches);
        let told: Vec<&str> = batch.lines().filter(|told| *told != line).collect();
        let kept = batch.lines().filter(|told| *told == line).count();
        let lost = (limits::WAITING_BYTES_MAX >> 10) + 10 - kept;
        assert_eq!(
            told,
            [
                format!("lost {lost} of them 0").as_str(),
                "an error has room of its own",
                "lost 1 of them 0"
            ]
        );
        assert!(lost >= 10 && batch.len() <= limits::WAITING_BYTES_MAX + limits::ERROR_BYTES_MAX);
        open.send(()).unwrap();
        log.line("again", Weight::Line);
        assert_eq!(next(&batches), "again\n");
    }

    #[test]
    fn errors_that_found_no_room_are_counted_as_such() {
        let (log, open, batches) = gated();
        log.line("first", Weight::Line);
        next(&batches);
        let line = "x".repeat(limits::WAITING_BYTES_MAX + limits::ERROR_BYTES_MAX);
        log.line(&line, Weight::Error);
        open.send(()).unwrap();
        assert_eq!(next(&batches), "lost 1 of them 1\n");
    }

    #[test]
    fn the_end_waits_for_the_last_line_but_not_for_ever() {
        let (log, open, batches) = gated();
        log.line("first", Weight::Line);
        next(&batches);
        log.line("second", Weight::Line);
        let began = Instant::now();
        log.finish();
        assert!(began.elapsed() >= limits::FINISH_PATIENCE, "nobody read it");
        open.send(()).unwrap();
        open.send(()).unwrap();
        log.finish();
        assert_eq!(next(&batches), "second\n");
    }

    #[test]
    fn a_closed_pipe_is_forgotten() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let log = Log::start(Closed, notice).unwrap();
        log.line("nobody hears it", Weight::Line);
        let began = Instant::now();
        log.finish();
        assert!(began.elapsed() < limits::FINISH_PATIENCE);
    }
}
