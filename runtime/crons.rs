//! Runs the crons of the project on schedule, each under its own name.
//!
//! Used by the node, as one task. A cron never overlaps with itself, not across a reload either: a run
//! that is due while the one before has not ended is left out and the log says so. Runs that were missed
//! because the host was down are not made up for. Times are UTC; the clock may be set while we wait, so
//! it is looked at again before a run and at least once a minute.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use http::HeaderMap;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot, watch};
use tokio::task::JoinSet;

use crate::clock::now_ms;
use crate::config::{Config, Cron};
use crate::name::RoomKey;
use crate::room::directory::Directory;
use crate::room::event::{Body, CronRun, Event, Hook, Reply, Request, Visit};

/// How long to rely on the wall clock of before, in milliseconds.
const LOOK_AGAIN_MS: i64 = 60_000;

/// What time it is, in milliseconds since the epoch, and waiting.
pub trait Clock: Send + Sync {
    fn now(&self) -> i64;
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()>;
}

/// The clock of the machine.
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> i64 {
        now_ms()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// Takes a line for the operator.
pub type Told = Arc<dyn Fn(&str) + Send + Sync>;

/// One named cron and what it needs to run.
struct Schedule {
    name: String,
    cron: Cron,
    /// Held while a run of this name has not ended.
    running: Arc<Mutex<()>>,
    directory: Directory,
    clock: Arc<dyn Clock>,
    told: Told,
}

/// Runs until the node goes away; a changed configuration takes over at once.
pub async fn run(
    mut configs: watch::Receiver<Arc<Config>>,
    directory: Directory,
    clock: Arc<dyn Clock>,
    told: Told,
) {
    let mut running: HashMap<String, Arc<Mutex<()>>> = HashMap::new();
    loop {
        let config = configs.borrow_and_update().clone();
        let mut schedules = JoinSet::new();
        for (name, cron) in config.crons.clone() {
            let running = running.entry(name.clone()).or_default().clone();
            let (directory, clock, told) = (directory.clone(), clock.clone(), told.clone());
            schedules.spawn(Schedule { name, cron, running, directory, clock, told }.keep());
        }
        if configs.changed().await.is_err() {
            return;
        }
    }
}

impl Schedule {
    async fn keep(self) {
        let mut from = self.clock.now();
        while let Some(at) = self.cron.next_after(from) {
            self.wait_until(at).await;
            match self.running.clone().try_lock_owned() {
                Ok(running) => {
                    if !self.start(at, running) {
                        return;
                    }
                }
                Err(_) => (self.told)(&format!(
                    "cron `{}`: a run is left out because the one before has not ended",
                    self.name
                )),
            }
            // The clock may stand a little before `at` again; once is enough.
            from = at.max(self.clock.now());
        }
    }

    async fn wait_until(&self, at: i64) {
        loop {
            let left = at - self.clock.now();
            let Ok(wait @ 1..) = u64::try_from(left.min(LOOK_AGAIN_MS)) else { return };
            self.clock.sleep(Duration::from_millis(wait)).await;
        }
    }

    /// Gives whether the host still takes events.
    fn start(&self, at: i64, running: OwnedMutexGuard<()>) -> bool {
        let run = CronRun {
            name: self.name.clone(),
            cron: self.cron.expression().to_owned(),
            scheduled_ms: at,
        };
        let Some(answer) = start(&self.directory, run) else { return false };
        tokio::spawn(async move {
            // What it answers is logged where it failed.
            let _ = answer.await;
            drop(running);
        });
        true
    }
}

/// Hands one run to the main lobby, which answers as `/__scheduled__` does. None: the host is going down.
pub fn start(directory: &Directory, run: CronRun) -> Option<oneshot::Receiver<Reply>> {
    let (reply, answer) = oneshot::channel();
    let request = Request {
        method: http::Method::GET,
        url: format!("http://localhost/__scheduled__?cron={}", run.name),
        headers: HeaderMap::new(),
        peer: None,
        visit: Visit::default(),
        body: Body::Empty,
    };
    let hook = Event::Hook { hook: Hook::Cron, request, room: None, cron: Some(run), reply };
    directory.deliver(RoomKey::lobby("main"), hook).ok()?;
    Some(answer)
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;
    use crate::config::Overrides;
    use crate::room::directory::Delivery;
    use crate::room::event::Replier;

    /// 2026-11-24T00:00:30Z: half a minute before the first run.
    const BEGIN: i64 = 1_795_478_430_000;

    /// A clock that stands still until it is set.
    struct Hands(watch::Sender<i64>);

    impl Clock for Hands {
        fn now(&self) -> i64 {
            *self.0.borrow()
        }

        fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
            let mut now = self.0.subscribe();
            let end = self.now() + i64::try_from(time.as_millis()).unwrap();
            Box::pin(async move {
                // A clock that is gone has no more to say.
                let _ = now.wait_for(|now| *now >= end).await;
            })
        }
    }

    struct Rig {
        deliveries: mpsc::UnboundedReceiver<Delivery>,
        configs: watch::Sender<Arc<Config>>,
        lines: Arc<std::sync::Mutex<Vec<String>>>,
        clock: Arc<Hands>,
    }

    fn config(crons: &[(&str, &str)]) -> Arc<Config> {
        let crons: serde_json::Map<String, serde_json::Value> =
            crons.iter().map(|(name, cron)| ((*name).to_owned(), (*cron).into())).collect();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("main.ts"), "").unwrap();
        let text = serde_json::json!({ "main": "main.ts", "crons": crons }).to_string();
        std::fs::write(folder.path().join("partykit.json"), text).unwrap();
        Arc::new(Config::load(folder.path(), &Overrides::default()).unwrap())
    }

    impl Rig {
        fn new(crons: &[(&str, &str)]) -> Self {
            let clock = Arc::new(Hands(watch::Sender::new(BEGIN)));
            let (sender, deliveries) = mpsc::unbounded_channel();
            let (configs, seen) = watch::channel(config(crons));
            let lines: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
            let told = lines.clone();
            let told: Told = Arc::new(move |line| told.lock().unwrap().push(line.to_owned()));
            tokio::spawn(run(seen, Directory::new(vec![sender]), clock.clone(), told));
            Self { deliveries, configs, lines, clock }
        }

        /// Sets the clock to that many seconds after the beginning; gives the runs that started.
        async fn at(&mut self, seconds: i64) -> Vec<(String, Replier)> {
            settle().await;
            self.clock.0.send_replace(BEGIN + seconds * 1000);
            settle().await;
            let mut started = Vec::new();
            while let Ok(delivery) = self.deliveries.try_recv() {
                let Event::Hook { cron: Some(run), reply, .. } = delivery.event else {
                    panic!("not a cron")
                };
                assert!(self.clock.now() >= run.scheduled_ms, "before its time");
                started.push((run.name, reply));
            }
            started.sort_by(|a, b| a.0.cmp(&b.0));
            started
        }
    }

    /// Lets all tasks of this thread run until they wait.
    async fn settle() {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }

    fn names(started: &[(String, Replier)]) -> Vec<&str> {
        started.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[tokio::test]
    async fn r_84_each_name_runs_for_itself_and_at_its_time() {
        let mut rig = Rig::new(&[("a", "* * * * *"), ("b", "* * * * *"), ("c", "*/2 * * * *")]);
        assert!(rig.at(29).await.is_empty());
        assert_eq!(names(&rig.at(30).await), ["a", "b"]);
        assert!(rig.at(31).await.is_empty(), "once a minute");
        assert_eq!(names(&rig.at(90).await), ["a", "b", "c"]);
        // The machine slept: what was missed is run once.
        assert_eq!(names(&rig.at(1000).await), ["a", "b", "c"]);
        // Somebody sets the clock back.
        assert!(rig.at(980).await.is_empty());
    }

    #[tokio::test]
    async fn a_run_that_takes_long_leaves_out_the_next() {
        let mut rig = Rig::new(&[("slow", "* * * * *"), ("quick", "* * * * *")]);
        let mut first = rig.at(30).await;
        assert_eq!(names(&first), ["quick", "slow"]);
        let slow = first.pop();
        drop(first);
        for minute in [90, 150] {
            assert_eq!(names(&rig.at(minute).await), ["quick"]);
        }
        assert_eq!(rig.lines.lock().unwrap().len(), 2);
        assert!(rig.lines.lock().unwrap()[0].contains("cron `slow`"));
        drop(slow);
        assert_eq!(names(&rig.at(210).await), ["quick", "slow"]);
    }

    #[tokio::test]
    async fn a_reload_does_not_let_it_overlap_either() {
        let mut rig = Rig::new(&[("slow", "* * * * *")]);
        let slow = rig.at(30).await;
        assert_eq!(names(&slow), ["slow"]);
        rig.configs.send_replace(config(&[("slow", "* * * * *"), ("new", "* * * * *")]));
        assert_eq!(names(&rig.at(90).await), ["new"]);
        drop(slow);
        assert_eq!(names(&rig.at(150).await), ["new", "slow"]);
        rig.configs.send_replace(config(&[]));
        assert!(rig.at(210).await.is_empty());
    }
}
