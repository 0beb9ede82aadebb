//! `houseparty check`: the project's own TypeScript compiler, if it has one.
//!
//! The host itself takes types away without looking at them. A project that has installed
//! TypeScript and has a `tsconfig.json` wants to hear of wrong types before it is served. Nothing is
//! installed and nothing is emitted; without a compiler or a configuration nothing happens.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// What the project checks its types with.
pub struct TypeCheck {
    compiler: PathBuf,
    tsconfig: PathBuf,
}

impl TypeCheck {
    /// The nearest compiler, from the project upwards: in a workspace it is installed at the top.
    pub fn find(project: &Path) -> Option<Self> {
        let nearest = |name: &str| {
            let mut places = project.ancestors().map(|folder| folder.join(name));
            places.find(|path| path.is_file())
        };
        let tsconfig = project.join("tsconfig.json");
        if !tsconfig.is_file() {
            return None;
        }
        Some(Self { compiler: nearest("node_modules/.bin/tsc")?, tsconfig })
    }

    pub fn describe(&self) -> String {
        format!("checking types with {}", self.compiler.display())
    }

    /// Runs the compiler; what it finds goes to the terminal in its own words.
    pub fn run(&self) -> anyhow::Result<()> {
        let compiler = self.compiler.display();
        let status = Command::new(&self.compiler)
            .arg("--noEmit")
            .arg("--project")
            .arg(&self.tsconfig)
            .stdin(Stdio::null())
            .status()
            .with_context(|| format!("cannot run {compiler}"))?;
        if !status.success() {
            bail!("the types are wrong: {compiler} ended with {status}");
        }
        Ok(())
    }
}
