//! `dev` after a change: what has changed decides what is done again.
//!
//! A file of a party: the parties are built and loaded anew, rooms follow (`Node::reload`). A file of
//! the client code: only that is built, rooms do not notice. A file under `build.watch`: the build
//! command runs first. An asset: pages are told. The configuration: everything. Whatever is wrong is
//! told in the terminal and in the pages that are open (`LiveHub`), and what was there before keeps
//! being served; each part is repaired by its own next success.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::build::{Builder, Built, Wanted, run_command};
use super::output::{Output, Place};
use super::serve::load;
use crate::config::{Config, Overrides};
use crate::node::{Node, NodeError};
use crate::program::client::ClientCode;
use crate::program::watch::{Watch, is_inside};
use crate::program::{BuildError, Problem, Program};
use crate::server::{BuiltFiles, LiveHub, LiveProblem};

/// How long a change by the build command may take to be heard of.
const ECHO: Duration = Duration::from_millis(50);

/// What of the project does not work at the moment.
#[derive(Default)]
struct Broken {
    config: Vec<LiveProblem>,
    command: Vec<LiveProblem>,
    parties: Vec<LiveProblem>,
    client: Vec<LiveProblem>,
}

pub struct Develop<'a> {
    wanted: &'a Overrides,
    node: &'a Node,
    output: Output,
    builder: &'a Builder,
    place: &'a Place<'a>,
    built: BuiltFiles,
    live: LiveHub,
    /// Pages reload whatever the configuration says (`--live`).
    always_reload: bool,
    watch: Watch,
    config: Config,
    client: ClientCode,
    /// Files of the last builds, also of those that failed.
    party_files: BTreeSet<PathBuf>,
    client_files: BTreeSet<PathBuf>,
    /// What the build command has written during its last run, and what it always writes.
    echo: BTreeSet<PathBuf>,
    command_output: BTreeSet<PathBuf>,
    broken: Broken,
}

/// What `Develop` starts from.
pub struct Start<'a> {
    pub wanted: &'a Overrides,
    pub node: &'a Node,
    pub output: Output,
    pub builder: &'a Builder,
    pub place: &'a Place<'a>,
    pub built: BuiltFiles,
    pub live: LiveHub,
    pub always_reload: bool,
    pub config: Config,
    pub program: Program,
    pub client: Result<ClientCode, BuildError>,
}

impl<'a> Develop<'a> {
    pub fn new(start: Start<'a>) -> notify::Result<Self> {
        let mut develop = Self {
            wanted: start.wanted,
            node: start.node,
            output: start.output,
            builder: start.builder,
            place: start.place,
            built: start.built,
            live: start.live,
            always_reload: start.always_reload,
            watch: Watch::new()?,
            config: start.config,
            client: ClientCode::default(),
            party_files: files_of(&start.program),
            client_files: BTreeSet::new(),
            echo: BTreeSet::new(),
            command_output: BTreeSet::new(),
            broken: Broken::default(),
        };
        // Told already.
        match start.client {
            Ok(client) => develop.keep_client(client),
            Err(error) => develop.keep_broken_client(&error),
        }
        develop.watch_trees();
        develop.follow();
        Ok(develop)
    }

    /// The configuration that holds.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Waits for a change and does what it asks for.
    pub fn step(&mut self, patience: Duration) {
        let Some(changed) = self.watch.changed(patience) else { return };
        let began = Instant::now();
        let mut changed: BTreeSet<PathBuf> = changed.into_iter().collect();
        let is_config = self.config_files().iter().any(|file| changed.contains(file));
        let reconfigured = is_config && self.reconfigure();
        self.command(&mut changed, reconfigured);
        let touches = |files: &BTreeSet<PathBuf>| !files.is_disjoint(&changed);
        let wanted = Wanted {
            parties: reconfigured || touches(&self.party_files),
            client: reconfigured || touches(&self.client_files),
        };
        if wanted.parties || wanted.client {
            let built = self.builder.build(&self.config, self.place.address, wanted);
            self.take(built, began);
        }
        self.assets(&changed);
        self.follow();
        self.tell_pages();
    }

    // ---- configuration and command -------------------------------------------------------------

    fn config_files(&self) -> Vec<PathBuf> {
        let mut files = self.config.watched.clone();
        // One that does not exist yet counts as soon as it does.
        let others = [".env", ".env.local", "tsconfig.json"];
        files.extend(others.map(|name| self.config.root.join(name)));
        files
    }

    /// Reads the configuration again; on an error the old one holds.
    fn reconfigure(&mut self) -> bool {
        match load(self.wanted) {
            Ok(config) => {
                for warning in &config.warnings {
                    self.output.warn(warning);
                }
                self.config = config;
                self.broken.config.clear();
                self.watch_trees();
                true
            }
            Err(error) => {
                let text = format!("{error:#}");
                self.output.error(&format!("{text}\nThe program from before keeps running."));
                self.broken.config = vec![plain("The configuration is wrong", &text)];
                false
            }
        }
    }

    /// Runs the build command if something that it is for has changed. What it changes itself counts
    /// as changed, too, but does not make it run for ever: a file that it wrote twice in a row is its
    /// output.
    fn command(&mut self, changed: &mut BTreeSet<PathBuf>, reconfigured: bool) {
        let Some(command) = self.config.build_command.clone() else { return };
        let is_source = |path: &PathBuf, output: &BTreeSet<PathBuf>| {
            let watched = command.watch.iter().any(|folder| is_inside(folder, path));
            watched && !output.contains(path)
        };
        let mut due =
            reconfigured || changed.iter().any(|path| is_source(path, &self.command_output));
        // Twice is enough to know what it writes.
        for _ in 0..2 {
            if !due {
                return;
            }
            self.output.finish();
            match run_command(&command) {
                Ok(()) => self.broken.command.clear(),
                Err(error) => {
                    let text = format!("{error:#}");
                    self.output.error(&format!("{text}\nWhat was built before is used."));
                    self.broken.command = vec![plain("The build command failed", &text)];
                }
            }
            let mut echo = BTreeSet::new();
            while let Some(more) = self.watch.changed(ECHO) {
                echo.extend(more);
            }
            self.command_output.extend(self.echo.intersection(&echo).cloned());
            due = echo.iter().any(|path| is_source(path, &self.command_output));
            changed.extend(echo.iter().cloned());
            self.echo = echo;
        }
    }

    // ---- what was built ------------------------------------------------------------------------

    fn take(&mut self, built: Built, began: Instant) {
        match built.client {
            Some(Ok(client)) => {
                let is_new = client.files != self.client.files;
                for warning in &client.warnings {
                    self.output.warn(warning);
                }
                if is_new && !client.files.is_empty() {
                    let ms = began.elapsed().as_millis();
                    self.output.info(&format!("Client code is built again ({ms} ms)"));
                }
                self.keep_client(client);
            }
            Some(Err(error)) => {
                self.output.error(&format!("{error}\nThe client code from before is served."));
                self.keep_broken_client(&error);
            }
            None => {}
        }
        match built.parties {
            Some(Ok(program)) => {
                self.party_files = files_of(&program);
                match self.node.reload(&self.config, &program) {
                    Ok(()) => {
                        self.broken.parties.clear();
                        self.output.ready(&self.config, self.place, true);
                    }
                    Err(error) => self.party_failed(&error.to_string(), vec![load_problem(&error)]),
                }
            }
            Some(Err(error)) => {
                // What broke it is watched, so that its repair is noticed.
                self.party_files.extend(error.watch_files.iter().cloned());
                self.party_failed(
                    &error.to_string(),
                    shown("A party cannot be built", &error.problems),
                );
            }
            None => {}
        }
    }

    fn party_failed(&mut self, text: &str, problems: Vec<LiveProblem>) {
        self.output.error(&format!("{text}\nThe program from before keeps running."));
        self.broken.parties = problems;
    }

    fn keep_client(&mut self, client: ClientCode) {
        if client.files != self.client.files {
            match client.differs_in_styles_only(&self.client) {
                true => self.live.styles_changed(),
                false => self.live.page_changed(),
            }
        }
        self.built.replace(client.files.clone());
        self.client_files = client.watch_files.iter().cloned().collect();
        self.client = client;
        self.broken.client.clear();
    }

    fn keep_broken_client(&mut self, error: &BuildError) {
        self.client_files.extend(error.watch_files.iter().cloned());
        self.broken.client = shown("The client code cannot be built", &error.problems);
    }

    // ---- pages ---------------------------------------------------------------------------------

    fn assets(&self, changed: &BTreeSet<PathBuf>) {
        let Some(serve) = &self.config.serve else { return };
        let is_asset = |path: &&PathBuf| is_inside(&serve.path, path);
        let assets: Vec<&PathBuf> = changed.iter().filter(is_asset).collect();
        if assets.is_empty() {
            return;
        }
        match assets.iter().all(|path| path.extension().is_some_and(|ending| ending == "css")) {
            true => self.live.styles_changed(),
            false => self.live.page_changed(),
        }
    }

    fn tell_pages(&self) {
        let broken = &self.broken;
        let all = [&broken.config, &broken.command, &broken.parties, &broken.client];
        self.live.set_problems(all.into_iter().flatten().cloned().collect());
        let build = self.config.serve.as_ref().and_then(|serve| serve.build.as_ref());
        self.live.set_reload(self.always_reload || build.is_some_and(|build| build.live));
    }

    fn watch_trees(&mut self) {
        let mut trees: Vec<PathBuf> = Vec::new();
        trees.extend(self.config.serve.iter().map(|serve| serve.path.clone()));
        trees.extend(self.config.build_command.iter().flat_map(|build| build.watch.clone()));
        if let Some(too_much) = self.watch.watch_trees(trees) {
            self.output.warn(&too_much);
        }
        self.tell_pages();
    }

    fn follow(&mut self) {
        let files = self.config_files().into_iter();
        let files = files.chain(self.party_files.iter().cloned());
        self.watch.set(files.chain(self.client_files.iter().cloned()));
    }
}

fn files_of(program: &Program) -> BTreeSet<PathBuf> {
    let files = program.parties.iter().flat_map(|party| {
        std::iter::once(party.file.clone()).chain(party.watch_files.iter().cloned())
    });
    files.collect()
}

fn plain(what: &str, text: &str) -> LiveProblem {
    let (message, frame) = text.split_once('\n').unwrap_or((text, ""));
    LiveProblem {
        what: what.to_owned(),
        message: message.to_owned(),
        place: None,
        frame: frame.to_owned(),
    }
}

fn load_problem(error: &NodeError) -> LiveProblem {
    let NodeError::Party { party, file, message } = error else {
        return plain("The program cannot be loaded", &error.to_string());
    };
    let name = Path::new(file).file_name().unwrap_or_default().to_string_lossy();
    plain(&format!("The party `{party}` ({name}) cannot be loaded"), message)
}

fn shown(what: &str, problems: &[Problem]) -> Vec<LiveProblem> {
    let shown = |problem: &Problem| LiveProblem {
        what: what.to_owned(),
        message: problem.message.clone(),
        place: problem.place.as_ref().map(|at| (at.file.clone(), at.line, at.column)),
        frame: problem.frame.clone(),
    };
    problems.iter().map(shown).collect()
}
