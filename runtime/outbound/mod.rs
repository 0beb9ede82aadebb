//! Connections that parties make to other servers: which may be made, whom to trust, and how.
//!
//! `policy` is what the operator allows (`--deny-net`, `--allow-net`); `trust` has the certificates;
//! `dial` makes a TCP or TLS connection for `cloudflare:sockets`. `fetch` and `WebSocket` are the
//! platform's and ask the same policy and the same certificates (engine/network.rs).
//!
//! Policy and certificates belong to the process: they are set once, before the first room.
//! Without that, everything may be reached.

mod dial;
mod policy;
mod trust;

use std::sync::OnceLock;

pub use self::dial::{Failure, Link, Target, dial, secure};
pub use self::policy::{Policy, PolicyError, Refused, Rule};
pub use self::trust::{TrustError, roots};

static POLICY: OnceLock<Policy> = OnceLock::new();

/// Sets what parties may reach. The first call counts.
pub fn allow(policy: Policy) {
    let _ = POLICY.set(policy);
}

/// The hosts of the proxies that the environment names.
pub fn proxies() -> Vec<String> {
    ["http_proxy", "https_proxy", "all_proxy"]
        .iter()
        .flat_map(|name| [(*name).to_owned(), name.to_uppercase()])
        .filter_map(|name| std::env::var(name).ok())
        .filter_map(|value| {
            let url = if value.contains("://") { value } else { format!("http://{value}") };
            url::Url::parse(&url).ok()?.host_str().map(str::to_owned)
        })
        .collect()
}

/// What parties may reach.
pub fn policy() -> &'static Policy {
    POLICY.get_or_init(Policy::default)
}
