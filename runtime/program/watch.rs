//! Watching the project: tells when a file that matters has changed.
//!
//! Folders are watched, not files, because editors replace files; only folders that hold a watched file
//! are, so that a large `node_modules` or a link in a circle costs nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use notify::{RecursiveMode, Watcher};

/// Changes that come within this time belong together: editors write a file in several steps.
const SETTLE: Duration = Duration::from_millis(30);

pub struct Watch {
    watcher: notify::RecommendedWatcher,
    changes: mpsc::Receiver<PathBuf>,
    files: BTreeSet<PathBuf>,
    folders: BTreeSet<PathBuf>,
}

impl Watch {
    pub fn new() -> notify::Result<Self> {
        let (sender, changes) = mpsc::channel();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            if event.kind.is_access() {
                return;
            }
            for path in event.paths {
                // Nobody listens any more when the host goes down.
                let _ = sender.send(path);
            }
        })?;
        Ok(Self { watcher, changes, files: BTreeSet::new(), folders: BTreeSet::new() })
    }

    /// Watches these files, too.
    pub fn add(&mut self, files: impl IntoIterator<Item = PathBuf>) {
        let all: BTreeSet<PathBuf> = self.files.iter().cloned().chain(files).collect();
        self.set(all);
    }

    /// Replaces what is watched.
    pub fn set(&mut self, files: impl IntoIterator<Item = PathBuf>) {
        self.files = files.into_iter().collect();
        let folders: BTreeSet<PathBuf> =
            self.files.iter().filter_map(|file| file.parent()).map(Path::to_owned).collect();
        for gone in self.folders.difference(&folders) {
            // It may have been deleted, which ended the watch already.
            let _ = self.watcher.unwatch(gone);
        }
        for new in folders.difference(&self.folders) {
            // A folder that is gone by now comes back with the next build.
            let _ = self.watcher.watch(new, RecursiveMode::NonRecursive);
        }
        self.folders = folders;
    }

    /// Waits until a watched file changes and things have settled; `None` when `patience` is over.
    pub fn changed(&self, patience: Duration) -> Option<Vec<PathBuf>> {
        let mut changed = BTreeSet::new();
        let mut wait = patience;
        while let Ok(path) = self.changes.recv_timeout(wait) {
            if self.files.contains(&path) {
                changed.insert(path);
                wait = SETTLE;
            } else if changed.is_empty() {
                return None;
            }
        }
        (!changed.is_empty()).then(|| changed.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE: Duration = Duration::from_secs(10);

    #[test]
    fn a_file_is_seen_that_was_added_and_did_not_exist() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let (known, hoped_for) = (root.join("known.ts"), root.join("src/later.ts"));
        std::fs::create_dir(root.join("src")).unwrap();
        std::fs::write(&known, "").unwrap();
        let mut watch = Watch::new().unwrap();
        watch.set([known.clone()]);
        watch.add([hoped_for.clone()]);
        for file in [hoped_for, known] {
            std::fs::write(&file, "changed").unwrap();
            let start = std::time::Instant::now();
            let seen = std::iter::repeat_with(|| watch.changed(DEADLINE))
                .take_while(|_| start.elapsed() < DEADLINE)
                .flatten()
                .any(|changed| changed.contains(&file));
            assert!(seen, "{}", file.display());
        }
    }
}
