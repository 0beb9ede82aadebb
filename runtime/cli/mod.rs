//! The command line: arguments → `Config` and `Settings` → a running `Node`.
//!
//! One file per subcommand would be one function each; they share their flags, so they share `serve.rs`;
//! `storage` has its own, and so have `init` and the parts of `dev` that stand for themselves.
//! This file says what can be asked for. Exit codes: 0 good, 1 something is wrong with the project or
//! the machine, 2 the arguments make no sense (clap).

mod bench;
mod certificate;
mod help;
mod init;
mod keys;
mod log;
mod output;
mod progress;
mod serve;
mod storage;
mod typecheck;

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::config::Persist;

/// Runs PartyKit projects on your own machine.
#[derive(Debug, Parser)]
#[command(name = "houseparty", version, max_term_width = 100)]
#[command(after_help = "Examples:
  houseparty init my-chat             make a project
  houseparty dev                      serve the project of this folder, reload on change
  houseparty dev -c chat/partykit.json --port 3000
  houseparty start --host 0.0.0.0     serve it to others, without watching files
  houseparty check                    build and load every party, serve nothing")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the project and reload it when a file changes
    Dev(ServeArgs),
    /// Serve the project as it is
    Start(ServeArgs),
    /// Make a project: a small chat, in a new or an existing folder
    Init(init::InitArgs),
    /// Build and load every party without serving anything
    Check(ProjectArgs),
    /// Look at what rooms have stored, move it, back it up
    Storage(storage::StorageArgs),
    /// Measure a host: this one or another that serves PartyKit projects
    Bench(bench::BenchArgs),
    /// Print a script that completes these commands in a shell
    Completions { shell: clap_complete::Shell },
}

/// What project, and with which values.
#[derive(Debug, Clone, Args)]
struct ProjectArgs {
    /// The main party's file, instead of `main` of the configuration
    script: Option<PathBuf>,
    /// The configuration file [default: the nearest partykit.json, from here upwards]
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of static files, instead of `serve` of the configuration
    #[arg(long, value_name = "FOLDER")]
    serve: Option<PathBuf>,
    /// A variable for `room.env` and `process.env`; may be given more than once
    #[arg(short, long = "var", value_name = "NAME=VALUE", value_parser = pair)]
    vars: Vec<(String, String)>,
    /// A constant to replace in the source; may be given more than once
    #[arg(short, long = "define", value_name = "NAME=SOURCE", value_parser = pair)]
    defines: Vec<(String, String)>,
    /// Another file of variables, like .env; may be given more than once
    #[arg(long = "env-file", value_name = "FILE")]
    env_files: Vec<PathBuf>,
    /// Define every variable of .env as a constant, too
    #[arg(long)]
    with_env: bool,
    /// Minify the bundles
    #[arg(long)]
    minify: bool,
    /// Accepted for compatibility
    #[arg(long, hide = true)]
    compatibility_date: Option<String>,
    /// Accepted for compatibility
    #[arg(long, hide = true, num_args = 1..)]
    compatibility_flags: Vec<String>,
    /// Accepted for compatibility
    #[arg(long, hide = true)]
    name: Option<String>,
}

#[derive(Debug, Clone, Args)]
struct ServeArgs {
    #[command(flatten)]
    project: ProjectArgs,
    /// Port to listen on; 0 picks a free one [default: `port` of the configuration, or 1999]
    #[arg(short, long)]
    port: Option<u16>,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// Believe a reverse proxy: clients and https are what X-Forwarded-For and -Proto say. Only if
    /// nobody can reach the port but through a proxy that writes these headers
    #[arg(long)]
    trust_proxy: bool,
    #[command(flatten)]
    tls: certificate::TlsArgs,
    /// Folder for what rooms store, or `false` to keep it in memory
    #[arg(long, value_name = "FOLDER|false", num_args = 0..=1, default_missing_value = "true")]
    persist: Option<String>,
    /// When an answer may be given for what was written
    #[arg(long, value_enum, default_value_t = DurabilityArg::Fsync)]
    durability: DurabilityArg,
    /// Seconds without events after which a room gives its isolate back
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    hibernate_after: f64,
    /// Seconds one turn of a room may run
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    turn_deadline: f64,
    /// Memory one room may use, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 128)]
    heap_limit: usize,
    /// Largest WebSocket message a client may send, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = crate::limits::MESSAGE_SIZE_MAX)]
    message_limit: usize,
    /// Threads that run rooms [default: one per core]
    #[arg(long)]
    shards: Option<usize>,
    /// One JSON object per line instead of text for people
    #[arg(long)]
    json: bool,
    /// Also log what parties say with console.debug
    #[arg(long)]
    verbose: bool,
    /// Leave the keyboard of the terminal alone
    #[arg(long)]
    no_hotkeys: bool,
    /// Accepted for compatibility
    #[arg(long, hide = true)]
    live: bool,
    /// Accepted for compatibility
    #[arg(long, hide = true)]
    disable_request_cf_fetch: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DurabilityArg {
    /// On the disk: survives a power failure
    Fsync,
    /// Handed to the operating system: survives a crash of the host
    Process,
    /// Not kept at all
    Memory,
}

/// `NAME=VALUE`, split at the first `=` (C-24).
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("`{text}` is not of the form NAME=VALUE")),
    }
}

/// What `--persist` means: nothing, a folder, or memory.
fn persist(text: Option<&str>) -> Option<Persist> {
    match text? {
        "true" => None,
        "false" => Some(Persist::Off),
        folder => Some(Persist::Folder(folder.into())),
    }
}

/// Does what the arguments of the process say.
pub fn run() -> anyhow::Result<ExitCode> {
    let matches = help::command().get_matches();
    let Cli { command } = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match command {
        Command::Dev(args) => serve::serve(&args, true),
        Command::Start(args) => serve::serve(&args, false),
        Command::Check(args) => serve::check(&args),
        Command::Storage(args) => storage::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Completions { shell } => {
            help::completions(shell)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn c_24_values_may_contain_an_equals_sign() {
        assert_eq!(pair("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert!(pair("a").is_err() && pair("=b").is_err());
    }

    #[test]
    fn c_21_persist_is_a_folder_or_off() {
        assert_eq!(persist(Some("false")), Some(Persist::Off));
        assert_eq!(persist(Some("data")), Some(Persist::Folder("data".into())));
        assert_eq!(persist(None), None);
    }
}
