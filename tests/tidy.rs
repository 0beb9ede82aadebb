//! The house rules that a test can hold: headers, sizes, `unwrap`, `unsafe`, words, and who may
//! import whom.
//!
//! Reads the source and nothing else. Each test lists everything that breaks its rule, with file
//! and line.

use std::path::{Path, PathBuf};

use crate::support::project::repository;

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;
const RUST_COLUMNS_MAX: usize = 100;
const TEXT_COLUMNS_MAX: usize = 120;

/// Files of these folders are ours; nothing below them is generated.
const SOURCES: [&str; 6] = ["runtime", "js", "tests", "examples", "scripts", "bench"];

/// Words that name nothing (see CONTRIBUTING).
const EMPTY_NAMES: [&str; 4] = ["manager", "util", "helper", "misc"];

/// What the modules of `runtime/` may use of each other. Whatever is not listed must not be used.
const LAYERS: [(&str, &[&str]); 21] = [
    ("main", &["cli", "engine"]),
    (
        "cli",
        &[
            "node",
            "config",
            "outbound",
            "program",
            "storage",
            "server",
            "engine",
            "inspect",
            "dashboard",
            "bench",
            "name",
            "limits",
            "clock",
        ],
    ),
    (
        "node",
        &[
            "config",
            "crons",
            "dashboard",
            "engine",
            "inspect",
            "limits",
            "name",
            "outbound",
            "program",
            "room",
            "server",
            "storage",
            "wire",
            "clock",
        ],
    ),
    ("crons", &["config", "room", "name", "limits", "clock"]),
    ("server", &["room", "wire", "name", "limits", "clock"]),
    ("dashboard", &["room", "storage", "name", "limits", "clock"]),
    (
        "engine",
        &["room", "storage", "program", "wire", "inspect", "outbound", "name", "limits", "clock"],
    ),
    ("inspect", &["name", "limits", "clock"]),
    ("outbound", &["limits"]),
    ("wire", &["room", "name", "limits", "clock"]),
    ("room", &["storage", "name", "limits", "clock"]),
    ("storage", &["name", "limits", "clock"]),
    ("program", &["config", "name", "limits", "clock"]),
    ("config", &["name", "limits", "clock"]),
    ("bench", &["name", "limits"]),
    ("name", &[]),
    ("limits", &[]),
    ("clock", &[]),
    ("lib", &[]),
    ("build", &["engine", "name", "limits", "room", "wire", "storage", "program", "config"]),
    ("cluster", &["node", "room", "storage", "config", "name", "limits", "clock"]),
];

struct Source {
    /// From the top of the repository.
    path: String,
    text: String,
}

impl Source {
    fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.ends_with("_test.rs")
    }

    /// The lines of code that run outside tests, numbered from 1: without comments, and up to
    /// `#[cfg(test)] mod`.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines: Vec<&str> = self.text.lines().collect();
        let is_tests = |index: usize| {
            lines[index].trim() == "#[cfg(test)]"
                && lines.get(index + 1).is_some_and(|next| next.trim_end().ends_with("mod tests {"))
        };
        let end = (0..lines.len()).find(|&index| is_tests(index)).unwrap_or(lines.len());
        self.text
            .lines()
            .take(end)
            .enumerate()
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(index, line)| (index + 1, line))
    }
}

/// Every source file with one of these endings.
fn sources(endings: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    for folder in SOURCES {
        collect(&repository().join(folder), endings, &mut found);
    }
    assert!(found.len() > 20, "the sources were not found");
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(folder: &Path, endings: &[&str], found: &mut Vec<Source>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path: PathBuf = entry.expect("the folder can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("names are UTF-8");
        if path.is_dir() {
            // What others wrote keeps its own shape.
            if !matches!(name, "node_modules" | ".partykit" | "target" | "dist" | "vendor") {
                collect(&path, endings, found);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            let text = std::fs::read_to_string(&path).expect("sources are UTF-8");
            let path = path.strip_prefix(repository()).expect("it is inside").display().to_string();
            found.push(Source { path, text });
        }
    }
}

fn assert_none(broken: Vec<String>, rule: &str) {
    assert!(broken.is_empty(), "{rule}; {} break it:\n  {}", broken.len(), broken.join("\n  "));
}

#[test]
fn every_source_file_starts_with_a_header() {
    let endings = [".rs", ".js", ".ts", ".tsx", ".css", ".jsonc", "scripts/setup"];
    let mut broken = Vec::new();
    for source in sources(&endings) {
        let opens = if source.path.ends_with(".rs") {
            source.text.starts_with("//! ")
        } else {
            let text = source.text.trim_start_matches("#!/usr/bin/env bash\n");
            ["/*", "//", "# "].iter().any(|opening| text.starts_with(opening))
        };
        if !opens {
            broken.push(source.path);
        }
    }
    assert_none(broken, "every file starts with a comment to read instead of it");
}

#[test]
fn files_and_lines_stay_readable() {
    let mut broken = Vec::new();
    for source in sources(&[".rs", ".js", ".ts", ".tsx", ".css", ".html"]) {
        let lines = source.text.lines().count();
        if lines > FILE_LINES_MAX {
            broken.push(format!("{}: {lines} lines", source.path));
        }
        if !source.path.ends_with(".rs") {
            continue;
        }
        let lines = &mut source.text.lines().enumerate();
        while let Some((index, line)) = lines.next() {
            if line.contains("r#\"") && !line.contains("\"#") {
                // What is inside is not Rust.
                lines.find(|(_, line)| line.contains("\"#"));
                continue;
            }
            let columns = line.chars().count();
            // Rustfmt breaks neither texts nor comments; those may be a little longer.
            let text = line.contains('"') || line.trim_start().starts_with("//");
            let most = if text { TEXT_COLUMNS_MAX } else { RUST_COLUMNS_MAX };
            if columns > most {
                broken.push(format!("{}:{}: {columns} columns", source.path, index + 1));
            }
        }
    }
    assert_none(broken, "files have at most 600 lines, lines of Rust at most 100 columns");
}

#[test]
fn functions_stay_readable() {
    let mut broken = Vec::new();
    for source in sources(&[".rs"]).into_iter().filter(|source| !source.is_test()) {
        let lines: Vec<&str> = source.text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let code = line.trim_start();
            let starts =
                code.starts_with("fn ") || code.starts_with("pub") && code.contains(" fn ");
            let starts = starts || code.starts_with("async fn ") || code.starts_with("unsafe fn ");
            // A function ends where rustfmt puts its brace: at its own indentation.
            let indent = &line[..line.len() - code.len()];
            let end = format!("{indent}}}");
            let length = lines[index..].iter().position(|line| *line == end);
            if let Some(length) = length.filter(|&length| starts && length > FUNCTION_LINES_MAX) {
                broken.push(format!("{}:{}: {length} lines", source.path, index + 1));
            }
        }
    }
    assert_none(broken, "functions have at most 70 lines");
}

#[test]
fn nothing_outside_tests_unwraps_or_panics() {
    const FORBIDDEN: [&str; 6] =
        [".unwrap()", "panic!(", "todo!(", "unimplemented!(", "dbg!(", ".expect(\"\")"];
    let mut broken = Vec::new();
    for source in sources(&[".rs"]).into_iter().filter(|source| !source.is_test()) {
        // A build script fails by panicking: cargo shows what it said.
        if source.path == "runtime/build.rs" {
            continue;
        }
        for (line, code) in source.code() {
            if let Some(word) = FORBIDDEN.iter().find(|word| code.contains(**word)) {
                broken.push(format!("{}:{line}: {word}", source.path));
            }
        }
    }
    assert_none(broken, "outside tests nothing unwraps or panics");
}

#[test]
fn unsafe_stays_where_v8_is_touched_and_argues_its_case() {
    const PLACES: [&str; 2] = ["runtime/engine/isolate.rs", "runtime/engine/buffers.rs"];
    let mut broken = Vec::new();
    for source in sources(&[".rs"]).into_iter().filter(|source| !source.is_test()) {
        let lines: Vec<&str> = source.text.lines().collect();
        for (line, code) in source.code() {
            let unsafe_code = code.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            if !unsafe_code.into_iter().any(|word| word == "unsafe") || code.contains("\"") {
                continue;
            }
            let argued = lines[line.saturating_sub(9)..line].iter().any(|it| it.contains("SAFETY"));
            if !PLACES.contains(&source.path.as_str()) || !argued {
                broken.push(format!("{}:{line}: {}", source.path, code.trim()));
            }
        }
    }
    assert_none(broken, "`unsafe` is in two files of the engine only, with a SAFETY comment");
}

/// Which module of `runtime/` a file belongs to.
fn module_of(path: &str) -> &str {
    let inside = path.strip_prefix("runtime/").expect("a file of the runtime");
    inside.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

/// The modules a line names as `crate::x` or `houseparty::x`, including `crate::{x, y}`.
fn modules_named(code: &str) -> Vec<String> {
    let mut named = Vec::new();
    for root in ["crate::", "houseparty::"] {
        for (start, _) in code.match_indices(root) {
            let rest = &code[start + root.len()..];
            let group =
                rest.strip_prefix('{').map(|rest| rest.split('}').next().unwrap_or_default());
            let parts: Vec<&str> = match group {
                Some(group) => group.split(',').collect(),
                None => vec![rest],
            };
            for part in parts {
                let word: String = part
                    .trim()
                    .chars()
                    .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                    .collect();
                named.push(word);
            }
        }
    }
    named
}

#[test]
fn imports_go_one_way() {
    let mut broken = Vec::new();
    for source in sources(&[".rs"]) {
        if !source.path.starts_with("runtime/") || source.is_test() {
            continue;
        }
        let module = module_of(&source.path);
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else {
            broken.push(format!("{}: the module `{module}` is not in the table", source.path));
            continue;
        };
        for (line, code) in source.code() {
            for named in modules_named(code) {
                let known = LAYERS.iter().any(|(name, _)| *name == named);
                if known && named != module && !allowed.contains(&named.as_str()) {
                    broken.push(format!("{}:{line}: `{module}` uses `{named}`", source.path));
                }
            }
        }
    }
    assert_none(
        broken,
        "imports go one way: main, cli, node, server and engine, wire, room, leaves",
    );
}

#[test]
fn only_the_engine_knows_v8() {
    const OF_THE_ENGINE: [&str; 4] = ["deno_core", "deno_web", "v8::", "serde_v8"];
    let mut broken = Vec::new();
    for source in sources(&[".rs"]) {
        let path = &source.path;
        let exempt = path.starts_with("runtime/engine/") || path == "runtime/build.rs";
        if exempt || !path.starts_with("runtime/") {
            continue;
        }
        for (line, code) in source.code() {
            if let Some(word) = OF_THE_ENGINE.iter().find(|word| code.contains(**word)) {
                broken.push(format!("{path}:{line}: {word}"));
            }
        }
    }
    assert_none(broken, "only runtime/engine names V8 and deno_core");
}

#[test]
fn room_and_storage_share_only_the_commit_sequence() {
    let mut broken = Vec::new();
    for source in sources(&[".rs"]) {
        if !source.path.starts_with("runtime/room/") || source.is_test() {
            continue;
        }
        for (line, code) in source.code() {
            let uses = code.contains("storage::");
            if uses && !code.trim().trim_end_matches(';').ends_with("storage::CommitSeq") {
                broken.push(format!("{}:{line}: {}", source.path, code.trim()));
            }
        }
    }
    assert_none(broken, "room/ takes CommitSeq from storage/ and nothing else");
}

#[test]
fn names_say_something() {
    let mut broken = Vec::new();
    for source in sources(&[".rs", ".js", ".ts", ".tsx"]) {
        let path = source.path.to_lowercase();
        // Node's own module is called that.
        if path == "js/node/util.js" {
            continue;
        }
        if let Some(word) = EMPTY_NAMES.iter().find(|word| path.contains(**word)) {
            broken.push(format!("{}: `{word}`", source.path));
        }
    }
    assert_none(broken, "no file is called manager, util, helper or misc");
}

#[test]
fn the_imports_of_a_line_are_found() {
    assert_eq!(modules_named("use crate::room::event;"), ["room"]);
    assert_eq!(modules_named("use crate::{limits, name::RoomKey};"), ["limits", "name"]);
    assert_eq!(modules_named("let a = crate::wire::open(b);"), ["wire"]);
    assert!(modules_named("use std::fmt;").is_empty());
}
