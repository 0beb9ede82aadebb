//! Projects for tests: written file by file into a fresh folder, or a folder of this repository.

use std::path::{Path, PathBuf};

/// A project on disk. One written by a test disappears with this value.
pub struct Project {
    config: PathBuf,
    folder: Option<tempfile::TempDir>,
}

impl Project {
    /// Files given as (path, text); `partykit.json` must be among them.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("houseparty-project-")
            .tempdir()
            .expect("a folder for the project");
        let project = Self { config: folder.path().join("partykit.json"), folder: Some(folder) };
        for (path, text) in files {
            project.write(path, text);
        }
        assert!(project.config.is_file(), "a project has a partykit.json");
        project
    }

    /// A project with nothing but a main party.
    pub fn single(main: &str) -> Self {
        Self::of(&[
            ("partykit.json", r#"{ "name": "test", "main": "main.ts" }"#),
            ("main.ts", main),
        ])
    }

    /// A folder of this repository that holds a `partykit.json`.
    pub fn at(folder: impl AsRef<Path>) -> Self {
        let config = repository().join(folder).join("partykit.json");
        assert!(config.is_file(), "no {}", config.display());
        Self { config, folder: None }
    }

    pub fn config(&self) -> &Path {
        &self.config
    }

    /// Writes or replaces a file of a project that the test has made.
    pub fn write(&self, path: &str, text: &str) {
        let folder = self.folder.as_ref().expect("only a test's own project is written to");
        let file = folder.path().join(path);
        let parent = file.parent().expect("a file is in a folder");
        std::fs::create_dir_all(parent).expect("the folder can be made");
        std::fs::write(&file, text).expect("the file can be written");
    }
}

/// The folder of Cargo.toml.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A fresh folder for what rooms store.
pub fn fresh_folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("houseparty-state-").tempdir().expect("a folder for the state")
}
