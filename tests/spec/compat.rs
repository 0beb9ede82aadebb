//! The same cases against another host, to keep our reading of PartyKit honest: `make compat` starts
//! the real PartyKit on a copy of the project and runs this test with its address in
//! `HOUSEPARTY_SPEC_HOST`.
//!
//! A report for people, not a judgement: a case may differ because PartyKit falls short there (it
//! names a statement marked BETTER or CHOICE), because PartyKit's project had to leave something out,
//! or because one of us is wrong. The test fails only if it could not ask. Ignored without
//! `--run-ignored`, since it needs that other host.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, stream};

use super::play::Pace;
use super::{case, cases_folder, coverage, play};
use crate::support::run;

/// Fewer than at home: the other host has one thread for all of its rooms.
const CASES_AT_ONCE: usize = 4;

const PACE: Pace = Pace { deadline: Duration::from_secs(6), idle: Duration::from_millis(12_500) };

/// A case that went otherwise than expected.
struct Difference {
    file: String,
    told: String,
    /// Whether it was to be expected: the statements say that the other host falls short.
    expected: bool,
}

fn is_expected(case: &case::Case, marks: &BTreeMap<String, String>) -> bool {
    let falls_short = |number| {
        let marks: &str = marks.get(number).map_or("", String::as_str);
        marks.contains("BETTER") || marks.contains("CHOICE")
    };
    case.there.is_some() || case.spec.iter().any(falls_short)
}

#[test]
#[ignore = "needs another host: make compat"]
fn against_another_host() {
    let address = std::env::var("HOUSEPARTY_SPEC_HOST").unwrap_or_default();
    let address: SocketAddr =
        address.parse().expect("HOUSEPARTY_SPEC_HOST is the address of a host that serves");
    let marks = coverage::marks();
    let mut files: Vec<_> = std::fs::read_dir(cases_folder())
        .expect("the folder of cases exists")
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    files.sort();
    // One file, or all.
    if let Ok(only) = std::env::var("HOUSEPARTY_SPEC_FILE") {
        files.retain(|path| path.file_stem().is_some_and(|stem| *stem == *only));
    }
    let mut differences = Vec::new();
    let mut count = 0;
    for path in files {
        let file = path.file_stem().expect("a file of cases").to_string_lossy().into_owned();
        let mut cases = case::read(&path);
        cases.retain(|case| !case.unasked);
        count += cases.len();
        let found: Vec<(bool, String)> = run(stream::iter(cases.into_iter().map(Arc::new))
            .map(|case| {
                let expected = is_expected(&case, &marks);
                async move {
                    let outcome = play::play(&case, address, PACE).await;
                    let there = case.there.as_ref().map(|there| format!("\n  known: {there}"));
                    outcome.err().map(|told| (expected, told + &there.unwrap_or_default()))
                }
            })
            .buffer_unordered(CASES_AT_ONCE)
            .filter_map(|found| async { found })
            .collect());
        println!("{file}: {} differ", found.len());
        differences.extend(found.into_iter().map(|(expected, told)| Difference {
            file: file.clone(),
            told,
            expected,
        }));
    }
    println!("\n{} of {count} cases are as they are here.", count - differences.len());
    let list = |title: &str, expected: bool| {
        let chosen = differences.iter().filter(|difference| difference.expected == expected);
        println!("\n{title}: {}", chosen.clone().count());
        for Difference { file, told, .. } in chosen {
            println!("\n{file}: {told}");
        }
    };
    list("Where the other host is known to fall short, or either will do", true);
    list("Where both should be the same", false);
}
