//! Watching the project: tells when a file that matters has changed.
//!
//! Folders are watched, not files, because editors replace files. Single files: only the folders that
//! hold one are watched, so that a large `node_modules` costs nothing. Whole trees (assets, the
//! sources of a build command): every folder of it up to a bound, links not followed, so that neither
//! a link in a circle nor a million files does harm. Beyond the bound changes go unnoticed, which
//! `watch_trees` says. If more happens than can be remembered, everything counts as changed.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, TrySendError};
use std::time::Duration;

use notify::{RecursiveMode, Watcher};

/// Changes that come within this time belong together: editors write a file in several steps.
const SETTLE: Duration = Duration::from_millis(30);

/// Changes that wait to be looked at; beyond it everything counts as changed.
const CHANGES_MAX: usize = 8 << 10;

/// Folders watched below all trees: systems allow as few as 8192 for all programs of a user.
const FOLDERS_MAX: usize = 2_000;

/// Entries looked at to find the folders of the trees; about 0.2 s.
const ENTRIES_MAX: usize = 200_000;

pub struct Watch {
    watcher: notify::RecommendedWatcher,
    changes: mpsc::Receiver<PathBuf>,
    /// Changes have been lost.
    lost: Arc<AtomicBool>,
    files: BTreeSet<PathBuf>,
    trees: Vec<PathBuf>,
    /// Folders of the trees.
    below: BTreeSet<PathBuf>,
    folders: BTreeSet<PathBuf>,
}

impl Watch {
    pub fn new() -> notify::Result<Self> {
        let (sender, changes) = mpsc::sync_channel(CHANGES_MAX);
        let lost = Arc::new(AtomicBool::new(false));
        let losing = lost.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            if event.need_rescan() {
                losing.store(true, Ordering::Release);
            }
            if event.kind.is_access() {
                return;
            }
            for path in event.paths {
                // Nobody listens any more when the host goes down.
                if let Err(TrySendError::Full(_)) = sender.try_send(path) {
                    losing.store(true, Ordering::Release);
                }
            }
        })?;
        Ok(Self {
            watcher,
            changes,
            lost,
            files: BTreeSet::new(),
            trees: Vec::new(),
            below: BTreeSet::new(),
            folders: BTreeSet::new(),
        })
    }

    /// Watches these files, too.
    pub fn add(&mut self, files: impl IntoIterator<Item = PathBuf>) {
        let all: BTreeSet<PathBuf> = self.files.iter().cloned().chain(files).collect();
        self.set(all);
    }

    /// Replaces the files that are watched.
    pub fn set(&mut self, files: impl IntoIterator<Item = PathBuf>) {
        self.files = files.into_iter().collect();
        self.follow();
    }

    /// Replaces the trees of which everything public is watched: no names that start with a dot, no
    /// `node_modules`. Tells what is too much to be watched.
    pub fn watch_trees(&mut self, trees: Vec<PathBuf>) -> Option<String> {
        self.trees = trees;
        self.below.clear();
        let too_much = self.descend(self.trees.clone());
        self.follow();
        too_much.map(|folder| {
            format!(
                "{} holds more than can be watched ({FOLDERS_MAX} folders, {ENTRIES_MAX} files); \
                 changes in some of its folders go unnoticed",
                folder.display()
            )
        })
    }

    /// Adds these folders and those below them, breadth first. Gives one that was too much.
    fn descend(&mut self, folders: Vec<PathBuf>) -> Option<PathBuf> {
        let mut waiting = VecDeque::from(folders);
        let mut looked_at = 0;
        while let Some(folder) = waiting.pop_front() {
            // A tree that is not there yet is waited for by its parent.
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            if self.below.len() >= FOLDERS_MAX || looked_at >= ENTRIES_MAX {
                return Some(folder);
            }
            for entry in entries.flatten().take(ENTRIES_MAX - looked_at) {
                looked_at += 1;
                // Links are not folders here.
                if is_public(&entry.file_name()) && entry.file_type().is_ok_and(|it| it.is_dir()) {
                    waiting.push_back(entry.path());
                }
            }
            self.below.insert(folder);
        }
        None
    }

    /// Makes the system watch what we want to hear of.
    fn follow(&mut self) {
        let mut folders = self.below.clone();
        let files = self.files.iter().chain(self.trees.iter());
        folders.extend(files.filter_map(|file| file.parent()).map(Path::to_owned));
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

    /// Waits until something that matters changes and things have settled; `None` when `patience` is
    /// over.
    pub fn changed(&mut self, patience: Duration) -> Option<Vec<PathBuf>> {
        let mut changed = BTreeSet::new();
        let mut wait = patience;
        while let Ok(path) = self.changes.recv_timeout(wait) {
            if self.matters(&path) {
                self.notice_folder(&path);
                changed.insert(path);
                wait = SETTLE;
            } else if changed.is_empty() {
                return None;
            }
            if changed.len() > CHANGES_MAX {
                break;
            }
        }
        if self.lost.swap(false, Ordering::AcqRel) {
            changed.extend(self.files.iter().cloned());
            changed.extend(self.trees.iter().cloned());
        }
        (!changed.is_empty()).then(|| changed.into_iter().collect())
    }

    fn matters(&self, path: &Path) -> bool {
        self.files.contains(path) || self.trees.iter().any(|tree| is_inside(tree, path))
    }

    /// A folder that has come into a tree is watched from now on; one that is gone is forgotten.
    fn notice_folder(&mut self, path: &Path) {
        let is_folder = path.symlink_metadata().is_ok_and(|it| it.is_dir());
        let in_tree = self.trees.iter().any(|tree| is_inside(tree, path));
        if is_folder && in_tree {
            // It may be another one of the same name: its watch ended with the old one.
            self.folders.retain(|folder| !folder.starts_with(path));
            self.descend(vec![path.to_owned()]);
            self.follow();
        } else if !is_folder && self.below.contains(path) {
            self.below.retain(|folder| !folder.starts_with(path));
            self.follow();
        }
    }
}

/// Whether a path is of a tree and can be served.
pub fn is_inside(tree: &Path, path: &Path) -> bool {
    path.strip_prefix(tree)
        .is_ok_and(|inside| inside.components().all(|part| is_public(part.as_os_str())))
}

fn is_public(name: &std::ffi::OsStr) -> bool {
    let name = name.to_string_lossy();
    // Editors keep copies under names with a tilde at their end.
    !name.starts_with('.') && name != "node_modules" && !name.ends_with('~')
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE: Duration = Duration::from_secs(10);

    fn sees(watch: &mut Watch, file: &Path) -> bool {
        let start = std::time::Instant::now();
        std::iter::repeat_with(|| watch.changed(DEADLINE))
            .take_while(|_| start.elapsed() < DEADLINE)
            .flatten()
            .any(|changed| changed.iter().any(|path| path == file))
    }

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
            assert!(sees(&mut watch, &file), "{}", file.display());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_tree_grows_and_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let tree = root.join("public");
        std::fs::create_dir_all(tree.join("a/b")).unwrap();
        std::os::unix::fs::symlink(&root, tree.join("a/circle")).unwrap();
        let mut watch = Watch::new().unwrap();
        assert_eq!(watch.watch_trees(vec![tree.clone()]), None);
        assert_eq!(watch.below.len(), 3);
        for file in ["a/b/x.css", "new/deep/y.css"] {
            let file = tree.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            // The folder itself is noticed first, and with it what it holds.
            let _ = watch.changed(Duration::from_millis(200));
            std::fs::write(&file, "changed").unwrap();
            assert!(sees(&mut watch, &file), "{}", file.display());
        }
        std::fs::remove_dir_all(tree.join("new")).unwrap();
        assert!(sees(&mut watch, &tree.join("new")));
        std::fs::write(tree.join(".hidden"), "").unwrap();
        assert_eq!(watch.changed(Duration::from_millis(100)), None);
    }

    #[test]
    fn a_tree_without_end_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..FOLDERS_MAX + 10 {
            std::fs::create_dir(folder.path().join(number.to_string())).unwrap();
        }
        let mut watch = Watch::new().unwrap();
        let told = watch.watch_trees(vec![folder.path().to_owned()]);
        assert!(told.is_some_and(|text| text.contains("go unnoticed")));
        assert!(watch.below.len() <= FOLDERS_MAX);
    }
}
