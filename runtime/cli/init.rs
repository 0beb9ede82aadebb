//! `houseparty init`: a project that runs at once, from the template in `template/`.
//!
//! Two shapes. A new project is a small chat with a page, TypeScript and its types, nothing to
//! install. A folder with a `package.json` is a project already: it gets a `partykit.json` and a
//! party, nothing else. No file is ever overwritten: what the project cannot do without must not be
//! there yet, or nothing is written; other files that are there stay as they are and are named.
//!
//! Asks one question, and only on a terminal: where to, if this folder holds something else.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;

/// Where a new project goes if nobody says anything.
const DEFAULT_NAME: &str = "my-party";

#[derive(Debug, Clone, Args)]
pub struct InitArgs {
    /// The folder to make the project in; its last part names the project [default: this folder]
    #[arg(value_name = "NAME")]
    name: Option<PathBuf>,
    /// Ask nothing
    #[arg(short, long)]
    yes: bool,
    /// Only say what would be written
    #[arg(long)]
    dry_run: bool,
}

/// A file of the template.
struct File {
    path: &'static str,
    text: &'static str,
    /// The project is none without it.
    needed: bool,
}

const fn needed(path: &'static str, text: &'static str) -> File {
    File { path, text, needed: true }
}

const fn useful(path: &'static str, text: &'static str) -> File {
    File { path, text, needed: false }
}

const CHAT: &[File] = &[
    needed("partykit.json", include_str!("template/partykit.json")),
    needed("src/server.ts", include_str!("template/server.ts")),
    needed("public/index.html", include_str!("template/index.html")),
    needed("public/client.js", include_str!("template/client.js")),
    needed("public/style.css", include_str!("template/style.css")),
    useful("types/partykit-server.d.ts", include_str!("../../js/types/partykit-server.d.ts")),
    useful("tsconfig.json", include_str!("template/tsconfig.json")),
    useful("package.json", include_str!("template/package.json")),
    useful("README.md", include_str!("template/README.md")),
    useful(".gitignore", include_str!("template/gitignore")),
];

const PARTY_TS: &[File] = &[
    needed("partykit.json", include_str!("template/partykit.party.json")),
    needed("party/index.ts", include_str!("template/party.ts")),
];

const PARTY_JS: &[File] = &[
    needed("partykit.json", include_str!("template/partykit.party.json")),
    needed("party/index.js", include_str!("template/party.js")),
];

/// What is to be done.
struct Plan {
    folder: PathBuf,
    files: &'static [File],
    name: String,
}

pub fn run(args: &InitArgs) -> anyhow::Result<ExitCode> {
    let cwd = std::env::current_dir().context("cannot tell the working directory")?;
    let folder = match &args.name {
        Some(name) => cwd.join(name),
        None => choose(&cwd, args.yes)?,
    };
    let plan = Plan::of(folder)?;
    let kept = plan.check()?;
    let shown = plan.folder.strip_prefix(&cwd).unwrap_or(&plan.folder);
    for file in plan.files.iter().filter(|file| !kept.contains(&file.path)) {
        if !args.dry_run {
            plan.write(file)?;
        }
        println!("  {}", shown.join(file.path).display());
    }
    for path in kept {
        println!("  {} is there already and stays as it is", shown.join(path).display());
    }
    if args.dry_run {
        println!("\nNothing was written (--dry-run).");
        return Ok(ExitCode::SUCCESS);
    }
    println!("\nThe project `{}` is ready:\n", plan.name);
    if !shown.as_os_str().is_empty() {
        let shown = shown.to_string_lossy();
        let quote = if shown.contains(|letter: char| !is_plain(letter)) { "'" } else { "" };
        println!("  cd {quote}{shown}{quote}");
    }
    println!("  houseparty dev");
    if std::ptr::eq(plan.files, PARTY_TS) {
        println!("\nThe types of `partykit/server` are in the npm package partykit.");
    }
    Ok(ExitCode::SUCCESS)
}

/// The folder to use when none is named.
fn choose(cwd: &Path, yes: bool) -> anyhow::Result<PathBuf> {
    let fits = is_empty(cwd)? || cwd.join("package.json").is_file();
    if fits || yes || !std::io::stdin().is_terminal() {
        return Ok(cwd.to_owned());
    }
    print!("This folder holds something else. Folder for the project [{DEFAULT_NAME}]: ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).context("cannot read the answer")?;
    let answer = answer.trim();
    Ok(cwd.join(if answer.is_empty() { DEFAULT_NAME } else { answer }))
}

/// Whether a folder has nothing but hidden files in it, as after `git init`.
fn is_empty(folder: &Path) -> anyhow::Result<bool> {
    let entries = fs::read_dir(folder);
    let mut entries = entries.with_context(|| format!("cannot read {}", folder.display()))?;
    Ok(entries
        .all(|entry| entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with('.'))))
}

impl Plan {
    fn of(folder: PathBuf) -> anyhow::Result<Self> {
        if folder.exists() && !folder.is_dir() {
            bail!("{} is a file, not a folder", folder.display());
        }
        let package = folder.join("package.json");
        if !package.is_file() {
            let name = project_name(&folder);
            return Ok(Self { folder, files: CHAT, name });
        }
        let text = fs::read_to_string(&package);
        let text = text.with_context(|| format!("cannot read {}", package.display()))?;
        let package: serde_json::Value = serde_json::from_str(&text)
            .with_context(|| format!("{} is no JSON", package.display()))?;
        if package.get("partykit").is_some() {
            bail!("this is a project already: package.json has a key `partykit`");
        }
        let typed = ["dependencies", "devDependencies"]
            .iter()
            .any(|list| package[list].get("typescript").is_some());
        let typed = typed || folder.join("tsconfig.json").is_file();
        let name = match package["name"].as_str() {
            // As `partykit init` does (K-20).
            Some(name) => format!("{}-party", slug(name)),
            None => project_name(&folder),
        };
        Ok(Self { folder, files: if typed { PARTY_TS } else { PARTY_JS }, name })
    }

    /// Which files of the template are there already; an error if the project cannot do with them.
    fn check(&self) -> anyhow::Result<Vec<&'static str>> {
        let there = |path: &str| fs::symlink_metadata(self.folder.join(path)).is_ok();
        for other in ["partykit.json", "partykit.json5", "partykit.jsonc"] {
            if there(other) {
                let place = self.folder.join(other);
                bail!(
                    "this is a project already: {} is there. Nothing was written",
                    place.display()
                );
            }
        }
        let (needed, useful): (Vec<&File>, Vec<&File>) =
            self.files.iter().filter(|file| there(file.path)).partition(|file| file.needed);
        if !needed.is_empty() {
            let paths: Vec<&str> = needed.iter().map(|file| file.path).collect();
            bail!(
                "{} holds files that the project would need: {}. Nothing was written. Move them \
                 away, or name another folder: houseparty init NAME",
                self.folder.display(),
                paths.join(", ")
            );
        }
        Ok(useful.iter().map(|file| file.path).collect())
    }

    fn write(&self, file: &File) -> anyhow::Result<()> {
        let path = self.folder.join(file.path);
        let main = self.files.iter().find(|file| file.path.starts_with("party/"));
        let text = file
            .text
            .replace("$NAME", &self.name)
            .replace("$MAIN", main.map_or("", |file| file.path))
            .replace("$DATE", &chrono::Utc::now().format("%Y-%m-%d").to_string());
        let written = (|| {
            fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
            // Whoever made it in the meantime keeps it.
            let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
            file.write_all(text.as_bytes())
        })();
        match written {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                bail!("{} has come into being just now; it was not touched", path.display())
            }
            written => written.with_context(|| format!("cannot write {}", path.display())),
        }
    }
}

/// What a shell takes as it stands.
fn is_plain(letter: char) -> bool {
    letter.is_alphanumeric() || "/._-".contains(letter)
}

/// A name that `partykit.json` takes, after the folder.
fn project_name(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = folder.file_name().map(|name| slug(&name.to_string_lossy())).unwrap_or_default();
    if name.is_empty() { DEFAULT_NAME.to_owned() } else { name }
}

/// Letters, digits and single hyphens; the scope of a package goes.
fn slug(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    let mut slug = String::new();
    for letter in name.chars() {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_such_that_the_configuration_takes_them() {
        for (name, wanted) in [
            ("My Chat", "my-chat"),
            ("@team/Big--App", "big-app"),
            ("--x--", "x"),
            ("snake_case", "snake_case"),
            ("Übung", "bung"),
            ("聊天", ""),
        ] {
            assert_eq!(slug(name), wanted, "{name}");
        }
        assert_eq!(project_name(Path::new("/nowhere/聊天")), DEFAULT_NAME);
    }
}
