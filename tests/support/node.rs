//! Runs the Node clients of `tests/clients` (the real `partysocket`, headless Chromium) and of other
//! folders with packages against a host.
//!
//! Needs `npm ci` in those folders, which `make test` runs. A script talks back with its exit code
//! and its output.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::project::repository;

/// How long a script may take; it starts a browser, perhaps twice.
const SCRIPT_DEADLINE: Duration = Duration::from_secs(120);

/// Runs `tests/clients/<script>` with arguments and gives what it printed; any exit code but 0
/// fails the test.
pub fn run_script(script: &str, arguments: &[&str]) -> String {
    run_script_of("tests/clients", script, arguments)
}

/// A folder of the repository whose packages are installed.
pub fn installed(folder: &str) -> PathBuf {
    let folder = repository().join(folder);
    assert!(
        folder.join("node_modules").is_dir(),
        "its packages are not installed: run `npm ci` in {} (`make test` does)",
        folder.display()
    );
    folder
}

/// Runs `<folder>/<script>` in its folder, as `run_script` does.
pub fn run_script_of(folder: &str, script: &str, arguments: &[&str]) -> String {
    run_in(&installed(folder), script, arguments)
}

fn run_in(folder: &Path, script: &str, arguments: &[&str]) -> String {
    let output = tempfile::NamedTempFile::new().expect("a file for the output");
    let write = || Stdio::from(output.reopen().expect("the file can be opened twice"));
    let mut child = Command::new("node")
        .arg(script)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(write())
        .stderr(write())
        .spawn()
        .expect("node can be started");
    let end = Instant::now() + SCRIPT_DEADLINE;
    let status = loop {
        if let Some(status) = child.try_wait().expect("the script can be waited for") {
            break Some(status);
        }
        if Instant::now() > end {
            // It may have ended in this moment; then there is nothing to kill.
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        // Between two looks whether the script has ended.
        std::thread::sleep(Duration::from_millis(20));
    };
    let text = std::fs::read_to_string(output.path()).expect("the output can be read");
    match status {
        Some(status) if status.success() => text,
        Some(status) => panic!("{script} failed ({status}):\n{text}"),
        None => panic!("{script} did not end within {SCRIPT_DEADLINE:?}:\n{text}"),
    }
}
