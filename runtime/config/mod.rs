//! The project: `partykit.json`, `.env` and flags, validated once into a `Config`.
//!
//! The file is found as PartyKit finds it (C-01, C-02), parsed as JSON with comments and trailing commas,
//! and checked against PartyKit's schema: a wrong type, an unknown key, a bad name, a missing file give
//! one message each, with file, line, column, what is allowed and the nearest legal name. Paths are
//! relative to the file they stand in (C-06, better than PartyKit). Keys that are legal but have no
//! effect here are listed in `warnings`; nothing is silently ignored.
//!
//! Leaf module: reads files, starts nothing.

mod client;
mod cron;
mod dotenv;
mod near;
mod schema;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

pub use self::client::{ClientBuild, ClientFormat, Loader};
pub use self::cron::Cron;
pub use self::near::{near_file, suggestion};
use self::schema::Reader;

/// Names in the order in which they are looked for; a name beats distance (C-01).
const FILE_NAMES: [&str; 3] = ["partykit.json", "partykit.json5", "partykit.jsonc"];

#[derive(Debug, Clone)]
pub struct Config {
    pub file: Option<PathBuf>,
    pub root: PathBuf,
    pub name: Option<String>,
    pub main: PathBuf,
    /// Parties other than `main`, as declared.
    pub parties: Vec<(Arc<str>, PathBuf)>,
    pub port: Option<u16>,
    /// `room.env` (C-16).
    pub vars: Map<String, Value>,
    /// `process.env` (C-17).
    pub process_env: BTreeMap<String, String>,
    pub define: BTreeMap<String, String>,
    pub alias: BTreeMap<String, String>,
    pub serve: Option<Serve>,
    pub persist: Persist,
    /// When an answer may be given for what was written; the flag of this name beats it.
    pub durability: Option<Durability>,
    pub build_command: Option<BuildCommand>,
    pub minify: bool,
    pub crons: Vec<(String, Cron)>,
    pub vectorize: Vec<String>,
    pub ai: Value,
    pub compatibility_flags: Vec<String>,
    pub warnings: Vec<String>,
    /// Files whose change means that the configuration must be read again.
    pub watched: Vec<PathBuf>,
}

#[derive(Debug, Clone)]
pub struct Serve {
    pub path: PathBuf,
    pub single_page_app: bool,
    /// Seconds a browser may keep an asset.
    pub browser_ttl: Option<u64>,
    /// Patterns of the files that are served; none means all.
    pub include: Vec<String>,
    /// Patterns of the files that are not.
    pub exclude: Vec<String>,
    /// Client code that is built and served with the folder.
    pub build: Option<ClientBuild>,
}

impl Serve {
    /// Every file of a folder.
    pub fn folder(path: PathBuf) -> Self {
        Self {
            path,
            single_page_app: false,
            browser_ttl: None,
            include: vec![],
            exclude: vec![],
            build: None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Persist {
    /// Rooms' storage lives in memory.
    Off,
    Folder(PathBuf),
}

/// What an acknowledged write survives; `--help` says more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    Fsync,
    Process,
    Memory,
}

#[derive(Debug, Clone)]
pub struct BuildCommand {
    pub command: String,
    pub cwd: PathBuf,
    /// Files and folders whose change runs the command again (C-25).
    pub watch: Vec<PathBuf>,
}

/// What the command line says; it beats the file key by key, `vars` and `define` are merged (C-08).
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    pub config: Option<PathBuf>,
    pub main: Option<PathBuf>,
    pub serve: Option<PathBuf>,
    pub persist: Option<Persist>,
    pub vars: Vec<(String, String)>,
    pub define: Vec<(String, String)>,
    pub minify: bool,
    pub with_env: bool,
    pub env_files: Vec<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(
        "no partykit.json found in {0} or above it. Create one with at least \
         `{{ \"main\": \"src/server.ts\" }}`, or name one with --config"
    )]
    NotFound(PathBuf),
    #[error("cannot read {path}: {error}")]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path)
        .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })
}

/// The nearest file with one of these names, from `start` upwards.
fn find_up(start: &Path, name: &str) -> Option<PathBuf> {
    start.ancestors().map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// The text of the configuration and where in it to look.
struct Located {
    file: PathBuf,
    text: String,
    /// The key whose value is the configuration; `None` if the whole file is.
    section: Option<&'static str>,
}

fn locate(cwd: &Path, overrides: &Overrides) -> Result<Located, ConfigError> {
    let whole = |file: PathBuf| {
        let text = read(&file)?;
        Ok(Located { file, text, section: None })
    };
    if let Some(path) = &overrides.config {
        return whole(cwd.join(path));
    }
    for name in FILE_NAMES {
        if let Some(path) = find_up(cwd, name) {
            return whole(path);
        }
    }
    if let Some(file) = find_up(cwd, "package.json") {
        let text = read(&file)?;
        let package: Value = serde_json::from_str(&text).unwrap_or_default();
        if package.get("partykit").is_some() {
            return Ok(Located { file, text, section: Some("partykit") });
        }
    }
    if let Some(main) = &overrides.main {
        let text = serde_json::json!({ "main": main }).to_string();
        return Ok(Located { file: cwd.join("partykit.json"), text, section: None });
    }
    Err(ConfigError::NotFound(cwd.to_owned()))
}

impl Config {
    /// Reads and validates the project that `cwd` is in.
    pub fn load(cwd: &Path, overrides: &Overrides) -> Result<Self, ConfigError> {
        let Located { file, text, section } = locate(cwd, overrides)?;
        let root = file.parent().unwrap_or(cwd).to_owned();
        let mut reader = Reader::new(&file, &text, overrides);
        let mut config = reader.read(&root, section);
        let problems = reader.problems();
        if !problems.is_empty() {
            return Err(ConfigError::Invalid(problems));
        }
        config.apply(cwd, overrides)?;
        Ok(config)
    }

    fn apply(&mut self, cwd: &Path, overrides: &Overrides) -> Result<(), ConfigError> {
        if let Some(main) = &overrides.main {
            self.main = cwd.join(main);
        }
        if !self.main.is_file() {
            let near = near_file(cwd, &self.main.to_string_lossy());
            let main = self.main.display();
            return Err(ConfigError::Invalid(vec![format!("Could not find main: {main}{near}")]));
        }
        if let Some(path) = &overrides.serve {
            let path = cwd.join(path);
            if !path.is_dir() {
                let path = path.display();
                let problem = format!("the folder to serve does not exist: {path} (from --serve)");
                return Err(ConfigError::Invalid(vec![problem]));
            }
            self.serve = Some(Serve::folder(path));
        }
        if let Some(persist) = &overrides.persist {
            self.persist = match persist {
                Persist::Off => Persist::Off,
                Persist::Folder(folder) => Persist::Folder(cwd.join(folder)),
            };
        }
        self.minify |= overrides.minify;
        self.environment(cwd, overrides)
    }

    /// C-15..C-19: config `vars` < `.env` < `.env.local` < `--env-file` < `--var`.
    fn environment(&mut self, cwd: &Path, overrides: &Overrides) -> Result<(), ConfigError> {
        for (name, value) in &self.vars {
            let text = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            self.process_env.insert(name.clone(), text);
        }
        // The project's own folder counts, and what is above it (C-15).
        let start = if cwd.starts_with(&self.root) { cwd } else { &self.root };
        let mut files: Vec<PathBuf> =
            [".env", ".env.local"].iter().filter_map(|name| find_up(start, name)).collect();
        files.extend(overrides.env_files.iter().map(|path| cwd.join(path)));
        for path in files {
            for (name, value) in dotenv::parse(&read(&path)?) {
                if overrides.with_env {
                    let literal = Value::String(value.clone()).to_string();
                    self.define.insert(name.clone(), literal);
                }
                self.vars.insert(name.clone(), Value::String(value.clone()));
                self.process_env.insert(name, value);
            }
            self.watched.push(path);
        }
        for (name, value) in &overrides.vars {
            self.vars.insert(name.clone(), Value::String(value.clone()));
            self.process_env.insert(name.clone(), value.clone());
        }
        for (name, value) in &overrides.define {
            self.define.insert(name.clone(), value.clone());
        }
        Ok(())
    }
}

#[cfg(test)]
mod config_test;
