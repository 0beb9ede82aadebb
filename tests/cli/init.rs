//! `houseparty init`: what it makes runs, type-checks and is never at the cost of what is there.

use std::path::Path;
use std::process::Command;

use super::{folder, houseparty};
use crate::support::node::run_script;
use crate::support::project::repository;
use crate::support::{Host, HostOptions, Project, run};

fn compiler() -> std::path::PathBuf {
    repository().join("tests/clients/node_modules/typescript/bin/tsc")
}

fn assert_types(project: &Path) {
    let checked = Command::new("node")
        .arg(compiler())
        .arg("-p")
        .arg(project)
        .output()
        .expect("node can be run");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

/// Every file below a folder, as (path, text).
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("the folder can be read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it is inside").display().to_string();
                found.push((name, std::fs::read_to_string(&path).unwrap_or_default()));
            }
        }
    }
    found.sort();
    found
}

/// The whole way of a newcomer, over https: init, types, check, dev, two tabs of Chromium.
#[test]
fn a_new_project_runs_at_once() {
    run(async {
        let here = folder();
        let ended = houseparty(here.path(), &["init", "My Chat"]);
        assert_eq!(ended.code, Some(0), "{}", ended.output);
        assert!(ended.output.contains("houseparty dev"), "{}", ended.output);
        let project = here.path().join("My Chat");
        for (path, text) in files(&project) {
            assert!(!text.contains("$NAME") && !text.contains("$DATE"), "{path} is not filled in");
        }
        assert_types(&project);
        let checked = houseparty(&project, &["check"]);
        assert_eq!(checked.code, Some(0), "{}", checked.output);
        assert!(!checked.output.contains("warning"), "{}", checked.output);
        let options = HostOptions { command: "dev", ..HostOptions::flags(&["--https"]) };
        let host = Host::start_with(&Project::at(&project), options);
        let url = host.ready()["url"].as_str().expect("a URL").to_owned();
        assert!(url.starts_with("https://127.0.0.1:"), "{url}");
        let pictures = std::env::var("HOUSEPARTY_PICTURES").unwrap_or_default();
        let shown = tokio::task::spawn_blocking(move || run_script("chat.js", &[&url, &pictures]));
        assert!(shown.await.expect("the script ran").contains("showed it all"));
    });
}

#[test]
fn an_existing_package_gets_a_party_and_keeps_everything() {
    for (package, typed) in [
        (r#"{ "name": "@team/shop" }"#, false),
        (r#"{ "name": "@team/shop", "devDependencies": { "typescript": "5" } }"#, true),
    ] {
        let here = folder();
        std::fs::write(here.path().join("package.json"), package).unwrap();
        std::fs::write(here.path().join("index.js"), "// mine").unwrap();
        let ended = houseparty(here.path(), &["init"]);
        assert_eq!(ended.code, Some(0), "{}", ended.output);
        let main = if typed { "party/index.ts" } else { "party/index.js" };
        let made: Vec<String> = files(here.path()).into_iter().map(|(path, _)| path).collect();
        assert_eq!(made, ["index.js", "package.json", main, "partykit.json"]);
        assert_eq!(std::fs::read_to_string(here.path().join("package.json")).unwrap(), package);
        let config = std::fs::read_to_string(here.path().join("partykit.json")).unwrap();
        assert!(config.contains("shop-party") && config.contains(main), "{config}");
        let checked = houseparty(here.path(), &["check"]);
        assert_eq!(checked.code, Some(0), "{}", checked.output);
    }
}

#[test]
fn what_is_there_is_never_overwritten() {
    // What the project needs: nothing at all is written.
    for path in ["partykit.json", "partykit.jsonc", "src/server.ts", "public/index.html"] {
        let here = folder();
        let file = here.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, "mine").unwrap();
        let before = files(here.path());
        let ended = houseparty(here.path(), &["init", "--yes"]);
        assert_eq!(ended.code, Some(1), "{}", ended.output);
        assert!(ended.output.contains(path), "{}", ended.output);
        assert_eq!(files(here.path()), before);
    }
    // What it can do without: it stays, and is named. A dangling link counts.
    let here = folder();
    std::fs::write(here.path().join("README.md"), "mine").unwrap();
    std::os::unix::fs::symlink("/nowhere", here.path().join(".gitignore")).unwrap();
    let ended = houseparty(here.path(), &["init", "--yes"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    for path in ["README.md", ".gitignore"] {
        let says = format!("{path} is there already");
        assert!(ended.output.contains(&says), "{}", ended.output);
    }
    assert_eq!(std::fs::read_to_string(here.path().join("README.md")).unwrap(), "mine");
    assert!(here.path().join("src/server.ts").is_file());
}

#[test]
fn a_dry_run_writes_nothing() {
    let here = folder();
    let ended = houseparty(here.path(), &["init", "chat", "--dry-run"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    assert!(ended.output.contains("chat/src/server.ts"), "{}", ended.output);
    assert_eq!(files(here.path()), []);
}

#[test]
fn places_that_cannot_be_written_are_said() {
    let here = folder();
    std::fs::write(here.path().join("file"), "").unwrap();
    for (name, says) in [("file", "not a folder"), ("file/chat", "cannot write")] {
        let ended = houseparty(here.path(), &["init", name]);
        assert_eq!(ended.code, Some(1), "{}", ended.output);
        assert!(ended.output.contains(says), "{}", ended.output);
    }
    std::fs::create_dir(here.path().join("broken")).unwrap();
    std::fs::write(here.path().join("broken/package.json"), "{ no").unwrap();
    let ended = houseparty(here.path(), &["init", "broken"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.output.contains("no JSON"), "{}", ended.output);
}

#[test]
fn check_hears_of_wrong_types_from_the_projects_own_compiler() {
    let here = folder();
    assert_eq!(houseparty(here.path(), &["init", "--yes"]).code, Some(0));
    let bin = here.path().join("node_modules/.bin");
    std::fs::create_dir_all(&bin).unwrap();
    std::os::unix::fs::symlink(compiler(), bin.join("tsc")).unwrap();
    let good = houseparty(here.path(), &["check"]);
    assert_eq!(good.code, Some(0), "{}", good.output);
    assert!(good.output.contains("checking types with"), "{}", good.output);
    let wrong = "export default class { onRequest(): Response { return 5; } }\n";
    std::fs::write(here.path().join("src/server.ts"), wrong).unwrap();
    let bad = houseparty(here.path(), &["check"]);
    assert_eq!(bad.code, Some(1), "{}", bad.output);
    for says in ["src/server.ts(1,", "TS2322", "the types are wrong"] {
        assert!(bad.output.contains(says), "no {says} in: {}", bad.output);
    }
}
