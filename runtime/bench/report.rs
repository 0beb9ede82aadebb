//! What a measurement found: a table for people, or JSON.
//!
//! Made once, from the tally, when the clients have ended. `problems` is what makes a run fail:
//! anything lost, out of place, or a client that could not go on.

use std::fmt;
use std::rc::Rc;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::process::Reading;
use super::tally::Tally;
use super::{Plan, Workload};

/// Points of the distribution for each halving of what is left of it.
const CURVE_TICKS: u32 = 4;

/// What a workload hands over.
pub struct Measured {
    pub tally: Rc<Tally>,
    pub readings: Readings,
}

/// Used by host and client, at the start and at the end.
pub struct Readings {
    /// The host when the rooms were there and one client in each.
    pub before: Option<Reading>,
    pub host: Option<(Reading, Reading)>,
    pub client: (Reading, Reading),
}

#[derive(Debug, Serialize)]
pub struct Report {
    pub workload: &'static str,
    pub url: String,
    pub connections: usize,
    pub rooms: usize,
    pub size: usize,
    pub window: usize,
    /// Time that was counted.
    pub seconds: f64,
    /// Deliveries (echoes, broadcasts received, answers) within it.
    pub counted: u64,
    pub per_second: f64,
    pub latency: Latency,
    pub sent: u64,
    pub expected: u64,
    pub delivered: u64,
    pub lost: u64,
    pub misplaced: u64,
    pub failures: u64,
    pub failure: Option<String>,
    pub host: Option<Host>,
    /// Cores the client kept busy: near 1, it is the client that was measured.
    pub client_cores: f64,
    /// Deliveries in each second.
    pub timeline: Vec<u64>,
}

/// In microseconds.
#[derive(Debug, Serialize)]
pub struct Latency {
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
    /// The whole distribution, for `plot`.
    pub curve: Vec<Point>,
}

/// This share of the deliveries took at most this long.
#[derive(Debug, Serialize)]
pub struct Point {
    pub share: f64,
    pub microseconds: f64,
}

/// What it cost the host.
#[derive(Debug, Serialize)]
pub struct Host {
    pub cores: f64,
    /// CPU time per delivery; not for connections that do nothing.
    pub cpu_microseconds: Option<f64>,
    pub resident_bytes: u64,
    /// More than before the clients came, for each of them: of `storm` with what their room costs, of
    /// `idle` without.
    pub bytes_per_connection: Option<f64>,
}

impl Latency {
    fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1e3;
        let max = histogram.max() as f64 / 1e3;
        let curve = histogram
            .iter_quantiles(CURVE_TICKS)
            .map(|step| Point {
                share: step.quantile_iterated_to(),
                microseconds: step.value_iterated_to() as f64 / 1e3,
            })
            .collect();
        Self { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max, curve }
    }
}

impl Report {
    pub(super) fn new(plan: &Plan, measured: Measured, before: Option<&Reading>) -> Self {
        let Measured { tally, readings } = measured;
        let seconds = tally.counted_time().as_secs_f64();
        let counted = tally.counted.get();
        // Nothing is counted while connections idle: the time read from is the plan's.
        let idle = plan.workload == Workload::Idle;
        let read = if idle { plan.duration.as_secs_f64() } else { seconds };
        let cores = |(start, end): (Reading, Reading)| (end.cpu_seconds - start.cpu_seconds) / read;
        let host = readings.host.map(|(start, end)| {
            let used = end.cpu_seconds - start.cpu_seconds;
            // Elsewhere it is what the rooms and the messages need that grows.
            let (before, clients) = match plan.workload {
                Workload::Idle => (readings.before.as_ref(), plan.connections - plan.rooms),
                Workload::Storm => (before, plan.connections),
                _ => (None, 0),
            };
            let before = before.filter(|_| clients > 0);
            let more = before.map(|it| end.resident_bytes as f64 - it.resident_bytes as f64);
            Host {
                cores: cores((start, end)),
                cpu_microseconds: (!idle && counted > 0).then(|| used * 1e6 / counted as f64),
                resident_bytes: end.resident_bytes,
                bytes_per_connection: more.map(|more| more / clients as f64),
            }
        });
        let (expected, delivered) = (tally.expected.get(), tally.delivered.get());
        Self {
            workload: plan.workload.name(),
            url: plan.url.clone(),
            connections: plan.connections,
            rooms: plan.rooms,
            size: plan.size,
            window: plan.window,
            seconds,
            counted,
            per_second: counted as f64 / seconds.max(f64::MIN_POSITIVE),
            latency: Latency::of(&tally.latency()),
            sent: tally.sent.get(),
            expected,
            delivered,
            lost: expected.saturating_sub(delivered),
            misplaced: tally.misplaced.get(),
            failures: tally.failures.get(),
            failure: tally.failure.borrow().clone(),
            host,
            client_cores: cores(readings.client),
            timeline: tally.per_second(),
        }
    }

    /// Why this run does not count.
    pub fn problem(&self) -> Option<String> {
        if let Some(failure) = &self.failure {
            Some(format!("{} clients failed, the last one: {failure}", self.failures))
        } else if self.lost + self.misplaced > 0 {
            Some(format!("{} lost, {} doubled or out of order", self.lost, self.misplaced))
        } else if self.counted == 0 {
            Some("nothing was delivered".to_owned())
        } else {
            None
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let latency = &self.latency;
        writeln!(
            f,
            "{}  {} connections, {} rooms, {} bytes, window {}",
            self.workload, self.connections, self.rooms, self.size, self.window
        )?;
        writeln!(f, "  rate       {:.0} /s over {:.1} s", self.per_second, self.seconds)?;
        writeln!(
            f,
            "  latency    p50 {}  p90 {}  p99 {}  p99.9 {}  max {}",
            time(latency.p50),
            time(latency.p90),
            time(latency.p99),
            time(latency.p999),
            time(latency.max)
        )?;
        writeln!(
            f,
            "  delivered  {} of {}; {} lost, {} doubled or out of order",
            self.delivered, self.expected, self.lost, self.misplaced
        )?;
        if let Some(host) = &self.host {
            write!(f, "  host       {:.2} cores", host.cores)?;
            if let Some(cost) = host.cpu_microseconds {
                write!(f, ", {cost:.2} µs each")?;
            }
            write!(f, ", {:.1} MB", host.resident_bytes as f64 / 1e6)?;
            if let Some(bytes) = host.bytes_per_connection {
                write!(f, ", {:.1} KB more for each connection", bytes / 1e3)?;
            }
            writeln!(f)?;
        }
        write!(f, "  client     {:.2} cores", self.client_cores)
    }
}

fn time(microseconds: f64) -> String {
    match microseconds {
        short if short < 1e3 => format!("{short:.0} µs"),
        middle if middle < 1e6 => format!("{:.2} ms", middle / 1e3),
        long => format!("{:.2} s", long / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_or_so() {
        assert_eq!([time(12.3), time(1234.0), time(2_500_000.0)], ["12 µs", "1.23 ms", "2.50 s"]);
    }
}
