//! What every test of the running host needs: a host process, an HTTP client, a WebSocket client,
//! projects on disk.
//!
//! Everything here talks to the real binary over TCP. Nothing sleeps to let something happen:
//! whatever is waited for is a condition with a deadline, and a missed deadline says what was
//! waited for and what had arrived instead.

pub mod host;
pub mod http;
pub mod node;
pub mod project;
pub mod random;
pub mod socket;

use std::future::Future;
use std::time::Duration;

pub use host::{Host, HostOptions};
pub use http::{Answer, Client};
pub use project::Project;
pub use random::Random;
pub use socket::{Frame, Socket};

/// How long anything may take before a test gives up. Generous: the machine may be building
/// something else.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Runs an asynchronous test on its own runtime.
pub fn run<F: Future>(test: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be started")
        .block_on(test)
}

/// Waits until `probe` gives something; fails with `what` when the deadline passes.
pub async fn eventually<T, F, P>(what: &str, mut probe: P) -> T
where
    P: FnMut() -> F,
    F: Future<Output = Option<T>>,
{
    let end = tokio::time::Instant::now() + DEADLINE;
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < end, "not within {DEADLINE:?}: {what}");
        // Between two looks at the condition; nothing depends on how long it is.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
