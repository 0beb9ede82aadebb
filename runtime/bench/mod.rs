//! The load generator: `houseparty bench`. Measures any PartyKit host through its URL, this one or
//! another.
//!
//! A `Plan` says what to do; `run` does it and gives a `Report`. Every workload is a closed loop: a
//! client sends its next message when enough of its earlier ones are answered (`window`), so what
//! is measured is what the host can do, not how long a queue in front of it gets. Every message
//! carries a number and the time it was sent, so each delivery is counted, timed, and checked for
//! its place: a report says how many were lost, doubled or out of order, and a run in which any
//! were fails.
//!
//! It has to cost little, as it shares the machine with what it measures: one thread, one task per
//! connection, frames written by hand, no allocation per message. It uses nothing of the host and
//! runs against `bench/project`.
//!
//! - `target`: the URL, and connecting to it; `socket`, `request`: a WebSocket and an HTTP client
//! - `stamp`: what is in a message; `tally`: what is counted
//! - `process`: CPU and memory of the host; `disk`: how often a disk can sync
//! - `echo`, `fanout`, `requests`, `join`: the workloads; `report`, `plot`: what comes out
//! - `bare`: a server without JavaScript, the practical limit

mod bare;
mod disk;
mod echo;
mod fanout;
mod join;
mod plot;
mod process;
mod report;
mod request;
mod requests;
mod socket;
mod stamp;
mod tally;
mod target;

use std::io;
use std::time::Duration;

pub use bare::serve as serve_bare;
pub use disk::sync_rate;
pub use plot::svg;
pub use report::Report;
pub use stamp::LENGTH_MIN as SIZE_MIN;

use process::Reading;
use target::Target;

/// What is done to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// Messages that come back to their sender
    Echo,
    /// Messages of one client to everyone in its room
    Fanout,
    /// Requests to a room that is awake
    Http,
    /// Requests that each store a value and wait until it is durable
    Put,
    /// Requests that each store 128 values of 1 KB and wait until they are durable
    Batch,
    /// Lists of 10,000 keys in rooms that are not in memory
    List,
    /// Requests to rooms that do not exist yet
    Cold,
    /// Requests to a party that asks another one
    Parties,
    /// Connections that do nothing
    Idle,
    /// Connections that are all opened at once
    Storm,
}

impl Workload {
    pub fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Fanout => "fanout",
            Self::Http => "http",
            Self::Put => "put",
            Self::Batch => "batch",
            Self::List => "list",
            Self::Cold => "cold",
            Self::Parties => "parties",
            Self::Idle => "idle",
            Self::Storm => "storm",
        }
    }

    /// The party of `bench/project` that it talks to.
    pub fn party(self) -> &'static str {
        match self {
            Self::Echo | Self::Storm => "echo",
            Self::Fanout => "fanout",
            Self::Http | Self::Cold => "http",
            Self::Put => "put",
            Self::Batch => "batch",
            Self::List => "list",
            Self::Parties => "relay",
            Self::Idle => "sleeper",
        }
    }
}

/// One measurement, with everything decided.
#[derive(Debug, Clone)]
pub struct Plan {
    pub workload: Workload,
    pub url: String,
    /// Instead of the one in `bench/project`.
    pub party: Option<String>,
    pub connections: usize,
    pub rooms: usize,
    /// Bytes of a message, at least `stamp::LENGTH_MIN`.
    pub size: usize,
    /// Before anything is counted.
    pub warm_up: Duration,
    pub duration: Duration,
    /// Messages a client may have under way.
    pub window: usize,
    /// Milliseconds of CPU that each turn of one more room burns, which is never without work.
    pub burn: Option<u64>,
    /// Between the starts of two requests of a client, if it has its answer by then; not zero.
    pub every: Option<Duration>,
    /// The process of the host; its children count, too.
    pub pid: Option<u32>,
}

impl Plan {
    /// The room of a client, or the nth room.
    fn path(&self, run: &str, index: usize) -> String {
        let party = self.party.as_deref().unwrap_or(self.workload.party());
        format!("/parties/{party}/{run}-{}", index % self.rooms)
    }
}

/// What can keep a measurement from being made.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    #[error("cannot use the URL `{url}`: {why}; it looks like http://127.0.0.1:1999")]
    Url { url: String, why: String },
    #[error("cannot {what}: {source}")]
    Io { what: String, source: io::Error },
    #[error("the host's answer makes no sense: {0}")]
    Answer(String),
    #[error("the host closed a connection ({0})")]
    Closed(String),
    #[error("only {reached} of {wanted} {what} within {seconds} s")]
    Deadline { what: &'static str, reached: usize, wanted: usize, seconds: u64 },
    #[error("there is no process {0} whose CPU time and memory could be read")]
    Process(u32),
}

impl BenchError {
    fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

/// Makes the measurement on a thread of its own runtime. Takes `warm_up`, `duration` and the time
/// to connect.
pub fn run(plan: &Plan) -> Result<Report, BenchError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(BenchError::io("start the client"))?;
    let before = match plan.pid {
        Some(pid) => Some(Reading::take(pid)?),
        None => None,
    };
    let local = tokio::task::LocalSet::new();
    let measured = local.block_on(&runtime, async {
        let target = Target::parse(&plan.url)?;
        match plan.workload {
            Workload::Echo => echo::run(plan, &target).await,
            Workload::Fanout => fanout::run(plan, &target).await,
            Workload::Idle | Workload::Storm => join::run(plan, &target).await,
            Workload::Http
            | Workload::Put
            | Workload::Batch
            | Workload::List
            | Workload::Cold
            | Workload::Parties => requests::run(plan, &target).await,
        }
    })?;
    Ok(Report::new(plan, measured, before.as_ref()))
}
