//! Building for `dev`, `start` and `check`: parties and client code at once, the build command.
//!
//! One bundler runtime per process, kept between builds: starting its threads takes longer than many
//! a build.

use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Context, bail};

use crate::config::{BuildCommand, Config};
use crate::node::public_host;
use crate::program::client::{ClientCode, build_client};
use crate::program::{BuildError, Program, build};

/// What is to be built.
#[derive(Clone, Copy)]
pub struct Wanted {
    pub parties: bool,
    pub client: bool,
}

impl Wanted {
    pub const ALL: Self = Self { parties: true, client: true };
}

/// What came of it; nothing for what was not wanted.
pub struct Built {
    pub parties: Option<Result<Program, BuildError>>,
    pub client: Option<Result<ClientCode, BuildError>>,
}

pub struct Builder {
    runtime: tokio::runtime::Runtime,
    /// The code is for others than its author: small, and for whatever name they know the host by.
    for_visitors: bool,
}

impl Builder {
    pub fn new(for_visitors: bool) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name("bundler")
            .enable_all()
            .build()
            .context("cannot start the bundler")?;
        Ok(Self { runtime, for_visitors })
    }

    pub fn build(&self, config: &Config, address: SocketAddr, wanted: Wanted) -> Built {
        let host = public_host(address);
        let parties = async {
            match wanted.parties {
                true => Some(build(config, &host).await),
                false => None,
            }
        };
        let client_host = self.client_host(address);
        let client = async {
            match wanted.client {
                true => Some(build_client(config, &client_host, self.minify(config)).await),
                false => None,
            }
        };
        let (parties, client) = self.runtime.block_on(async { tokio::join!(parties, client) });
        Built { parties, client: client.map(|built| built.map(Option::unwrap_or_default)) }
    }

    fn minify(&self, config: &Config) -> bool {
        self.for_visitors || config.minify
    }

    /// The source text for `PARTYKIT_HOST` in client code (B-40). A page that strangers open, or
    /// that is open on another device, must not look for the host on the machine it is shown on.
    fn client_host(&self, address: SocketAddr) -> String {
        if self.for_visitors || address.ip().is_unspecified() {
            "location.host".to_owned()
        } else {
            serde_json::Value::String(public_host(address)).to_string()
        }
    }
}

/// `build.command` (C-25).
pub fn run_command(build: &BuildCommand) -> anyhow::Result<()> {
    let status = Command::new("sh")
        .arg("-c")
        .arg(&build.command)
        .current_dir(&build.cwd)
        .status()
        .with_context(|| format!("cannot run the build command `{}`", build.command))?;
    if !status.success() {
        bail!("Custom build failed: `{}` ended with {status}", build.command);
    }
    Ok(())
}
