//! `houseparty storage`: look at what rooms have stored, move it as JSON lines, back it up.
//!
//! One line for each key or alarm:
//!
//! ```text
//! {"party":"main","room":"a","key":"count","value":5}
//! {"party":"main","room":"a","key":"seen","value":{"$date":"…"},"data":"<base64>"}
//! {"party":"main","room":"a","alarm":{"scheduledMs":1767225600000}}
//! ```
//!
//! `data`, the stored bytes, is there when `value` does not say all; an import then takes it and holds
//! `value` to it. Reading works beside a running host; an import takes the folder for itself and does
//! all of a file or nothing. What is wrong with a file is said with file, line and column.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::persist;
use super::progress::Progress;
use crate::config::{Config, ConfigError, Overrides, Persist};
use crate::engine::{Readable, Values};
use crate::limits;
use crate::name::RoomKey;
use crate::storage::{AlarmRow, Archive, Import, Item, Selection, Summary};

/// Longest key, in bytes (js/storage.js).
const KEY_BYTES_MAX: usize = 2048;

#[derive(Debug, Clone, Args)]
pub struct StorageArgs {
    #[command(subcommand)]
    command: StorageCommand,
}

#[derive(Debug, Clone, Subcommand)]
enum StorageCommand {
    /// List the rooms that have stored something: keys, bytes, alarm
    Ls {
        /// Only rooms of this party
        #[arg(long)]
        party: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Show what one room has stored, or one key of it
    Get {
        party: String,
        /// As in its URL, percent signs included
        room: String,
        key: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Write everything, a party or a room as JSON lines
    Export {
        party: Option<String>,
        room: Option<String>,
        /// The file to write [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        place: Place,
    },
    /// Take over what an export has written: all of it or nothing. No host may run
    Import {
        file: PathBuf,
        /// Remove first what the rooms of the file have stored
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Copy the store to a new file, which can take the place of state.db. A host may run
    Backup {
        file: PathBuf,
        #[command(flatten)]
        place: Place,
    },
}

/// Where the store is.
#[derive(Debug, Clone, Args)]
struct Place {
    /// The configuration file [default: the nearest partykit.json, from here upwards]
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of the store, instead of `persist` of the configuration
    #[arg(long, value_name = "FOLDER")]
    persist: Option<String>,
}

impl Place {
    /// The folder, and the names of the project's parties if there is a project.
    fn find(&self) -> anyhow::Result<(PathBuf, Option<HashSet<String>>)> {
        let cwd = std::env::current_dir().context("cannot tell the working directory")?;
        let overrides = Overrides {
            config: self.config.clone(),
            persist: persist(self.persist.as_deref()),
            ..Overrides::default()
        };
        let config = match (Config::load(&cwd, &overrides), &overrides.persist) {
            (Ok(config), _) => config,
            // A folder needs no project around it.
            (Err(ConfigError::NotFound(_)), Some(Persist::Folder(folder))) => {
                return Ok((cwd.join(folder), None));
            }
            (Err(error), _) => return Err(error.into()),
        };
        let Persist::Folder(folder) = &config.persist else {
            bail!("this project stores nothing (`persist` is false). Name a folder with --persist");
        };
        let mut parties = HashSet::from(["main".to_owned()]);
        parties.extend(config.parties.iter().map(|(name, _)| name.to_string()));
        Ok((folder.clone(), Some(parties)))
    }

    fn archive(&self) -> anyhow::Result<Archive> {
        Ok(Archive::open(&self.find()?.0)?)
    }
}

/// One line of an export.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    party: String,
    room: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    value: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alarm: Option<Alarm>,
}

/// `null` is a value, too.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(from).map(Some)
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Alarm {
    scheduled_ms: i64,
    /// When it runs next, after failed attempts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "is_zero")]
    retry: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl From<AlarmRow> for Alarm {
    fn from(row: AlarmRow) -> Self {
        let due_ms = (row.due_ms != row.scheduled_ms).then_some(row.due_ms);
        Self { scheduled_ms: row.scheduled_ms, due_ms, retry: row.retry }
    }
}

impl From<Alarm> for AlarmRow {
    fn from(alarm: Alarm) -> Self {
        let Alarm { scheduled_ms, due_ms, retry } = alarm;
        Self { scheduled_ms, due_ms: due_ms.unwrap_or(scheduled_ms), retry }
    }
}

pub fn run(args: &StorageArgs) -> anyhow::Result<ExitCode> {
    // Isolates want to be made inside a runtime.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let _context = runtime.enter();
    let working = Progress::aside(match &args.command {
        StorageCommand::Import { .. } => "importing",
        StorageCommand::Export { .. } => "exporting",
        StorageCommand::Backup { .. } => "backing up",
        StorageCommand::Ls { .. } | StorageCommand::Get { .. } => "reading the store",
    });
    let done = match &args.command {
        StorageCommand::Ls { party, place } => ls(place, party.as_deref()),
        StorageCommand::Get { party, room, key, place } => get(place, party, room, key.as_deref()),
        StorageCommand::Export { party, room, output, place } => {
            let selection = Selection { party: party.as_deref(), room: room.as_deref(), key: None };
            export(place, selection, output.as_deref())
        }
        StorageCommand::Import { file, replace, place } => import(place, file, *replace),
        StorageCommand::Backup { file, place } => backup(place, file),
    };
    drop(working);
    match done {
        Ok(()) => Ok(ExitCode::SUCCESS),
        // Whoever read our output has seen enough.
        Err(error) if is_closed_pipe(&error) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error),
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<std::io::Error>();
    error.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn ls(place: &Place, party: Option<&str>) -> anyhow::Result<()> {
    let rooms = place.archive()?.rooms(Selection { party, ..Selection::default() })?;
    let name = |room: &Summary| format!("{}/{}", room.party, room.room);
    let width = rooms.iter().map(|room| name(room).chars().count()).max().unwrap_or(0).max(4);
    let mut out = BufWriter::new(std::io::stdout().lock());
    writeln!(out, "{:width$}  {:>8}  {:>12}  ALARM", "ROOM", "KEYS", "BYTES")?;
    for room in &rooms {
        let alarm = room.alarm.map_or_else(|| "-".to_owned(), |alarm| instant(alarm.due_ms));
        let (keys, bytes) = (room.keys, room.bytes);
        writeln!(out, "{:width$}  {keys:>8}  {bytes:>12}  {alarm}", name(room))?;
    }
    Ok(out.flush()?)
}

fn instant(ms: i64) -> String {
    match chrono::DateTime::from_timestamp_millis(ms) {
        Some(instant) => instant.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        None => format!("{ms} ms"),
    }
}

fn get(place: &Place, party: &str, room: &str, key: Option<&str>) -> anyhow::Result<()> {
    let archive = place.archive()?;
    let mut values = Values::new()?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut found = false;
    let selection = Selection { party: Some(party), room: Some(room), key };
    archive.visit(selection, |_, item| -> anyhow::Result<()> {
        found = true;
        match item {
            Item::Alarm(alarm) => writeln!(out, "alarm: {}", instant(alarm.due_ms))?,
            Item::Entry { key: name, value } => {
                let text = match values.readable(value) {
                    Ok(readable) => readable.json,
                    Err(error) => format!("({error})"),
                };
                if key.is_none() {
                    write!(out, "{}: ", serde_json::to_string(name)?)?;
                }
                writeln!(out, "{text}")?;
            }
        }
        Ok(())
    })?;
    if !found {
        match key {
            Some(key) => bail!("{party}/{room} has no key `{key}`"),
            None => bail!("{party}/{room} has stored nothing"),
        }
    }
    Ok(out.flush()?)
}

fn export(place: &Place, selection: Selection<'_>, to: Option<&Path>) -> anyhow::Result<()> {
    let archive = place.archive()?;
    let Some(to) = to else {
        let mut out = BufWriter::new(std::io::stdout().lock());
        write_lines(&archive, selection, &mut out)?;
        return Ok(out.flush()?);
    };
    let mut partial = to.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let written = File::create(&partial).map_err(anyhow::Error::from).and_then(|file| {
        let mut out = BufWriter::new(file);
        let count = write_lines(&archive, selection, &mut out)?;
        out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(&partial, to)?;
        Ok(count)
    });
    match written {
        Ok(count) => {
            eprintln!("{count} keys and alarms written to {}", to.display());
            Ok(())
        }
        Err(error) => {
            let _ = std::fs::remove_file(&partial);
            Err(error.context(format!("cannot export to {}", to.display())))
        }
    }
}

fn write_lines(
    archive: &Archive,
    selection: Selection<'_>,
    out: &mut impl Write,
) -> anyhow::Result<usize> {
    let mut values = Values::new()?;
    let mut count = 0;
    archive.visit(selection, |room, item| -> anyhow::Result<()> {
        count += 1;
        let mut line = Line {
            party: room.party.clone(),
            room: room.room.clone(),
            key: None,
            value: None,
            data: None,
            alarm: None,
        };
        match item {
            Item::Alarm(alarm) => line.alarm = Some(alarm.into()),
            Item::Entry { key, value } => {
                line.key = Some(key.to_owned());
                let Readable { json, exact } = values.readable(value).unwrap_or_else(|error| {
                    eprintln!("warning: {}/{}, key `{key}`: {error}", room.party, room.room);
                    Readable { json: "null".to_owned(), exact: false }
                });
                line.value = Some(RawValue::from_string(json)?);
                line.data = (!exact).then(|| STANDARD.encode(value));
            }
        }
        serde_json::to_writer(&mut *out, &line)?;
        Ok(out.write_all(b"\n")?)
    })?;
    if count == 0 && selection.party.is_some() {
        bail!("nothing is stored there");
    }
    Ok(count)
}

fn import(place: &Place, file: &Path, replace: bool) -> anyhow::Result<()> {
    let (folder, parties) = place.find()?;
    let lines = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let import = Import::begin(&folder)?;
    let mut reading =
        Reading { import, values: Values::new()?, parties, replace, rooms: HashSet::new() };
    let (mut number, mut count) = (0, 0);
    let mut lines = BufReader::new(lines);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = lines.read_until(b'\n', &mut line);
        if read.with_context(|| format!("cannot read {}", file.display()))? == 0 {
            break;
        }
        number += 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        reading.line(&line).map_err(|problem| {
            let column = problem.column.map(|column| format!(":{column}")).unwrap_or_default();
            let (file, text) = (file.display(), problem.text);
            anyhow::anyhow!("{file}:{number}{column}: {text}\nNothing was changed.")
        })?;
        count += 1;
    }
    let rooms = reading.rooms.len();
    reading.import.finish()?;
    println!("{count} keys and alarms taken over, in {rooms} rooms");
    Ok(())
}

/// What is wrong with a line.
struct Problem {
    column: Option<usize>,
    text: String,
}

impl<T: ToString> From<T> for Problem {
    fn from(text: T) -> Self {
        Self { column: None, text: text.to_string() }
    }
}

/// An import at work.
struct Reading {
    import: Import,
    values: Values,
    parties: Option<HashSet<String>>,
    replace: bool,
    rooms: HashSet<RoomKey>,
}

impl Reading {
    fn line(&mut self, line: &[u8]) -> Result<(), Problem> {
        let line: Line = serde_json::from_slice(line).map_err(|error| {
            let text = error.to_string();
            let end = text.rfind(" at line ").unwrap_or(text.len());
            Problem { column: Some(error.column()), text: text[..end].to_owned() }
        })?;
        if let Some(parties) = &self.parties
            && !parties.contains(&line.party)
        {
            let mut known: Vec<&str> = parties.iter().map(String::as_str).collect();
            known.sort_unstable();
            let text = format!("no party `{}` (there are: {})", line.party, known.join(", "));
            return Err(text.into());
        }
        if line.room.is_empty() {
            return Err("a room has a name".into());
        }
        let room = RoomKey::room(line.party, line.room);
        let first = self.rooms.insert(room.clone());
        if self.replace && first {
            self.import.clear(&room)?;
        }
        match (line.key, line.value, line.data, line.alarm) {
            (None, None, None, Some(alarm)) => {
                self.import.set_alarm(&room, alarm.into())?;
            }
            (Some(key), value, data, None) if value.is_some() || data.is_some() => {
                let text = value.as_deref().map(RawValue::get);
                let stored = self.stored(text, data.as_deref())?;
                if key.len() > KEY_BYTES_MAX {
                    return Err(format!("a key has at most {KEY_BYTES_MAX} bytes").into());
                }
                if stored.len() > limits::VALUE_BYTES_MAX {
                    let most = limits::VALUE_BYTES_MAX;
                    return Err(format!("a value has at most {most} bytes").into());
                }
                self.import.put(&room, &key, stored)?;
            }
            _ => return Err("a line has either `key` and `value` or `data`, or `alarm`".into()),
        }
        Ok(())
    }

    /// The bytes to store. `data` says all there is, but must not contradict `value`.
    fn stored(&mut self, json: Option<&str>, data: Option<&str>) -> Result<Vec<u8>, Problem> {
        let told = json.map(|json| self.values.stored(json)).transpose();
        let told = told.map_err(|error| format!("`value`: {error}"))?;
        let Some(data) = data else {
            return told.ok_or_else(|| "there is no `value`".into());
        };
        let bytes = STANDARD.decode(data).map_err(|error| format!("`data`: {error}"))?;
        let readable = self.values.readable(&bytes).map_err(|error| format!("`data`: {error}"))?;
        if let Some(told) = told {
            let meant = self.values.stored(&readable.json);
            let meant = meant.map_err(|error| format!("`data`: {error}"))?;
            if meant != told && !readable.json.starts_with("{\"$unreadable\"") {
                let text = "`value` and `data` say different things: remove the one that is wrong";
                return Err(text.into());
            }
        }
        Ok(bytes)
    }
}

fn backup(place: &Place, file: &Path) -> anyhow::Result<()> {
    place.archive()?.backup(file)?;
    println!("backed up to {}", file.display());
    Ok(())
}
