//! The program: each party of a project as one self-contained module, and the code of its pages.
//!
//! Called by the command line at start and after a change; knows nothing of isolates or rooms. A build
//! either gives the whole program or a list of errors with their places, and then the files to wait
//! for; nothing is kept in between.

mod builtins;
mod bundle;
pub mod client;
mod files;
mod problem;
pub mod watch;

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::Config;

pub use self::problem::{Place, Problem};

/// All parties of a project, `main` last.
#[derive(Debug, Clone, Default)]
pub struct Program {
    pub parties: Vec<PartyCode>,
}

#[derive(Debug, Clone)]
pub struct PartyCode {
    pub name: Arc<str>,
    pub file: PathBuf,
    /// One ES module without imports; its default export is the party.
    pub code: Arc<str>,
    pub source_map: Option<Arc<str>>,
    /// Files whose change means that the party must be built again.
    pub watch_files: Vec<PathBuf>,
}

/// What is wrong, each with file, line, column and a frame of the code.
#[derive(Debug, Default, thiserror::Error)]
#[error("{}", .problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n\n"))]
pub struct BuildError {
    pub problems: Vec<Problem>,
    /// Files whose change may mend it: all that were read, and those that were looked for.
    pub watch_files: Vec<PathBuf>,
}

impl BuildError {
    /// What another build has found, too. Builds share files: the same problem is told once.
    fn add(&mut self, other: BuildError) {
        for problem in other.problems {
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
        self.watch_files.extend(other.watch_files);
    }
}

/// Builds every party. `public_host` is what `PARTYKIT_HOST` stands for (B-03).
pub async fn build(config: &Config, public_host: &str) -> Result<Program, BuildError> {
    let mut entries = config.parties.clone();
    entries.push(("main".into(), config.main.clone()));
    let builds =
        entries.into_iter().map(|(name, file)| bundle::bundle(config, public_host, name, file));
    let mut parties = Vec::new();
    let mut broken = BuildError::default();
    for outcome in futures::future::join_all(builds).await {
        match outcome {
            Ok(party) => parties.push(party),
            Err(error) => broken.add(error),
        }
    }
    if broken.problems.is_empty() {
        return Ok(Program { parties });
    }
    for party in parties {
        broken.watch_files.push(party.file);
        broken.watch_files.extend(party.watch_files);
    }
    broken.watch_files.sort();
    broken.watch_files.dedup();
    Err(broken)
}

#[cfg(test)]
mod program_test;
