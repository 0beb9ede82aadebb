//! The program: each party of a project as one self-contained module.
//!
//! Called by the command line at start and after a change; knows nothing of isolates or rooms. A build
//! either gives the whole program or a list of errors with their places; nothing is kept in between.

mod builtins;
mod bundle;
pub mod watch;

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::Config;

/// All parties of a project, `main` last.
#[derive(Debug, Clone)]
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
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n\n"))]
pub struct BuildError(pub Vec<String>);

/// Builds every party. `public_host` is what `PARTYKIT_HOST` stands for (B-03).
pub async fn build(config: &Config, public_host: &str) -> Result<Program, BuildError> {
    let mut entries = config.parties.clone();
    entries.push(("main".into(), config.main.clone()));
    let builds =
        entries.into_iter().map(|(name, file)| bundle::bundle(config, public_host, name, file));
    let mut parties = Vec::new();
    let mut problems: Vec<String> = Vec::new();
    for outcome in futures::future::join_all(builds).await {
        match outcome {
            Ok(party) => parties.push(party),
            // Parties share files: the same problem is told once.
            Err(BuildError(found)) => {
                for problem in found {
                    if !problems.contains(&problem) {
                        problems.push(problem);
                    }
                }
            }
        }
    }
    if problems.is_empty() { Ok(Program { parties }) } else { Err(BuildError(problems)) }
}

#[cfg(test)]
mod program_test;
