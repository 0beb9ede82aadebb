//! Files that a build has made: served as if they lay in the asset folder, but kept in memory.
//!
//! The command line replaces all of them at once after each build, so that no page ever gets one
//! half of a build and one half of another; nothing in the project's folder is written or left over.
//! A file in here hides the file of the same name on disk.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use sha2::{Digest, Sha256};

/// The files of the last good build. Cheap to clone; all clones are the same.
#[derive(Clone, Default)]
pub struct BuiltFiles {
    files: Arc<RwLock<BTreeMap<String, BuiltFile>>>,
}

#[derive(Clone)]
pub(super) struct BuiltFile {
    pub content: Bytes,
    /// Changes with the content, and only with it.
    pub tag: Arc<str>,
}

impl std::fmt::Debug for BuiltFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_set().entries(files.keys()).finish()
    }
}

impl BuiltFiles {
    /// Serves these files, by their path below the asset folder, instead of those from before.
    pub fn replace(&self, files: BTreeMap<String, Bytes>) {
        let built = |content: Bytes| {
            let hash = Sha256::digest(&content);
            let tag: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            BuiltFile { content, tag: tag.into() }
        };
        let files = files.into_iter().map(|(path, content)| (path, built(content))).collect();
        *self.files.write().unwrap_or_else(PoisonError::into_inner) = files;
    }

    pub(super) fn get(&self, key: &Path) -> Option<BuiltFile> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        files.get(key.to_str()?).cloned()
    }
}
