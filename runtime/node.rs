//! The composition root: wires configuration, program, storage, shards, directory and edge into one
//! running host, and takes it down in the right order.
//!
//! Start: store → programs validated → shards → alarm clock, crons → edge. Nothing is served before all
//! parties have been loaded once. Stop: edge (no new work) → shards come to rest → store (last commit).
//! Reload: build and validate beside the running program, then swap; if either fails the old program
//! keeps running.

mod showing;

use std::collections::{BTreeMap, HashMap};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::now_ms;
use crate::config::{Config, Persist};
use crate::crons;
use crate::dashboard::{Audience, Dashboard};
use crate::engine::{
    Control, EngineSettings, OnSocketEnd, PartyLog, PartySource, Programs, ShardSeed, Watch,
    Watchdog, shape_of,
};
use crate::inspect::{self, Registry};
use crate::limits;
use crate::name::RoomKey;
use crate::outbound::{self, Policy, TrustError};
use crate::program::{PartyCode, Program};
use crate::room::directory::{Delivery, Directory};
use crate::room::event::Event;
use crate::server::descriptors::raise_limit;
use crate::server::{
    AssetSettings, Assets, BuiltFiles, CronUrl, EdgeSettings, LiveHub, OnRequest, OnTrouble, Shape,
    Site,
};
use crate::storage::{AlarmClock, Durability, Location, Outcome, Store, StoreError};
use crate::wire::WireSettings;

/// What the operator asked for, apart from the project itself.
#[derive(Clone)]
pub struct Settings {
    pub hibernate_after: Duration,
    pub turn_deadline: Duration,
    pub heap_limit_bytes: usize,
    pub message_limit: usize,
    pub shards: usize,
    pub durability: Durability,
    /// Whether `/__scheduled__` answers everybody or only this machine.
    pub cron_url: CronUrl,
    /// What builds of client code give; whoever builds replaces them.
    pub built: BuiltFiles,
    /// For `dev`: what pages are told.
    pub live: Option<LiveHub>,
    /// Whether there is a dashboard, and for whom.
    pub dashboard: Option<Audience>,
    /// Which servers parties may talk to.
    pub outbound: Policy,
    pub log: PartyLog,
    pub on_request: Option<OnRequest>,
    pub on_socket_end: Option<OnSocketEnd>,
    /// Whether answers say where a handler threw: for whoever develops.
    pub show_places: bool,
    /// The certificate of a port with HTTPS.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// See `EdgeSettings::trusted_proxy`.
    pub trusted_proxy: bool,
    /// With `--inspect`: those who can be debugged, and those who debug.
    pub inspect: Option<Arc<Registry>>,
}

#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    #[error("party `{party}` ({file}) cannot be loaded: {message}")]
    Party { party: Arc<str>, file: String, message: String },
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
    #[error("cannot serve: {0}")]
    Listener(std::io::Error),
    #[error("a thread of the host ended unexpectedly; see the log")]
    Lost,
}

/// A running host.
pub struct Node {
    address: SocketAddr,
    settings: Settings,
    controls: Vec<mpsc::UnboundedSender<Control>>,
    shards: Vec<JoinHandle<()>>,
    watchdog: Watchdog,
    store: Arc<Store>,
    dashboard: Option<Arc<Dashboard>>,
    site: watch::Sender<Arc<Site>>,
    crons: watch::Sender<Arc<Config>>,
    stop: Option<oneshot::Sender<()>>,
    edge: Option<JoinHandle<()>>,
}

impl Node {
    /// Starts to serve on `listener`. Gives an error if a party cannot be loaded or the store not
    /// opened; then nothing is left running.
    pub fn start(
        config: &Config,
        program: &Program,
        listener: TcpListener,
        mut settings: Settings,
    ) -> Result<Self, NodeError> {
        let hearing = showing::listen(&mut settings);
        let address = listener.local_addr().map_err(NodeError::Listener)?;
        settings.open_outbound(address)?;
        let watchdog = Watchdog::start(settings.shards + 1).map_err(NodeError::Thread)?;
        let loaded = load(
            program,
            &settings.limits(),
            &watchdog.watch(settings.shards),
            &settings.log,
            settings.debuggable(config),
        )?;
        let (deliveries, inboxes): (Vec<_>, Vec<_>) =
            (0..settings.shards).map(|_| mpsc::unbounded_channel::<Delivery>()).unzip();
        let (controls, orders): (Vec<_>, Vec<_>) =
            (0..settings.shards).map(|_| mpsc::unbounded_channel::<Control>()).unzip();
        let directory = Directory::new(deliveries);
        let store = Arc::new(open_store(config, &settings, controls.clone())?);
        let alarms = store.alarm_clock();
        let site = site_of(config, &loaded, &settings);
        let engine = Arc::new(engine_settings(config, &site, &settings, address));
        let mut shards = Vec::new();
        for (index, (deliveries, control)) in inboxes.into_iter().zip(orders).enumerate() {
            let seed = ShardSeed {
                settings: engine.clone(),
                programs: loaded.programs.clone(),
                directory: directory.clone(),
                store: store.clone(),
                alarms: alarms.clone(),
                watch: watchdog.watch(index),
                inspect: settings.inspect.clone(),
                glance: hearing.as_ref().map(|it| it.glance(index)),
                deliveries,
                control,
            };
            shards.push(spawn_shard(index, seed)?);
        }
        let (site, sites) = watch::channel(Arc::new(site));
        let (crons, cron_configs) = watch::channel(Arc::new(config.clone()));
        let (stop, stopped) = oneshot::channel();
        let dashboard = hearing
            .map(|it| it.show(address, &directory, &controls, &sites, &cron_configs, &store));
        let edge = Edge {
            listener,
            directory,
            sites,
            crons: cron_configs,
            alarms,
            inspect: settings.inspect.clone(),
            cron_trouble: cron_log(settings.log.clone()),
            settings: settings.of_edge(dashboard.as_ref()),
        };
        Ok(Self {
            address,
            settings,
            controls,
            shards,
            watchdog,
            store,
            dashboard,
            site,
            crons,
            stop: Some(stop),
            edge: Some(spawn_edge(edge, stopped)?),
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Swaps the program. On an error the old one keeps running.
    pub fn reload(&self, config: &Config, program: &Program) -> Result<(), NodeError> {
        let loaded = load(
            program,
            &self.settings.limits(),
            &self.watchdog.watch(self.settings.shards),
            &self.settings.log,
            self.settings.debuggable(config),
        )?;
        // A paused room would keep its shard from taking the program.
        self.settings.inspect.iter().for_each(|registry| registry.release());
        let site = site_of(config, &loaded, &self.settings);
        let engine = Arc::new(engine_settings(config, &site, &self.settings, self.address));
        let waits: Vec<_> = self
            .controls
            .iter()
            .map(|control| {
                let (done, wait) = oneshot::channel();
                let (programs, settings) = (loaded.programs.clone(), engine.clone());
                // A shard that is gone is noticed by the wait below.
                let _ = control.send(Control::Reload { programs, settings, done });
                wait
            })
            .collect();
        for wait in waits {
            wait.blocking_recv().map_err(|_| NodeError::Lost)?;
        }
        self.site.send_replace(Arc::new(site));
        self.crons.send_replace(Arc::new(config.clone()));
        Ok(())
    }

    /// Stops: no new work, rooms come to rest, everything written is durable.
    pub fn stop(mut self) -> Result<(), NodeError> {
        self.settings.inspect.iter().for_each(|registry| registry.close());
        if let Some(dashboard) = &self.dashboard {
            dashboard.stop();
        }
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let waits: Vec<_> = self
            .controls
            .iter()
            .map(|control| {
                let (done, wait) = oneshot::channel();
                let _ = control.send(Control::Drain(done));
                wait
            })
            .collect();
        for wait in waits {
            // A shard that is gone already has nothing to drain.
            let _ = wait.blocking_recv();
        }
        self.controls.clear();
        for shard in self.shards.drain(..) {
            shard.join().map_err(|_| NodeError::Lost)?;
        }
        if let Some(edge) = self.edge.take() {
            edge.join().map_err(|_| NodeError::Lost)?;
        }
        // It may have the store open, too.
        self.dashboard = None;
        self.store.close()?;
        Ok(())
    }
}

/// A program that has been evaluated once, party by party.
struct Loaded {
    programs: Arc<Programs>,
    shapes: HashMap<Arc<str>, Shape>,
}

/// What a party's module may use while it is loaded.
struct LoadLimits {
    heap_bytes: usize,
    deadline: Duration,
}

impl Settings {
    /// What parties may reach from now on; this host's own address always.
    fn open_outbound(&self, address: SocketAddr) -> Result<(), NodeError> {
        outbound::roots()?;
        let policy = self.outbound.clone().except(address, &public_host(address));
        outbound::allow(policy.through(outbound::proxies()));
        Ok(())
    }

    fn of_edge(&self, dashboard: Option<&Arc<Dashboard>>) -> EdgeSettings {
        EdgeSettings {
            live: self.live.clone(),
            scheme: if self.tls.is_some() { "https" } else { "http" },
            tls: self.tls.clone(),
            trusted_proxy: self.trusted_proxy,
            on_request: self.on_request.clone(),
            host_pages: dashboard.cloned().map(showing::pages),
            on_trouble: Some(trouble_log(self.log.clone())),
            clients_max: raise_limit().saturating_sub(limits::FILES_ELSE).max(1),
            ..EdgeSettings::default()
        }
    }

    fn limits(&self) -> LoadLimits {
        LoadLimits { heap_bytes: self.heap_limit_bytes, deadline: self.turn_deadline }
    }

    fn debuggable<'a>(&'a self, config: &'a Config) -> Option<Debuggable<'a>> {
        Some(Debuggable { registry: self.inspect.as_ref()?, root: &config.root })
    }
}

/// The program is for debuggers, too.
#[derive(Clone, Copy)]
struct Debuggable<'a> {
    registry: &'a Registry,
    root: &'a Path,
}

impl Debuggable<'_> {
    fn source(&self, party: &PartyCode) -> PartySource {
        let url = inspect::map::script_url(self.root, &party.name);
        let mark = inspect::map::mark(&party.name, &party.code);
        let (name, map) = (party.name.clone(), party.source_map.clone());
        PartySource::debuggable(name, &party.code, map, &url, &mark)
    }

    /// Tells debuggers what they will find.
    fn describe(&self, program: &Program) {
        let party = |party: &PartyCode| inspect::Party {
            name: party.name.clone(),
            url: inspect::map::file_url(&party.file),
            map_mark: inspect::map::mark(&party.name, &party.code),
            map: inspect::map::data_url(party.source_map.as_deref().unwrap_or_default(), self.root)
                .into(),
        };
        self.registry.describe(program.parties.iter().map(party).collect());
    }
}

/// Loads every party and serves nothing (`houseparty check`).
pub fn check(program: &Program, log: PartyLog) -> Result<(), NodeError> {
    let watchdog = Watchdog::start(1).map_err(NodeError::Thread)?;
    let limits = LoadLimits { heap_bytes: 128 << 20, deadline: Duration::from_secs(10) };
    load(program, &limits, &watchdog.watch(0), &log, None).map(drop)
}

/// Evaluates every party without a room: load-time validation (spec 2.3) and the edge's shapes.
fn load(
    program: &Program,
    limits: &LoadLimits,
    watch: &Watch,
    log: &PartyLog,
    debuggable: Option<Debuggable<'_>>,
) -> Result<Loaded, NodeError> {
    std::thread::scope(|scope| {
        let loading = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(NodeError::Thread)?;
            let tasks = tokio::task::LocalSet::new();
            let mut programs = BTreeMap::new();
            let mut shapes = HashMap::new();
            for party in &program.parties {
                let source = Arc::new(match debuggable {
                    Some(debuggable) => debuggable.source(party),
                    None => {
                        PartySource::new(party.name.clone(), &party.code, party.source_map.clone())
                    }
                });
                let key = RoomKey::lobby(party.name.clone());
                let log = log.clone();
                let shape = tasks.block_on(
                    &runtime,
                    shape_of(
                        &source,
                        limits.heap_bytes,
                        watch,
                        limits.deadline,
                        Rc::new(move |level, text| log(&key, level, text)),
                    ),
                );
                let failed = |message: String| NodeError::Party {
                    party: party.name.clone(),
                    file: party.file.display().to_string(),
                    message,
                };
                let shape = shape.map_err(|error| failed(error.to_string()))?;
                let shape: Shape =
                    serde_json::from_str(&shape).map_err(|error| failed(error.to_string()))?;
                shapes.insert(party.name.clone(), shape);
                programs.insert(party.name.clone(), source);
            }
            if let Some(debuggable) = debuggable {
                debuggable.describe(program);
            }
            Ok(Loaded { programs: Arc::new(programs), shapes })
        });
        loading.join().map_err(|_| NodeError::Lost)?
    })
}

fn open_store(
    config: &Config,
    settings: &Settings,
    controls: Vec<mpsc::UnboundedSender<Control>>,
) -> Result<Store, StoreError> {
    let location = match &config.persist {
        Persist::Off => Location::Memory,
        Persist::Folder(folder) => Location::File(folder.clone()),
    };
    let on_outcome = move |outcome: &Outcome| {
        let outcome = Arc::new(outcome.clone());
        for control in &controls {
            // A shard that has stopped has nothing to wait for.
            let _ = control.send(Control::Committed(outcome.clone()));
        }
    };
    Store::open(location, settings.durability, Box::new(on_outcome))
}

fn site_of(config: &Config, loaded: &Loaded, settings: &Settings) -> Site {
    Site {
        parties: loaded.shapes.clone(),
        crons: config
            .crons
            .iter()
            .map(|(name, cron)| (name.clone(), cron.expression().to_owned()))
            .collect(),
        assets: config.serve.as_ref().map(|serve| {
            Assets::new(AssetSettings {
                root: serve.path.clone(),
                single_page_app: serve.single_page_app,
                browser_ttl: serve.browser_ttl,
                patterns: crate::server::Patterns {
                    include: serve.include.clone(),
                    exclude: serve.exclude.clone(),
                },
            })
            .with_built(settings.built.clone())
            .with_live(settings.live.clone())
        }),
        cron_url: settings.cron_url,
    }
}

/// Under which name parties know this host.
pub fn public_host(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("127.0.0.1:{}", address.port()),
        false => address.to_string(),
    }
}

fn engine_settings(
    config: &Config,
    site: &Site,
    settings: &Settings,
    address: SocketAddr,
) -> EngineSettings {
    let mut parties: Vec<Arc<str>> = config.parties.iter().map(|(name, _)| name.clone()).collect();
    parties.push("main".into());
    let assets = site.assets.clone();
    let public_host = public_host(address);
    EngineSettings {
        parties,
        env: config.vars.clone(),
        vectorize: config.vectorize.clone(),
        ai: config.ai.clone(),
        public_host,
        heap_limit_bytes: settings.heap_limit_bytes,
        turn_deadline: settings.turn_deadline,
        alarm_deadline: Duration::from_secs(limits::ALARM_SECONDS_MAX),
        hibernate_after: settings.hibernate_after,
        wire: WireSettings { message_max: settings.message_limit, ..WireSettings::default() },
        log: settings.log.clone(),
        on_socket_end: settings.on_socket_end.clone(),
        show_places: settings.show_places,
        assets: Arc::new(move |path| {
            let assets = assets.clone();
            Box::pin(async move { assets.as_ref()?.fetch(&path).await })
        }),
    }
}

fn spawn_shard(index: usize, seed: ShardSeed) -> Result<JoinHandle<()>, NodeError> {
    let log = seed.settings.log.clone();
    std::thread::Builder::new()
        .name(format!("shard-{index}"))
        .stack_size(limits::SHARD_STACK_BYTES)
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let outcome = match runtime {
                Ok(runtime) => {
                    let tasks = tokio::task::LocalSet::new();
                    tasks.block_on(&runtime, seed.run()).map_err(|error| error.to_string())
                }
                Err(error) => Err(error.to_string()),
            };
            if let Err(error) = outcome {
                log(&RoomKey::lobby("main"), 3, &format!("shard {index} stopped: {error}"));
            }
        })
        .map_err(NodeError::Thread)
}

/// What the edge has trouble with goes to the log, as if the main lobby had said it.
fn trouble_log(log: PartyLog) -> OnTrouble {
    Arc::new(move |text| log(&RoomKey::lobby("main"), 3, text))
}

/// So does what becomes of crons: they run there.
fn cron_log(log: PartyLog) -> crons::Told {
    Arc::new(move |text| log(&RoomKey::lobby("main"), 2, text))
}

struct Edge {
    listener: TcpListener,
    directory: Directory,
    sites: watch::Receiver<Arc<Site>>,
    crons: watch::Receiver<Arc<Config>>,
    alarms: Arc<AlarmClock>,
    inspect: Option<Arc<Registry>>,
    cron_trouble: crons::Told,
    settings: EdgeSettings,
}

/// The edge's own thread: HTTP, the alarm clock, the crons.
fn spawn_edge(edge: Edge, stopped: oneshot::Receiver<()>) -> Result<JoinHandle<()>, NodeError> {
    edge.listener.set_nonblocking(true).map_err(NodeError::Listener)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(limits::EDGE_THREADS)
        .thread_name("edge")
        .enable_all()
        .build()
        .map_err(NodeError::Thread)?;
    let listener = {
        let _inside = runtime.enter();
        tokio::net::TcpListener::from_std(edge.listener).map_err(NodeError::Listener)?
    };
    std::thread::Builder::new()
        .name("edge-main".into())
        .spawn(move || {
            runtime.block_on(async move {
                tokio::spawn(ring_alarms(edge.alarms, edge.directory.clone()));
                let (clock, told) = (Arc::new(crons::WallClock), edge.cron_trouble);
                tokio::spawn(crons::run(edge.crons, edge.directory.clone(), clock, told));
                let debuggers = edge.inspect.and_then(|registry| {
                    let listener = registry.take_listener()?;
                    Some(tokio::spawn(inspect::serve(listener, registry)))
                });
                let shutdown = async {
                    // Dropped without a word means the same.
                    let _ = stopped.await;
                };
                let served = crate::server::serve(
                    listener,
                    edge.directory,
                    edge.sites,
                    edge.settings,
                    shutdown,
                );
                if let Err(error) = served.await {
                    eprintln!("the edge stopped: {error}");
                }
                if let Some(debuggers) = debuggers {
                    // They are told that the host goes.
                    let _ = debuggers.await;
                }
            });
        })
        .map_err(NodeError::Thread)
}

/// Sleeps until the earliest alarm and tells its room (AL-08: never before its time).
async fn ring_alarms(alarms: Arc<AlarmClock>, directory: Directory) {
    loop {
        let changed = alarms.changed();
        let now = now_ms();
        for (room, row) in alarms.take_due(now) {
            let event = Event::Alarm { scheduled: row.scheduled_ms, retry: row.retry };
            if directory.deliver(room, event).is_err() {
                return;
            }
        }
        match alarms.next_due() {
            Some(due) => {
                let wait = u64::try_from(due - now).unwrap_or(0).max(1);
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_millis(wait)) => {}
                    () = changed => {}
                }
            }
            None => changed.await,
        }
    }
}
