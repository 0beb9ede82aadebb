//! Spec cases: what a client or a party can observe, written as data and played against the real
//! host.
//!
//! `cases/*.jsonc` hold the cases, `project/` is the PartyKit project they talk to, `case.rs` reads
//! them, `play.rs` plays them, `compare.rs` says whether what came is what was expected. One test
//! per file: it boots one host, plays every case in a room of its own, eight at a time, and lists
//! every case that failed with its step, what was expected and what came.
//!
//! Each case names the numbers of the specification it proves. Those of the form are
//! statements of the PartyKit behaviour this host reproduces, those of the form KV-01 of what lies
//! below it; where PartyKit itself falls short the case expects the better behaviour. `compat.rs`
//! plays the cases against PartyKit itself, when asked to.

mod case;
mod compare;
mod compat;
mod coverage;
mod flags;
mod leaving;
mod output;
mod play;
mod raw;
mod sites;
mod slow;
mod streams;

use std::path::PathBuf;
use std::sync::Arc;

use futures::{StreamExt, stream};

use crate::support::{Host, HostOptions, Project, project::repository, run};
use case::Case;
use play::Pace;

/// Cases played at the same time; each has its own rooms.
const CASES_AT_ONCE: usize = 8;

fn cases_folder() -> PathBuf {
    repository().join("tests/spec/cases")
}

/// Plays every case of one file and fails with a list of those that failed.
fn play_file(name: &str) {
    let options = HostOptions::flags(&["--hibernate-after", "2", "--turn-deadline", "5"]);
    let cases = case::read(&cases_folder().join(format!("{name}.jsonc")));
    run(async {
        let project = Project::at("tests/spec/project");
        let mut host = Host::start_with(&project, options);
        let address = host.address();
        let count = cases.len();
        let failures: Vec<String> = stream::iter(cases.into_iter().map(Arc::new))
            .map(|case: Arc<Case>| async move { play::play(&case, address, Pace::OURS).await })
            .buffer_unordered(CASES_AT_ONCE)
            .filter_map(|outcome| async { outcome.err() })
            .collect()
            .await;
        host.assert_alive();
        println!("{name}: {} of {count} cases passed", count - failures.len());
        if !failures.is_empty() {
            let list = failures.join("\n\n");
            panic!("{} of {count} cases of {name} failed\n\n{list}", failures.len());
        }
    });
}

macro_rules! files {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            play_file(stringify!($name));
        })*

        /// A file of cases that no test plays would prove nothing.
        #[test]
        fn every_file_of_cases_is_played() {
            let mut found: Vec<String> = std::fs::read_dir(cases_folder())
                .expect("the folder of cases exists")
                .map(|entry| entry.expect("the folder can be read").path())
                .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
                .collect();
            found.sort();
            let mut played = vec![$(stringify!($name).to_owned()),*];
            played.sort();
            assert_eq!(found, played);
        }
    };
}

files!(
    routing, http, edge, websocket, room, state, parties, storage, alarms, hooks, lifecycle,
    platform, durable, gates,
);
