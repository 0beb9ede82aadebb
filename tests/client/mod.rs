//! What pages get: client code that the host builds, static files, and what `dev` tells pages.
//!
//! `builds`: every option of `serve.build`. `changes`: a file changes, `build.watch`. `files`:
//! compression, bad paths, folders that come and go. `live`: the stream, the tag and the overlay,
//! in Chromium too.

mod builds;
mod changes;
mod files;
mod live;

use crate::support::{Answer, Host, HostOptions, Project};

/// A party that answers with a number that counts up as long as its room lives.
const PARTY: &str = "export default class {
  count = 0;
  onRequest() { return new Response(`seen ${++this.count}`); }
}";

/// A project with a client in `src/`, a page, and these values of `serve.build`.
fn project(build: &str, files: &[(&str, &str)]) -> Project {
    let config =
        format!(r#"{{ "main": "main.ts", "serve": {{ "path": "public", "build": {build} }} }}"#);
    let mut all = vec![
        ("partykit.json", &*config),
        ("main.ts", PARTY),
        ("public/index.html", "<!doctype html><title>page</title><p id=text>page</p>"),
    ];
    all.extend(files);
    Project::of(&all)
}

fn start(project: &Project) -> Host {
    Host::start(project)
}

fn dev(project: &Project, flags: &[&str]) -> Host {
    let options = HostOptions { command: "dev", ..HostOptions::flags(flags) };
    Host::start_with(project, options)
}

/// The text of a file that must be there.
async fn text(host: &Host, path: &str) -> String {
    let answer = host.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}\n{}", answer.text(), host.output());
    answer.text()
}

async fn get_with(host: &Host, path: &str, headers: &[(&str, &str)]) -> Answer {
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut client = host.client().await;
    client.request("GET", path, &headers, Default::default()).await.expect("there is an answer")
}

/// The first path in quotes that contains `part` and ends with `end`.
fn quoted(text: &str, part: &str, end: &str) -> String {
    let pieces = text.split(['"', '\'', '`', '(', ')']);
    let mut found = pieces.filter(|piece| piece.contains(part) && piece.ends_with(end));
    found.next().unwrap_or_else(|| panic!("no {part}…{end} in {text}")).to_owned()
}
