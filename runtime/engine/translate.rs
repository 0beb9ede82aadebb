//! Stored values as JSON and back, beside a running host: `Values` on a thread of its own.
//!
//! For the dashboard. The thread starts with the first question and ends after a quiet half minute,
//! so a host whose dashboard is closed has neither thread nor isolate for it. Questions wait in a
//! bounded queue; one that finds no place, or a thread that cannot start, is answered with an error.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::json::{JsonError, Readable, Values};

/// Questions that may wait; each comes from a request that waits for its answer.
const QUESTIONS_MAX: usize = 64;

/// Silence after which thread and isolate are given back.
const PATIENCE: Duration = Duration::from_secs(30);

/// Stack of the thread, in bytes: deep values recurse, in V8 and in readable.js.
const STACK_BYTES: usize = 4 << 20;

enum Job {
    Readable(Vec<Bytes>, oneshot::Sender<Vec<Result<Readable, JsonError>>>),
    Stored(String, oneshot::Sender<Result<Vec<u8>, JsonError>>),
}

type Line = Arc<Mutex<Option<SyncSender<Job>>>>;

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct Translator {
    line: Line,
}

impl Translator {
    /// What stored values say, one by one. None: it cannot be told now.
    pub async fn readable(&self, stored: Vec<Bytes>) -> Option<Vec<Result<Readable, JsonError>>> {
        if stored.is_empty() {
            return Some(Vec::new());
        }
        let (reply, answer) = oneshot::channel();
        self.ask(Job::Readable(stored, reply));
        answer.await.ok()
    }

    /// The bytes with which this JSON is stored. None: it cannot be told now.
    pub async fn stored(&self, json: String) -> Option<Result<Vec<u8>, JsonError>> {
        let (reply, answer) = oneshot::channel();
        self.ask(Job::Stored(json, reply));
        answer.await.ok()
    }

    /// A job that cannot be queued is dropped, which its asker notices.
    fn ask(&self, job: Job) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = match &*line {
            Some(sender) => sender,
            None => {
                let (sender, jobs) = sync_channel(QUESTIONS_MAX);
                let shared = self.line.clone();
                let thread = std::thread::Builder::new()
                    .name("translator".into())
                    .stack_size(STACK_BYTES)
                    .spawn(move || work(&shared, &jobs));
                if thread.is_err() {
                    return;
                }
                line.insert(sender)
            }
        };
        let _ = sender.try_send(job);
    }
}

fn work(line: &Line, jobs: &Receiver<Job>) {
    let hang_up = || {
        let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
        // Who asks does so under the lock: after this nobody does, and nothing is left behind.
        let last = jobs.try_recv().ok();
        if last.is_none() {
            *line = None;
        }
        last
    };
    // Isolates want to be made inside a runtime.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let _context = runtime.as_ref().ok().map(tokio::runtime::Runtime::enter);
    let values = if runtime.is_ok() { Values::new().ok() } else { None };
    let Some(mut values) = values else {
        while hang_up().is_some() {}
        return;
    };
    loop {
        let Some(job) = jobs.recv_timeout(PATIENCE).ok().or_else(hang_up) else { return };
        match job {
            Job::Readable(stored, reply) if !reply.is_closed() => {
                let told = stored.iter().map(|stored| values.readable(stored)).collect();
                let _ = reply.send(told);
            }
            Job::Stored(json, reply) if !reply.is_closed() => {
                let _ = reply.send(values.stored(&json));
            }
            _ => {}
        }
    }
}
