//! `dev`, `start` and `check`: load the configuration, build, serve; in `dev`, again on every change
//! (`develop`).
//!
//! Client code that cannot be built is told and keeps nobody from serving the rest; `check` fails.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use socket2::{Domain, Protocol, Socket, Type};

use super::build::{Builder, Built, Wanted, run_command};
use super::certificate::Certificate;
use super::develop::{Develop, Start};
use super::keys::{HotKeys, Key, open_browser};
use super::output::{Output, Place};
use super::typecheck::TypeCheck;
use super::{DashboardArg, DurabilityArg, ProjectArgs, ServeArgs, persist};
use crate::config::{self, Config, Overrides};
use crate::dashboard::Audience;
use crate::limits;
use crate::node::{Node, Settings, public_host};
use crate::outbound::Policy;
use crate::program::BuildError;
use crate::program::client::ClientCode;
use crate::server::{BuiltFiles, CronUrl, LiveHub};
use crate::storage::Durability;

/// The port if nobody says anything (C-20).
const DEFAULT_PORT: u16 = 1999;

/// Ports that are tried from the default one on; then any.
const PORTS: u16 = 20;

/// How often a waiting host looks whether it should stop.
const LOOK: Duration = Duration::from_millis(200);

/// How often it looks whether its certificate has been renewed.
const LOOK_AT_CERTIFICATE: Duration = Duration::from_secs(5);

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
fn listen(args: &ServeArgs, config: &Config, output: Output) -> anyhow::Result<TcpListener> {
    let explicit = args.port.or(config.port);
    let port = explicit.unwrap_or(DEFAULT_PORT);
    match bind((args.host, port).into()) {
        Ok(listener) => Ok(listener),
        Err(error) if explicit.is_none() && error.kind() == std::io::ErrorKind::AddrInUse => {
            let mut next = DEFAULT_PORT + 1..DEFAULT_PORT + PORTS;
            let near = next.find_map(|port| bind((args.host, port).into()).ok());
            let near = near.map_or_else(|| bind((args.host, 0).into()), Ok);
            let listener = near.context("no free port")?;
            let taken = listener.local_addr()?.port();
            output.info(&format!("Port {DEFAULT_PORT} is taken; using {taken}"));
            Ok(listener)
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

/// A year is as good as for ever, and can be added to any time.
const SECONDS_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

/// A room's memory in MiB: what a 64-bit machine can have at all.
const HEAP_LIMIT_MAX: usize = 1 << 24;

fn seconds(value: f64, name: &str) -> anyhow::Result<Duration> {
    match Duration::try_from_secs_f64(value) {
        Ok(duration) if !duration.is_zero() && duration <= SECONDS_MAX => Ok(duration),
        _ => bail!(
            "--{name} is a number of seconds above zero and up to {}, not {value}",
            SECONDS_MAX.as_secs()
        ),
    }
}

/// For whom the dashboard is there; in `dev` for who develops, if nobody says anything.
fn audience(args: &ServeArgs, watch: bool) -> Option<Audience> {
    let quiet = if watch { DashboardArg::Loopback } else { DashboardArg::Off };
    match args.dashboard.unwrap_or(quiet) {
        DashboardArg::Loopback => Some(Audience::Loopback),
        DashboardArg::Everybody => Some(Audience::Everybody),
        DashboardArg::Off => None,
    }
}

fn settings(
    args: &ServeArgs,
    config: &Config,
    watch: bool,
    output: Output,
) -> anyhow::Result<Settings> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let shards = args.shards.unwrap_or(cores);
    if shards == 0 || !(8..=HEAP_LIMIT_MAX).contains(&args.heap_limit) {
        bail!("--shards is at least 1, --heap-limit at least 8 and at most {HEAP_LIMIT_MAX}");
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
        dashboard: audience(args, watch),
        outbound: Policy::new(args.deny_net.clone(), args.allow_net.clone()),
        log: output.party_log(),
        on_request: Some(Arc::new(move |log| output.request(log))),
        on_socket_end: Some(Arc::new(move |room, end| output.socket_end(room, end))),
        show_places: false,
        tls: None,
        trusted_proxy: args.trust_proxy,
        inspect: args.inspect.open()?,
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
    let output = Output::start(args.json, args.verbose).context("cannot start the log")?;
    let served = host(args, watch, output);
    output.finish();
    served
}

fn host(args: &ServeArgs, watch: bool, output: Output) -> anyhow::Result<ExitCode> {
    let stop = stop_flag()?;
    let mut wanted = overrides(&args.project);
    wanted.persist = persist(args.persist.as_deref());
    let config = load_and_tell(&wanted, output)?;
    let certificate = certificate(args, &config, output)?;
    let listener = listen(args, &config, output)?;
    let address = listener.local_addr()?;
    let starting = output.long("building and loading the parties");
    let builder = Builder::new(!watch)?;
    let Built { parties, client } = builder.build(&config, address, Wanted::ALL);
    let (program, client) = (parties.unwrap_or_else(none)?, client.unwrap_or_else(none));
    let built = first_files(client.as_ref(), output);
    let live = watch.then(|| LiveHub::new(args.live));
    let mut settings = settings(args, &config, watch, output)?;
    settings.built = built.clone();
    settings.live = live.clone();
    settings.show_places = watch;
    settings.tls = certificate.as_ref().map(|certificate| certificate.config.clone());
    let inspect = settings.inspect.clone();
    let node = Node::start(&config, &program, listener, settings)?;
    drop(starting);
    if let Some(inspect) = inspect {
        output.inspect(inspect.address());
    }
    let keys = if watch && !args.no_hotkeys && !args.json { HotKeys::start() } else { None };
    let fingerprint = certificate.as_ref().and_then(Certificate::fingerprint);
    let place = Place {
        address,
        scheme: if certificate.is_some() { "https" } else { "http" },
        fingerprint: fingerprint.as_deref(),
        hot_keys: keys.is_some(),
        dashboard: audience(args, watch).is_some(),
    };
    let develop = match &live {
        Some(live) => {
            let start = Start {
                wanted: &wanted,
                node: &node,
                output,
                builder: &builder,
                place: &place,
                built,
                live: live.clone(),
                always_reload: args.live,
                config,
                program,
                client,
            };
            // Ready means that changes are seen, too.
            let develop = Develop::new(start).context("cannot watch files")?;
            output.ready(develop.config(), &place, false);
            Some(develop)
        }
        None => {
            output.ready(&config, &place, false);
            None
        }
    };
    Attendance { stop, output, place: &place, certificate, keys, develop }.attend();
    if let Some(live) = live {
        live.stop();
    }
    node.stop()?;
    Ok(ExitCode::SUCCESS)
}

/// The configuration, with its warnings told and its build command run.
fn load_and_tell(wanted: &Overrides, output: Output) -> anyhow::Result<Config> {
    let config = load(wanted)?;
    for warning in &config.warnings {
        output.warn(warning);
    }
    if let Some(command) = &config.build_command {
        // What it says comes after what we have said.
        output.finish();
        run_command(command)?;
    }
    Ok(config)
}

/// What the first build of the client code gave. If it gave nothing, everything else is served.
fn first_files(client: Result<&ClientCode, &BuildError>, output: Output) -> BuiltFiles {
    let built = BuiltFiles::default();
    match client {
        Ok(client) => {
            client.warnings.iter().for_each(|warning| output.warn(warning));
            built.replace(client.files.clone());
        }
        Err(error) => output.error(&format!("{error}\nEverything else is served.")),
    }
    built
}

/// What a host that serves waits for.
struct Attendance<'a> {
    stop: Arc<AtomicBool>,
    output: Output,
    place: &'a Place<'a>,
    certificate: Option<Certificate>,
    keys: Option<HotKeys>,
    develop: Option<Develop<'a>>,
}

impl Attendance<'_> {
    /// Until the host shall stop. Gives the terminal back first: a second signal ends the process at
    /// once.
    fn attend(mut self) {
        let mut looked = Instant::now();
        while !self.stop.load(Ordering::Relaxed) {
            match &mut self.develop {
                Some(develop) => develop.step(LOOK),
                None => std::thread::park_timeout(LOOK),
            }
            if looked.elapsed() > LOOK_AT_CERTIFICATE {
                looked = Instant::now();
                renew(self.certificate.as_mut(), self.output);
            }
            while let Some(key) = self.keys.as_ref().and_then(HotKeys::pressed) {
                press(key, self.place, &self.stop, self.output);
            }
        }
    }
}

/// The certificate of the port, if it shall speak HTTPS.
fn certificate(
    args: &ServeArgs,
    config: &Config,
    output: Output,
) -> anyhow::Result<Option<Certificate>> {
    let Some(source) = args.tls.source(&config.root, args.host) else { return Ok(None) };
    let (certificate, note) = Certificate::load(&source)?;
    if let Some(note) = note {
        output.warn(&note);
    }
    Ok(Some(certificate))
}

fn renew(certificate: Option<&mut Certificate>, output: Output) {
    match certificate.map(Certificate::refresh) {
        Some(Ok(true)) => output.info("The certificate has changed; new connections get it"),
        Some(Err(error)) => {
            output.error(&format!("{error:#}\nThe certificate from before stays in use."));
        }
        Some(Ok(false)) | None => {}
    }
}

fn press(key: Key, place: &Place<'_>, stop: &AtomicBool, output: Output) {
    match key {
        Key::Exit => stop.store(true, Ordering::Relaxed),
        Key::Clear => output.clear(),
        Key::Gap => output.info(""),
        Key::Browser => {
            let page = format!("{}://{}/", place.scheme, public_host(place.address));
            if let Err(error) = open_browser(&page) {
                output.error(&format!("cannot open a browser: {error}. Open {page}"));
            }
        }
    }
}

/// A build that was not asked for.
fn none<T: Default>() -> Result<T, BuildError> {
    Ok(T::default())
}

pub fn check(args: &ProjectArgs) -> anyhow::Result<ExitCode> {
    let output = Output::start(false, false).context("cannot start the log")?;
    let checked = check_project(args, output);
    output.finish();
    checked
}

fn check_project(args: &ProjectArgs, output: Output) -> anyhow::Result<ExitCode> {
    let config = load_and_tell(&overrides(args), output)?;
    let building = output.long("building and loading the parties");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT));
    let Built { parties, client } = Builder::new(true)?.build(&config, address, Wanted::ALL);
    let (program, client) = (parties.unwrap_or_else(none)?, client.unwrap_or_else(none)?);
    client.warnings.iter().for_each(|warning| output.warn(warning));
    crate::node::check(&program, output.party_log())?;
    drop(building);
    if let Some(types) = TypeCheck::find(&config.root) {
        output.info(&types.describe());
        // What it says comes after what we have said.
        output.finish();
        types.run()?;
    }
    let count = program.parties.len();
    let parties = if count == 1 { "party is" } else { "parties are" };
    output.info(&format!("{count} {parties} good to be served"));
    Ok(ExitCode::SUCCESS)
}
