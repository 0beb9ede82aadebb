//! The host as the dashboard sees it: node's side of `dashboard::Host`, and what the dashboard hears.
//!
//! Everything is asked of those who know it: shards by their channels, parties and crons of the program
//! that is served at the moment, the store itself. Nothing here runs unless the dashboard asks, except
//! that what parties and clients say is also put into its log.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::{mpsc, watch};

use super::Settings;
use crate::clock::now_ms;
use crate::config::Config;
use crate::crons;
use crate::dashboard::{Answered, Audience, Cron, CronAnswer, Dashboard, Host, Log, Words};
use crate::engine::{Control, Glance, Translator};
use crate::limits::QUESTIONS_MAX;
use crate::name::RoomKey;
use crate::room::directory::Directory;
use crate::room::event::{Body, CronRun, Reply, Request, Response};
use crate::room::survey::{NotAsked, Question};
use crate::server::{HostPages, Site};
use crate::storage::{Catalogue, Figures, Store, StoreError};

/// What the dashboard shows.
struct Shown {
    directory: Directory,
    lines: Vec<Line>,
    sites: watch::Receiver<Arc<Site>>,
    crons: watch::Receiver<Arc<Config>>,
    store: Arc<Store>,
    translator: Translator,
}

/// The way to one shard.
struct Line {
    control: mpsc::UnboundedSender<Control>,
    glance: Arc<Glance>,
    waiting: Arc<()>,
}

/// What there is of the dashboard before the host serves.
pub struct Hearing {
    audience: Audience,
    log: Arc<Log>,
    glances: Vec<Arc<Glance>>,
}

/// Lets the dashboard hear what goes to the operator's log, if there is to be one.
pub fn listen(settings: &mut Settings) -> Option<Hearing> {
    let audience = settings.dashboard?;
    let heard = Arc::new(Log::default());
    let (ring, log) = (heard.clone(), settings.log.clone());
    settings.log = Arc::new(move |room, level, text| {
        ring.say(room, level, text);
        log(room, level, text);
    });
    let (ring, on_request) = (heard.clone(), settings.on_request.clone());
    settings.on_request = Some(Arc::new(move |request| {
        ring.answered(Answered {
            method: request.method.to_string(),
            path: request.path.clone(),
            status: request.status,
            ms: request.duration.as_secs_f64() * 1e3,
        });
        if let Some(on_request) = &on_request {
            on_request(request);
        }
    }));
    let glances = (0..settings.shards).map(|_| Arc::default()).collect();
    Some(Hearing { audience, log: heard, glances })
}

impl Hearing {
    /// Where a shard leaves word of what it is busy with.
    pub fn glance(&self, shard: usize) -> Arc<Glance> {
        self.glances.get(shard).cloned().unwrap_or_default()
    }

    /// The dashboard of the host that is made of these.
    pub fn show(
        self,
        address: SocketAddr,
        directory: &Directory,
        controls: &[mpsc::UnboundedSender<Control>],
        sites: &watch::Receiver<Arc<Site>>,
        crons: &watch::Receiver<Arc<Config>>,
        store: &Arc<Store>,
    ) -> Arc<Dashboard> {
        let shards = controls.iter().cloned().zip(self.glances);
        let lines =
            shards.map(|(control, glance)| Line { control, glance, waiting: Arc::default() });
        let shown = Shown {
            directory: directory.clone(),
            lines: lines.collect(),
            sites: sites.clone(),
            crons: crons.clone(),
            store: store.clone(),
            translator: Translator::default(),
        };
        Arc::new(Dashboard::new(Arc::new(shown), self.audience, address, self.log))
    }
}

struct Pages(Arc<Dashboard>);

/// The dashboard as the edge knows it.
pub fn pages(dashboard: Arc<Dashboard>) -> Arc<dyn HostPages> {
    Arc::new(Pages(dashboard))
}

impl HostPages for Pages {
    fn claims(&self, path: &str) -> bool {
        Dashboard::claims(path)
    }

    fn answer(&self, request: Request) -> BoxFuture<'static, Response> {
        self.0.clone().answer(request).boxed()
    }
}

impl Host for Shown {
    fn shards(&self) -> usize {
        self.lines.len()
    }

    fn shard_of(&self, room: &RoomKey) -> usize {
        self.directory.shard_of(room)
    }

    fn ask(&self, shard: usize, question: Question) -> Result<(), NotAsked> {
        let Some(line) = self.lines.get(shard) else { return Err(NotAsked::Stopping) };
        // One is ours; each of the others is with a question that waits.
        if Arc::strong_count(&line.waiting) > QUESTIONS_MAX {
            return Err(NotAsked::Crowded);
        }
        let order = Control::Survey(question, line.waiting.clone());
        line.control.send(order).map_err(|_| NotAsked::Stopping)
    }

    fn running(&self, shard: usize) -> Option<(RoomKey, Duration)> {
        self.lines.get(shard)?.glance.running()
    }

    fn parties(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = self.sites.borrow().parties.keys().cloned().collect();
        // The main party first, the others by name.
        names.sort_unstable_by_key(|name| (&**name != "main", name.clone()));
        names
    }

    fn crons(&self) -> Vec<Cron> {
        let config = self.crons.borrow().clone();
        let crons = config.crons.iter().map(|(name, cron)| Cron {
            name: name.clone(),
            expression: cron.expression().to_owned(),
            next_ms: cron.next_after(now_ms()),
        });
        crons.collect()
    }

    fn run_cron(&self, name: &str) -> Option<BoxFuture<'static, CronAnswer>> {
        let config = self.crons.borrow().clone();
        let (name, cron) = config.crons.iter().find(|(known, _)| known == name)?;
        let cron = cron.expression().to_owned();
        let run = CronRun { name: name.clone(), cron, scheduled_ms: now_ms() };
        let answer = crons::start(&self.directory, run);
        let gone = || CronAnswer { status: 503, text: "the host is stopping".to_owned() };
        let outcome = async move {
            let Some(answer) = answer else { return gone() };
            match answer.await {
                Ok(Reply::Response(response)) => {
                    let text = match response.body {
                        Body::Full(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                        Body::Empty | Body::Stream(_) => String::new(),
                    };
                    CronAnswer { status: response.status, text }
                }
                Ok(Reply::Failed { status, message }) => CronAnswer { status, text: message },
                Ok(_) => CronAnswer { status: 200, text: String::new() },
                Err(_) => gone(),
            }
        };
        Some(outcome.boxed())
    }

    fn isolates(&self) -> (usize, usize) {
        crate::engine::isolates()
    }

    fn store_figures(&self) -> Figures {
        self.store.figures()
    }

    fn catalogue(&self) -> Result<Catalogue, StoreError> {
        self.store.catalogue()
    }

    fn readable(&self, stored: Vec<Bytes>) -> BoxFuture<'_, Option<Vec<Words>>> {
        let words = self.translator.readable(stored).map(|told| {
            let words = told?.into_iter().map(|told| match told {
                Ok(readable) => Words::Json { json: readable.json, exact: readable.exact },
                Err(error) => Words::Unreadable(error.to_string()),
            });
            Some(words.collect())
        });
        words.boxed()
    }

    fn stored(&self, json: String) -> BoxFuture<'_, Option<Result<Vec<u8>, String>>> {
        let stored = self.translator.stored(json);
        stored.map(|told| told.map(|told| told.map_err(|error| error.to_string()))).boxed()
    }
}
