//! `--inspect` and its kin: whether debuggers may attach, on which port, and what rooms wait for.
//!
//! Shared by `dev` and `start`. The port is bound to loopback whatever `--host` says: who debugs may do
//! anything. The default port moves to the next free one; one that was asked for must be free.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;

use crate::inspect::{OnStart, Registry};

/// Where debuggers look if nobody says anything (K-12).
const DEFAULT_PORT: u16 = 9229;

/// Ports that are tried from the default one on; then any.
const PORTS: u16 = 10;

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Debugging")]
pub struct InspectArgs {
    /// Let Chrome DevTools and VS Code attach to rooms [default port: 9229, or the next free one]
    #[arg(long, value_name = "PORT", num_args = 0..=1, require_equals = true)]
    inspect: Option<Option<u16>>,
    /// The same, and the first room of each party waits for a debugger before its module is evaluated
    #[arg(long, value_name = "PORT", num_args = 0..=1, require_equals = true)]
    #[arg(conflicts_with = "inspect")]
    inspect_wait: Option<Option<u16>>,
    /// The same, and it pauses at the first statement
    #[arg(long, value_name = "PORT", num_args = 0..=1, require_equals = true)]
    #[arg(conflicts_with_all = ["inspect", "inspect_wait"])]
    inspect_brk: Option<Option<u16>>,
}

impl InspectArgs {
    /// The debugger's side of the host, if it is asked for.
    pub fn open(&self) -> anyhow::Result<Option<Arc<Registry>>> {
        let asked = [
            (self.inspect, OnStart::Run),
            (self.inspect_wait, OnStart::Wait),
            (self.inspect_brk, OnStart::Break),
        ];
        let Some((port, on_start)) =
            asked.into_iter().find_map(|(port, on_start)| Some((port?, on_start)))
        else {
            return Ok(None);
        };
        let registry = Registry::new(listen(port)?, on_start)?;
        Ok(Some(Arc::new(registry)))
    }
}

fn listen(port: Option<u16>) -> anyhow::Result<TcpListener> {
    let bind = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    if let Some(port) = port {
        return bind(port).with_context(|| {
            format!("cannot listen for debuggers on port {port}. Choose another: --inspect=PORT")
        });
    }
    let near = (DEFAULT_PORT..DEFAULT_PORT + PORTS).find_map(|port| bind(port).ok());
    match near.map_or_else(|| bind(0), Ok) {
        Ok(listener) => Ok(listener),
        Err(error) => bail!("no free port for debuggers: {error}"),
    }
}
