//! `dev`, `start` and `check`: load the configuration, build, serve; in `dev`, again on every change.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use socket2::{Domain, Protocol, Socket, Type};

use super::certificate::Certificate;
use super::keys::{HotKeys, Key, open_browser};
use super::output::{Output, Place};
use super::typecheck::TypeCheck;
use super::{DurabilityArg, ProjectArgs, ServeArgs, persist};
use crate::config::{BuildCommand, Config, Overrides};
use crate::limits;
use crate::node::{Node, Settings};
use crate::program::watch::Watch;
use crate::program::{BuildError, Program, build};
use crate::server::CronUrl;
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

fn load(overrides: &Overrides) -> anyhow::Result<Config> {
    let cwd = std::env::current_dir().context("cannot tell the working directory")?;
    Ok(Config::load(&cwd, overrides)?)
}

fn build_program(config: &Config, public_host: &str) -> anyhow::Result<Program> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the bundler")?;
    Ok(runtime.block_on(build(config, public_host))?)
}

/// `build.command`, before anything else (C-25).
fn run_build_command(build: &BuildCommand) -> anyhow::Result<()> {
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

/// The listener: an explicit port must be free, the default one moves to a free one (C-20).
fn listen(args: &ServeArgs, config: &Config) -> anyhow::Result<TcpListener> {
    let explicit = args.port.or(config.port);
    let port = explicit.unwrap_or(DEFAULT_PORT);
    match bind((args.host, port).into()) {
        Ok(listener) => Ok(listener),
        Err(error) if explicit.is_none() && error.kind() == std::io::ErrorKind::AddrInUse => {
            let mut next = DEFAULT_PORT + 1..DEFAULT_PORT + PORTS;
            let near = next.find_map(|port| bind((args.host, port).into()).ok());
            near.map_or_else(|| bind((args.host, 0).into()), Ok).context("no free port")
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

fn settings(args: &ServeArgs, output: Output) -> anyhow::Result<Settings> {
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
        durability: match args.durability {
            DurabilityArg::Fsync => Durability::Fsync,
            DurabilityArg::Process => Durability::Process,
            DurabilityArg::Memory => Durability::Memory,
        },
        cron_url: CronUrl::Loopback,
        log: output.party_log(),
        on_request: Some(Arc::new(move |log| output.request(log))),
        on_socket_end: Some(Arc::new(move |room, end| output.socket_end(room, end))),
        show_places: false,
        tls: None,
        trusted_proxy: args.trust_proxy,
    })
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
    let config = load(&wanted)?;
    for warning in &config.warnings {
        output.warn(warning);
    }
    let mut certificate = certificate(args, &config, output)?;
    let listener = listen(args, &config)?;
    let address = listener.local_addr()?;
    if args.port.or(config.port).is_none() && address.port() != DEFAULT_PORT {
        output.info(&format!("Port {DEFAULT_PORT} is taken; using {}", address.port()));
    }
    if let Some(command) = &config.build_command {
        output.finish();
        run_build_command(command)?;
    }
    let starting = output.long("building and loading the parties");
    let program = build_program(&config, &public_host(address))?;
    let mut settings = settings(args, output)?;
    settings.show_places = watch;
    settings.tls = certificate.as_ref().map(|certificate| certificate.config.clone());
    let node = Node::start(&config, &program, listener, settings)?;
    drop(starting);
    let keys = if watch && !args.no_hotkeys && !args.json { HotKeys::start() } else { None };
    let fingerprint = certificate.as_ref().and_then(Certificate::fingerprint);
    let place = Place {
        address,
        scheme: if certificate.is_some() { "https" } else { "http" },
        fingerprint: fingerprint.as_deref(),
        hot_keys: keys.is_some(),
    };
    output.ready(&config, &place, false);
    let mut watcher = None;
    if watch {
        let files = watcher.insert(Watch::new().context("cannot watch files")?);
        files.set(watched(&config, Some(&program)));
    }
    let mut looked = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        match &mut watcher {
            None => std::thread::park_timeout(LOOK),
            Some(files) => {
                if files.changed(LOOK).is_some() {
                    reload(&wanted, &node, files, &place, output);
                }
            }
        }
        if looked.elapsed() > LOOK_AT_CERTIFICATE {
            looked = Instant::now();
            renew(certificate.as_mut(), output);
        }
        while let Some(key) = keys.as_ref().and_then(HotKeys::pressed) {
            press(key, &place, &stop, output);
        }
    }
    // The terminal first: a second signal ends the process at once.
    drop(keys);
    node.stop()?;
    Ok(ExitCode::SUCCESS)
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

/// Something has changed. Whatever is wrong with it, the old program keeps running.
fn reload(wanted: &Overrides, node: &Node, watcher: &mut Watch, place: &Place<'_>, output: Output) {
    let outcome = (|| -> anyhow::Result<()> {
        let config = load(wanted)?;
        if let Some(command) = &config.build_command {
            output.finish();
            run_build_command(command)?;
        }
        let _building = output.long("building and loading the parties");
        let program = build_program(&config, &public_host(place.address))?;
        watcher.set(watched(&config, Some(&program)));
        node.reload(&config, &program)?;
        output.ready(&config, place, true);
        Ok(())
    })();
    if let Err(error) = outcome {
        if let Some(broken) = error.downcast_ref::<BuildError>() {
            // What broke it is watched, so that its repair is noticed.
            watcher.add(broken.watch_files.iter().cloned());
        }
        output.error(&format!("{error:#}\nThe program from before keeps running."));
    }
}

fn watched(config: &Config, program: Option<&Program>) -> Vec<PathBuf> {
    let mut files = config.watched.clone();
    // An `.env` that does not exist yet counts as soon as it does.
    files.extend([".env", ".env.local"].map(|name| config.root.join(name)));
    for party in program.iter().flat_map(|program| &program.parties) {
        files.push(party.file.clone());
        files.extend(party.watch_files.iter().cloned());
    }
    files
}

/// The name under which this machine reaches the host.
fn public_host(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("127.0.0.1:{}", address.port())
    } else {
        address.to_string()
    }
}

pub fn check(args: &ProjectArgs) -> anyhow::Result<ExitCode> {
    let output = Output::start(false, false).context("cannot start the log")?;
    let checked = check_project(args, output);
    output.finish();
    checked
}

fn check_project(args: &ProjectArgs, output: Output) -> anyhow::Result<ExitCode> {
    let config = load(&overrides(args))?;
    for warning in &config.warnings {
        output.warn(warning);
    }
    if let Some(command) = &config.build_command {
        output.finish();
        run_build_command(command)?;
    }
    let building = output.long("building and loading the parties");
    let program = build_program(&config, &format!("127.0.0.1:{DEFAULT_PORT}"))?;
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
