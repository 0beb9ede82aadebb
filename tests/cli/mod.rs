//! The command line as people and scripts see it: the process, its output and its exit code.

mod environment;
mod help;
mod init;
mod log;
mod terminal;

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::host::Ended;

/// Runs `houseparty` in a folder to its end, without a terminal.
pub fn houseparty(folder: &Path, arguments: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_houseparty"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("PARTYKIT_LOG")
        .stdin(Stdio::null())
        .output()
        .expect("the command can be started");
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Ended { code: output.status.code(), output: text }
}

/// A fresh, empty folder.
pub fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("houseparty-cli-").tempdir().expect("a folder")
}
