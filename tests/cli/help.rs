//! What `--help` shows, word for word, and what a mistake is answered with.
//!
//! After a change that is meant: UPDATE_SNAPSHOTS=1 cargo nextest run cli::help

use super::{folder, houseparty};
use crate::support::project::repository;

#[test]
fn help_is_what_it_was() {
    let here = folder();
    let mut changed = Vec::new();
    for (name, arguments) in [
        ("houseparty", vec!["--help"]),
        ("dev", vec!["dev", "--help"]),
        ("start", vec!["start", "--help"]),
        ("check", vec!["check", "--help"]),
        ("init", vec!["init", "--help"]),
        ("completions", vec!["completions", "--help"]),
        ("storage", vec!["storage", "--help"]),
    ] {
        let ended = houseparty(here.path(), &arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.output);
        // The machine that runs the tests may have its own width and no colours.
        assert!(!ended.output.contains('\x1b'), "colours without a terminal");
        let file = repository().join("tests/cli/snapshots").join(name).with_extension("txt");
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(&file, &ended.output).expect("the snapshot can be written");
        }
        let known = std::fs::read_to_string(&file).unwrap_or_default();
        if known != ended.output {
            changed.push(format!("--- {name}:\n{}", ended.output));
        }
    }
    assert!(changed.is_empty(), "not as in tests/cli/snapshots:\n{}", changed.concat());
}

#[test]
fn mistakes_end_with_2_and_a_hint() {
    let here = folder();
    for (arguments, says) in [
        (vec!["dev", "--prot", "1"], "--port"),
        (vec!["strat"], "'start'"),
        (vec!["dev", "--https-key-path", "a.pem"], "--https-cert-path"),
        (vec!["dev", "--port", "70000"], "0..=65535"),
        (vec!["completions", "tcsh"], "bash"),
    ] {
        let ended = houseparty(here.path(), &arguments);
        assert_eq!(ended.code, Some(2), "{}", ended.output);
        assert!(ended.output.contains(says), "no `{says}` in: {}", ended.output);
    }
}

#[test]
fn completions_are_scripts_of_their_shell() {
    let here = folder();
    for (shell, starts) in [
        ("bash", "_houseparty() {"),
        ("zsh", "#compdef houseparty"),
        ("fish", "# Print an optspec"),
        ("elvish", "use builtin;"),
        ("powershell", "using namespace"),
    ] {
        let ended = houseparty(here.path(), &["completions", shell]);
        assert_eq!(ended.code, Some(0), "{}", ended.output);
        let script = ended.output.trim_start();
        assert!(script.starts_with(starts), "{shell}: {}", &script[..80]);
        for word in ["https-cert-path", "completions", "hibernate-after"] {
            assert!(script.contains(word), "{shell} knows no {word}");
        }
    }
    // And bash takes it.
    let script = here.path().join("completions");
    let text = houseparty(here.path(), &["completions", "bash"]).output;
    std::fs::write(&script, text).expect("it can be written");
    let asked = "source ./completions; COMP_WORDS=(houseparty dev --htt); COMP_CWORD=2; \
                 _houseparty houseparty --htt dev; echo ${COMPREPLY[@]}";
    let mut bash = std::process::Command::new("bash");
    let offered = bash.arg("-c").arg(asked).current_dir(here.path()).output();
    let offered = offered.expect("bash can be run");
    let offered = String::from_utf8_lossy(&offered.stdout).into_owned();
    assert_eq!(offered.trim(), "--https --https-cert-path --https-key-path");
}
