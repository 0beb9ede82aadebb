//! `houseparty bench`: arguments → a `Plan` → a report on the terminal.
//!
//! Says what can be asked for and what each workload does when it is not asked; the measuring is
//! `crate::bench`. Exit code 1 when the host could not be measured or when anything was lost,
//! doubled or out of order; the report is printed all the same. `bench bare-server`, `sync-rate`,
//! `store-alarms` and `storage-handle` (scale.rs) are for `scripts/bench` and not shown.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};

use super::scale;
use crate::bench::{self, Plan, Workload};

#[derive(Debug, Clone, Args)]
pub struct BenchArgs {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Debug, Clone, Subcommand)]
enum BenchCommand {
    /// Messages that come back to their sender
    Echo(Load),
    /// Messages of one client to everyone in its room
    Fanout(Load),
    /// Requests to a room that is awake
    Http(Load),
    /// Requests that each store a value and wait until it is durable
    Put(Load),
    /// Requests that each store 128 values of 1 KB and wait until they are durable
    Batch(Load),
    /// Lists of 10,000 keys, once in each of the rooms, after the host has dropped it from memory
    List(Load),
    /// Requests to rooms that do not exist yet
    Cold(Load),
    /// Connections that do nothing
    Idle(Load),
    /// Connections that all come at once
    Storm(Load),
    /// Requests to a party that asks another one
    Parties(Load),
    /// A server without JavaScript, to compare with
    #[command(hide = true)]
    BareServer {
        #[arg(long, default_value_t = 0)]
        port: u16,
    },
    /// How often per second the disk of a folder can sync
    #[command(hide = true)]
    SyncRate {
        folder: PathBuf,
        #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
        duration: f64,
    },
    /// A store with an alarm in each of that many rooms
    #[command(hide = true)]
    StoreAlarms {
        folder: PathBuf,
        #[arg(long, default_value_t = 100_000)]
        count: u32,
    },
    /// Bytes of memory that the storage of a room takes
    #[command(hide = true)]
    StorageHandle {
        folder: PathBuf,
        #[arg(long, default_value_t = 20_000)]
        count: u32,
    },
}

#[derive(Debug, Clone, Args)]
struct Load {
    /// The host to measure, serving bench/project
    #[arg(long)]
    url: String,
    /// Another party than the one of bench/project
    #[arg(long)]
    party: Option<String>,
    /// Clients [default: 50; fanout 500, idle and storm 1000, cold 1]
    #[arg(long)]
    connections: Option<usize>,
    /// Rooms the clients are spread over
    #[arg(long, default_value_t = 1)]
    rooms: usize,
    /// Bytes of a message
    #[arg(long, default_value_t = 64, value_parser = size)]
    size: usize,
    /// What is measured, in seconds; for idle, how long the clients are quiet
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    duration: f64,
    /// What comes before and does not count, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    warm_up: f64,
    /// Messages a client has under way [default: 1; fanout 4]
    #[arg(long)]
    window: Option<usize>,
    /// Beside them, a room each of whose turns burns this much CPU; for echo
    #[arg(long, value_name = "MILLISECONDS")]
    burn: Option<u64>,
    /// A client's next room only so long after its last; for cold [default: at once]
    #[arg(long, value_name = "MILLISECONDS")]
    every: Option<u64>,
    /// The host's process: report its CPU time and memory, with its children
    #[arg(long)]
    pid: Option<u32>,
    /// Also draw the latencies and the rate over time into this file
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
    /// One JSON object instead of a table
    #[arg(long)]
    json: bool,
}

/// The stamp of a message needs some.
fn size(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(size) if size >= bench::SIZE_MIN => Ok(size),
        _ => Err(format!("a message has at least {} bytes", bench::SIZE_MIN)),
    }
}

impl Load {
    fn plan(self, workload: Workload) -> anyhow::Result<Plan> {
        let connections = match workload {
            Workload::Fanout => 500,
            Workload::Idle | Workload::Storm => 1000,
            Workload::Cold | Workload::List => 1,
            _ => 50,
        };
        let connections = self.connections.unwrap_or(connections);
        let requests = matches!(
            workload,
            Workload::Http | Workload::Put | Workload::Batch | Workload::List | Workload::Parties
        );
        if connections == 0 || self.rooms == 0 || self.rooms > connections && !requests {
            anyhow::bail!(
                "there is at least one client, and at least one room, but no room without clients"
            );
        }
        if self.burn.is_some() && workload != Workload::Echo {
            anyhow::bail!("--burn goes with `echo`: it is about the time of other rooms' messages");
        }
        if self.every.is_some() && workload != Workload::Cold {
            anyhow::bail!(
                "--every goes with `cold`: it gives a host time to prepare for new rooms"
            );
        }
        let seconds = |seconds| {
            Duration::try_from_secs_f64(seconds)
                .map_err(|_| anyhow::anyhow!("{seconds} seconds cannot be measured"))
        };
        Ok(Plan {
            workload,
            url: self.url,
            party: self.party,
            connections,
            rooms: self.rooms,
            size: self.size,
            warm_up: seconds(self.warm_up)?,
            duration: seconds(self.duration)?,
            window: self.window.unwrap_or(if workload == Workload::Fanout { 4 } else { 1 }).max(1),
            burn: self.burn,
            every: self.every.filter(|&every| every > 0).map(Duration::from_millis),
            pid: self.pid,
        })
    }
}

pub fn run(args: &BenchArgs) -> anyhow::Result<ExitCode> {
    match args.command.clone() {
        BenchCommand::Echo(load) => measure(load, Workload::Echo),
        BenchCommand::Fanout(load) => measure(load, Workload::Fanout),
        BenchCommand::Http(load) => measure(load, Workload::Http),
        BenchCommand::Put(load) => measure(load, Workload::Put),
        BenchCommand::Batch(load) => measure(load, Workload::Batch),
        BenchCommand::List(load) => measure(load, Workload::List),
        BenchCommand::Cold(load) => measure(load, Workload::Cold),
        BenchCommand::Idle(load) => measure(load, Workload::Idle),
        BenchCommand::Storm(load) => measure(load, Workload::Storm),
        BenchCommand::Parties(load) => measure(load, Workload::Parties),
        BenchCommand::BareServer { port } => {
            bench::serve_bare(port)?;
            Ok(ExitCode::SUCCESS)
        }
        BenchCommand::SyncRate { folder, duration } => {
            let duration = Duration::try_from_secs_f64(duration)?;
            println!("{:.0}", bench::sync_rate(&folder, duration)?);
            Ok(ExitCode::SUCCESS)
        }
        BenchCommand::StoreAlarms { folder, count } => {
            scale::store_alarms(&folder, count)?;
            Ok(ExitCode::SUCCESS)
        }
        BenchCommand::StorageHandle { folder, count } => {
            println!("{:.0}", scale::storage_handle(&folder, count)?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn measure(load: Load, workload: Workload) -> anyhow::Result<ExitCode> {
    let (json, plot) = (load.json, load.plot.clone());
    let report = bench::run(&load.plan(workload)?)?;
    if let Some(file) = plot {
        std::fs::write(&file, bench::svg(&report))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    if json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{report}");
    }
    Ok(match report.problem() {
        Some(problem) => {
            eprintln!("error: this measurement does not count: {problem}");
            ExitCode::FAILURE
        }
        None => ExitCode::SUCCESS,
    })
}
