//! Every client sends messages and waits until they come back, `window` at a time.
//!
//! Also what the workloads share: opening many sockets, and running clients for the time of a
//! measurement.

use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::stream::{self, StreamExt, TryStreamExt};
use tokio::task::JoinSet;

use super::process::Reading;
use super::report::{Measured, Readings};
use super::socket::{self, Incoming, Reader, Writer};
use super::stamp::Stamp;
use super::tally::{Tally, add};
use super::target::Target;
use super::{BenchError, Plan};

/// Connections that are being opened at the same time.
const OPENING: usize = 64;

/// Messages that a room which burns CPU has waiting.
const BURNS_UNDER_WAY: usize = 4;

/// How long after the end of a measurement deliveries may still arrive, in seconds.
const DRAIN_SECONDS: u64 = 15;

pub async fn run(plan: &Plan, target: &Target) -> Result<Measured, BenchError> {
    let sockets = open_all(plan, target).await?;
    let tally = Tally::new();
    let mut clients = Clients::new(&tally);
    if let Some(milliseconds) = plan.burn {
        let path = format!("/parties/burner/{}", run_name());
        let (reader, writer) = socket::open(target, &path).await?;
        clients.add(burn(reader, writer, milliseconds, tally.clone()));
    }
    for (reader, writer) in sockets {
        let message = vec![b'x'; plan.size];
        let client = Client { reader, writer, message, sent: 0, tally: tally.clone() };
        clients.add(client.run(plan.window));
    }
    clients.run(plan).await
}

/// A name for the rooms of one measurement that no earlier one used.
pub fn run_name() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("bench-{:x}", now.as_nanos())
}

/// A socket for each connection of the plan, in order.
pub async fn open_all(plan: &Plan, target: &Target) -> Result<Vec<(Reader, Writer)>, BenchError> {
    open_some(plan, target, &run_name(), 0..plan.connections).await
}

/// Sockets for some of the connections of the plan, in order.
pub async fn open_some(
    plan: &Plan,
    target: &Target,
    name: &str,
    connections: std::ops::Range<usize>,
) -> Result<Vec<(Reader, Writer)>, BenchError> {
    let opening = connections.map(|index| {
        let path = plan.path(name, index);
        async move { socket::open(target, &path).await }
    });
    stream::iter(opening).buffered(OPENING).try_collect().await
}

/// Keeps a room busy until the measurement is over: as soon as one turn is done the next is waiting.
/// Nothing of it is counted.
async fn burn(
    mut reader: Reader,
    mut writer: Writer,
    milliseconds: u64,
    tally: Rc<Tally>,
) -> Result<(), BenchError> {
    let message = milliseconds.to_string();
    (0..BURNS_UNDER_WAY).for_each(|_| writer.push(message.as_bytes()));
    let mut under_way = BURNS_UNDER_WAY;
    writer.flush().await?;
    while under_way > 0 {
        reader.fill().await?;
        while let Some(incoming) = reader.next()? {
            match incoming {
                Incoming::Message(_) if tally.is_over(tally.now()) => under_way -= 1,
                Incoming::Message(_) => writer.push(message.as_bytes()),
                Incoming::Ping(payload) => writer.pong(payload),
                Incoming::Pong => {}
            }
        }
        writer.flush().await?;
    }
    Ok(())
}

struct Client {
    reader: Reader,
    writer: Writer,
    message: Vec<u8>,
    sent: u64,
    tally: Rc<Tally>,
}

impl Client {
    fn send(&mut self) {
        let stamp = Stamp { number: self.sent, nanoseconds: self.tally.now() };
        stamp.write(&mut self.message);
        self.writer.push(&self.message);
        self.sent += 1;
        add(&self.tally.sent);
        add(&self.tally.expected);
    }

    async fn run(mut self, window: usize) -> Result<(), BenchError> {
        for _ in 0..window {
            self.send();
        }
        self.writer.flush().await?;
        let mut answered = 0;
        while answered < self.sent {
            self.reader.fill().await?;
            let now = self.tally.now();
            let before = answered;
            while let Some(incoming) = self.reader.next()? {
                match incoming {
                    Incoming::Message(message) => {
                        match Stamp::read(message) {
                            Some(stamp)
                                if stamp.number == answered
                                    && message.len() == self.message.len() =>
                            {
                                self.tally.delivery(stamp.nanoseconds, now);
                            }
                            _ => self.tally.misplaced(),
                        }
                        answered += 1;
                    }
                    Incoming::Ping(payload) => self.writer.pong(payload),
                    Incoming::Pong => {}
                }
            }
            if !self.tally.is_over(now) {
                (before..answered).for_each(|_| self.send());
            }
            self.writer.flush().await?;
        }
        Ok(())
    }
}

/// The clients of one measurement.
pub struct Clients {
    tasks: JoinSet<()>,
    tally: Rc<Tally>,
}

impl Clients {
    pub fn new(tally: &Rc<Tally>) -> Self {
        Self { tasks: JoinSet::new(), tally: tally.clone() }
    }

    /// One that fails says so at once; the others go on.
    pub fn add(&mut self, client: impl Future<Output = Result<(), BenchError>> + 'static) {
        let tally = self.tally.clone();
        self.tasks.spawn_local(async move {
            if let Err(error) = client.await {
                tally.fail(error.to_string());
            }
        });
    }

    /// Lets them work for the time of the plan and until all they have sent is answered, at most
    /// `DRAIN_SECONDS` longer. What is missing then is lost.
    pub async fn run(self, plan: &Plan) -> Result<Measured, BenchError> {
        self.tally.count_after(plan.warm_up, plan.duration);
        let readings = tokio::task::spawn_local(readings(plan.clone()));
        let tally = self.tally.clone();
        self.join(plan.warm_up + plan.duration).await;
        let readings = readings.await.map_err(|error| BenchError::Answer(error.to_string()))??;
        Ok(Measured { tally, readings })
    }

    /// Lets each do what it has to do once; all of it counts.
    pub async fn run_once(self, plan: &Plan) -> Result<Measured, BenchError> {
        let tally = self.tally.clone();
        tally.count_after(Duration::ZERO, plan.duration + Duration::from_secs(DRAIN_SECONDS));
        let start = (host(plan)?, client()?);
        self.join(plan.duration).await;
        tally.stop();
        let host = start.0.zip(host(plan)?);
        let readings = Readings { before: None, host, client: (start.1, client()?) };
        Ok(Measured { tally, readings })
    }

    async fn join(mut self, time: Duration) {
        let ended = tokio::time::timeout(time + Duration::from_secs(DRAIN_SECONDS), async {
            while let Some(ended) = self.tasks.join_next().await {
                if let Err(error) = ended {
                    self.tally.fail(error.to_string());
                }
            }
        });
        if ended.await.is_err() {
            self.tally.fail(format!("{} clients got no answer any more", self.tasks.len()));
        }
    }
}

fn host(plan: &Plan) -> Result<Option<Reading>, BenchError> {
    plan.pid.map(Reading::take).transpose()
}

fn client() -> Result<Reading, BenchError> {
    Reading::take(std::process::id())
}

/// What host and client had used at the start and at the end of what is counted.
pub async fn readings(plan: Plan) -> Result<Readings, BenchError> {
    tokio::time::sleep(plan.warm_up).await;
    let start = (host(&plan)?, client()?);
    tokio::time::sleep(plan.duration).await;
    let host = start.0.zip(host(&plan)?);
    Ok(Readings { before: None, host, client: (start.1, client()?) })
}
