//! Which statements of the specification are proved by what: checks `statements.txt` against the cases
//! and tests it speaks of, and `README.md`, the table made of both, for being up to date.
//!
//! `UPDATE_COVERAGE=1 cargo nextest run --test tests spec::coverage` writes the table anew. A statement
//! that nothing proves and that gives no reason fails the test, as does a number nobody knows and
//! the name of a test that is not there.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use super::{case, cases_folder};
use crate::support::project::repository;

/// Letters of the statements that `statements.txt` lists; cases may name others (C, B, G …).
const LISTED: [&str; 12] =
    ["R-", "L-", "A-", "W-", "KV-", "GATE-", "AL-", "WS-", "LC-", "LIM-", "ERR-", "DUR-"];

const INTRODUCTION: &str = "\
# Spec cases

What a client or a party can observe, written as data (`cases/*.jsonc`) and played against the real
host with the project in `project/`. `mod.rs` says how, `case.rs` what a case may contain.

To add one: append it to the file of its topic, name the statement it proves, and run
`cargo nextest run --test tests spec`.

A test checks that the table below is up to date. It is made of `statements.txt` and the cases, by

    UPDATE_COVERAGE=1 cargo nextest run --test tests spec::coverage

MATCH: as PartyKit does. BETTER: PartyKit falls short, the better behaviour is expected. CHOICE:
either will do, ours is expected. NOTE: nothing that could be fulfilled.
";

struct Statement {
    number: String,
    marks: String,
    /// Tests outside the cases: (file, function).
    tests: Vec<(String, String)>,
    /// Why nothing proves it.
    reason: Option<String>,
}

/// The lines of `statements.txt`.
fn statements() -> Vec<Statement> {
    let path = repository().join("tests/spec/statements.txt");
    let text = std::fs::read_to_string(path).expect("the list of statements can be read");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(statement).collect()
}

/// Statement → its marks.
pub fn marks() -> BTreeMap<String, String> {
    statements().into_iter().map(|statement| (statement.number, statement.marks)).collect()
}

fn statement(line: &str) -> Statement {
    let (head, rest) = line.split_once(" | ").unwrap_or((line, ""));
    let (number, marks) = head.split_once(' ').unwrap_or((head, ""));
    for mark in marks.split(' ') {
        assert!(matches!(mark, "MATCH" | "BETTER" | "CHOICE" | "NOTE"), "the mark of `{line}`");
    }
    let reason = rest.strip_prefix("- ").map(str::to_owned);
    let tests = match reason {
        Some(_) => Vec::new(),
        None => rest.split(", ").filter(|test| !test.is_empty()).map(place).collect(),
    };
    Statement { number: number.to_owned(), marks: marks.to_owned(), tests, reason }
}

fn place(test: &str) -> (String, String) {
    let (file, function) = test.split_once(' ').unwrap_or_else(|| panic!("a test: `{test}`"));
    (file.to_owned(), function.to_owned())
}

/// Statement → the cases that name it, as (file, name of the case).
fn cases() -> BTreeMap<String, Vec<(String, String)>> {
    let mut found: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let folder = std::fs::read_dir(cases_folder()).expect("the folder of cases exists");
    let mut files: Vec<_> = folder.map(|entry| entry.expect("it can be read").path()).collect();
    files.sort();
    for path in files {
        let file = path.file_stem().and_then(|name| name.to_str()).expect("a file of cases");
        for case in case::read(&path) {
            for number in &case.spec {
                let place = (file.to_owned(), case.name.clone());
                found.entry(number.clone()).or_default().push(place);
            }
        }
    }
    found
}

/// What is wrong with the list, in words.
fn problems(
    statements: &[Statement],
    cases: &BTreeMap<String, Vec<(String, String)>>,
) -> Vec<String> {
    let mut problems = Vec::new();
    for number in cases.keys().filter(|number| LISTED.iter().any(|it| number.starts_with(it))) {
        if !statements.iter().any(|statement| statement.number == *number) {
            problems.push(format!("a case names {number}, which statements.txt does not list"));
        }
    }
    for Statement { number, tests, reason, .. } in statements {
        let proved = cases.contains_key(number) || !tests.is_empty();
        match (proved, reason) {
            (false, None) => problems.push(format!("{number}: no case, no test, no reason")),
            (true, Some(_)) => problems.push(format!("{number} is proved: the reason must go")),
            _ => {}
        }
        for (file, function) in tests {
            let text = std::fs::read_to_string(repository().join(file)).unwrap_or_default();
            if !text.contains(&format!("fn {function}(")) {
                problems.push(format!("{number}: there is no `{function}` in {file}"));
            }
        }
    }
    problems
}

fn table(statements: &[Statement], cases: &BTreeMap<String, Vec<(String, String)>>) -> String {
    let open = statements.iter().filter(|statement| statement.reason.is_some()).count();
    let mut text = INTRODUCTION.to_owned();
    let proved = statements.len() - open;
    write!(text, "\n{proved} of {} statements are covered.\n\n", statements.len())
        .expect("a String takes everything");
    text += "| statement | mark | covered by |\n| --- | --- | --- |\n";
    for Statement { number, marks, tests, reason } in statements {
        let named = cases.get(number).into_iter().flatten();
        let named = named.map(|(file, name)| format!("{file}: {name}"));
        let tests = tests.iter().map(|(file, function)| format!("`{file}` `{function}`"));
        let by = match reason {
            Some(reason) => format!("not covered: {reason}"),
            None => named.chain(tests).collect::<Vec<_>>().join("; "),
        };
        writeln!(text, "| {number} | {marks} | {by} |").expect("a String takes everything");
    }
    text
}

#[test]
fn every_statement_is_covered_or_says_why_not() {
    let (statements, cases) = (statements(), cases());
    assert!(statements.len() > 400, "statements.txt lists {}", statements.len());
    let problems = problems(&statements, &cases);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let readme: &Path = &repository().join("tests/spec/README.md");
    let table = table(&statements, &cases);
    if std::env::var_os("UPDATE_COVERAGE").is_some() {
        std::fs::write(readme, &table).expect("the table can be written");
    }
    let written = std::fs::read_to_string(readme).unwrap_or_default();
    assert!(
        written == table,
        "tests/spec/README.md is not up to date: \
         UPDATE_COVERAGE=1 cargo nextest run --test tests spec::coverage"
    );
}
