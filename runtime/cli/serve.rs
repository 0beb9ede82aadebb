//! `dev`, `start` and `check`: load the configuration, build, serve; in `dev`, again on every change
//! (`develop`).
//!
//! Client code that cannot be built is told and keeps nobody from serving the rest; `check` fails.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use socket2::{Domain, Protocol, Socket, Type};

use super::build::{Builder, Built, Wanted, run_command};
use super::develop::{Develop, Start};
use super::output::Output;
use super::{DurabilityArg, ProjectArgs, ServeArgs, persist};
use crate::config::{self, Config, Overrides};
use crate::limits;
use crate::node::{Node, Settings};
use crate::program::BuildError;
use crate::server::{BuiltFiles, CronUrl, LiveHub};
use crate::storage::Durability;

/// The port if nobody says anything (C-20).
const DEFAULT_PORT: u16 = 1999;

/// How often a waiting host looks whether it should stop.
const LOOK: Duration = Duration::from_millis(200);

fn overrides(args: &ProjectArgs) -> Overrides {
    Overrides {
        config: args.config.clone(),
        main: args.script.clone(),
        serve: args.serve.clone(),
        persist: None,
        vars: args.vars.clone(),
        define: args.defines.clone(),
        minify: args.minify,
        with_env: args.with_env,
        env_files: args.env_files.clone(),
    }
}

pub(super) fn load(overrides: &Overrides) -> anyhow::Result<Config> {
    let cwd = std::env::current_dir().context("cannot tell the working directory")?;
    Ok(Config::load(&cwd, overrides)?)
}

/// The listener: an explicit port must be free, the default one moves to a free one (C-20).
fn listen(args: &ServeArgs, config: &Config) -> anyhow::Result<TcpListener> {
    let explicit = args.port.or(config.port);
    let port = explicit.unwrap_or(DEFAULT_PORT);
    match bind((args.host, port).into()) {
        Ok(listener) => Ok(listener),
        Err(error) if explicit.is_none() && error.kind() == std::io::ErrorKind::AddrInUse => {
            bind((args.host, 0).into()).context("no free port")
        }
        Err(error) => Err(error).with_context(|| {
            format!(
                "cannot listen on {}:{port}. Is another host running there? Choose a port with --port",
                args.host
            )
        }),
    }
}

/// A listener whose queue holds a storm of clients; the standard library's holds 128.
fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket =
        Socket::new(Domain::for_address(address), Type::STREAM.cloexec(), Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(limits::BACKLOG)?;
    Ok(socket.into())
}

fn seconds(value: f64, name: &str) -> anyhow::Result<Duration> {
    match Duration::try_from_secs_f64(value) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => bail!("--{name} is a number of seconds above zero, not {value}"),
    }
}

fn settings(args: &ServeArgs, config: &Config, output: Output) -> anyhow::Result<Settings> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let shards = args.shards.unwrap_or(cores);
    if shards == 0 || args.heap_limit < 8 {
        bail!("--shards is at least 1, --heap-limit at least 8");
    }
    Ok(Settings {
        hibernate_after: seconds(args.hibernate_after, "hibernate-after")?,
        turn_deadline: seconds(args.turn_deadline, "turn-deadline")?,
        heap_limit_bytes: args.heap_limit << 20,
        message_limit: args.message_limit,
        shards,
        durability: durability(args.durability, config.durability),
        cron_url: CronUrl::Loopback,
        built: BuiltFiles::default(),
        live: None,
        log: output.party_log(),
        on_request: Some(Arc::new(move |log| output.request(log))),
    })
}

/// The flag beats the configuration.
fn durability(flag: Option<DurabilityArg>, key: Option<config::Durability>) -> Durability {
    match (flag, key) {
        (Some(DurabilityArg::Fsync), _) => Durability::Fsync,
        (Some(DurabilityArg::Process), _) => Durability::Process,
        (Some(DurabilityArg::Memory), _) => Durability::Memory,
        (None, None | Some(config::Durability::Fsync)) => Durability::Fsync,
        (None, Some(config::Durability::Process)) => Durability::Process,
        (None, Some(config::Durability::Memory)) => Durability::Memory,
    }
}

/// Set by SIGINT and SIGTERM.
fn stop_flag() -> anyhow::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // A second signal ends the process at once.
        signal_hook::flag::register_conditional_shutdown(signal, 1, flag.clone())
            .context("cannot listen for signals")?;
        signal_hook::flag::register(signal, flag.clone()).context("cannot listen for signals")?;
    }
    Ok(flag)
}

pub fn serve(args: &ServeArgs, watch: bool) -> anyhow::Result<ExitCode> {
    let output = Output::new(args.json, args.verbose);
    let stop = stop_flag()?;
    let mut wanted = overrides(&args.project);
    wanted.persist = persist(args.persist.as_deref());
    let config = load(&wanted)?;
    for warning in &config.warnings {
        output.warn(warning);
    }
    let listener = listen(args, &config)?;
    let address = listener.local_addr()?;
    if let Some(command) = &config.build_command {
        run_command(command)?;
    }
    let builder = Builder::new(!watch)?;
    let Built { parties, client } = builder.build(&config, address, Wanted::ALL);
    let (program, client) = (parties.unwrap_or_else(none)?, client.unwrap_or_else(none));
    let built = BuiltFiles::default();
    match &client {
        Ok(client) => {
            client.warnings.iter().for_each(|warning| output.warn(warning));
            built.replace(client.files.clone());
        }
        Err(error) => output.error(&format!("{error}\nEverything else is served.")),
    }
    let live = watch.then(|| LiveHub::new(args.live));
    let mut settings = settings(args, &config, output)?;
    settings.built = built.clone();
    settings.live = live.clone();
    let node = Node::start(&config, &program, listener, settings)?;
    match live {
        Some(live) => {
            let start = Start {
                wanted: &wanted,
                node: &node,
                output,
                builder: &builder,
                address,
                built,
                live: live.clone(),
                always_reload: args.live,
                config,
                program,
                client,
            };
            // Ready means that changes are seen, too.
            let mut develop = Develop::new(start).context("cannot watch files")?;
            output.ready(develop.config(), address, false);
            while !stop.load(Ordering::Relaxed) {
                develop.step(LOOK);
            }
            live.stop();
        }
        None => {
            output.ready(&config, address, false);
            while !stop.load(Ordering::Relaxed) {
                std::thread::park_timeout(LOOK);
            }
        }
    }
    node.stop()?;
    Ok(ExitCode::SUCCESS)
}

/// A build that was not asked for.
fn none<T: Default>() -> Result<T, BuildError> {
    Ok(T::default())
}

pub fn check(args: &ProjectArgs) -> anyhow::Result<ExitCode> {
    let output = Output::new(false, false);
    let config = load(&overrides(args))?;
    for warning in &config.warnings {
        output.warn(warning);
    }
    if let Some(command) = &config.build_command {
        run_command(command)?;
    }
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT));
    let Built { parties, client } = Builder::new(true)?.build(&config, address, Wanted::ALL);
    let (program, client) = (parties.unwrap_or_else(none)?, client.unwrap_or_else(none)?);
    client.warnings.iter().for_each(|warning| output.warn(warning));
    crate::node::check(&program, output.party_log())?;
    let count = program.parties.len();
    let parties = if count == 1 { "party is" } else { "parties are" };
    output.info(&format!("{count} {parties} good to be served"));
    Ok(ExitCode::SUCCESS)
}
