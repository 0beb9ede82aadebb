//! Imports that no file answers: `partykit/server`, Node's and Cloudflare's modules.
//!
//! Asked by `bundle.rs` for every import; what it answers becomes part of a party only if the party
//! imports it. The sources are in js/node: our own, and bundles of maintained packages in
//! js/node/vendor. A module that nobody has can be imported; using it fails at the call and says its
//! name (B-17). Reads nothing at run time.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// The module that is evaluated before any of the party's (B-19).
pub const PRELUDE: &str = "houseparty:process";

/// Modules that only sources of this table may import.
const PRIVATE: &str = "houseparty:";

/// Node's built-in modules, without their prefix.
pub const NODE: &[&str] = &[
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "repl",
    "sea",
    "sqlite",
    "stream",
    "string_decoder",
    "sys",
    "test",
    "timers",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

/// Modules that Node has under its prefix only.
const PREFIXED: &[&str] = &["sea", "sqlite", "test"];

/// Packages that bring `fetch` to Node; here they are the platform's (B-18).
const FETCH: &[&str] = &["node-fetch", "cross-fetch", "isomorphic-fetch"];

macro_rules! sources {
    ($folder:literal: $($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../js/node/", $folder, $name, ".js")))),*]
    };
}

/// Our own sources, by name; `/` in the name of a module is `_` here.
const OWN: &[(&str, &str)] = sources!("":
    "absent" "assert" "async_hooks" "buffer" "console" "crypto" "diagnostics_channel" "events" "fetch" "path"
    "email" "sockets" "stream" "stream_consumers" "stream_web" "timers" "timers_promises" "util" "zlib");

/// Bundles of packages.
const VENDOR: &[(&str, &str)] = sources!("vendor/":
    "assert" "buffer" "child_process" "ciphers" "cluster" "comparisons" "constants" "dgram" "dns"
    "dns_promises" "domain" "events" "fs" "fs_promises" "hashes" "http" "http2" "https" "inspector"
    "inspector_promises" "module" "net" "os" "path" "perf_hooks" "punycode" "querystring" "readline"
    "readline_promises" "repl" "stream" "string_decoder" "tls" "trace_events" "tty" "url" "util" "v8"
    "vm" "wasi" "worker_threads" "zlib");

/// Modules that are a part of another one.
const PARTS: &[(&str, &str)] = &[
    ("assert/strict", "require('node:assert').strict"),
    ("path/posix", "require('node:path').posix"),
    ("path/win32", "require('node:path').win32"),
    ("process", "require('houseparty:process').process"),
    ("stream/promises", "require('node:stream').promises"),
    ("sys", "require('node:util')"),
    ("util/types", "require('node:util').types"),
];

fn find(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Who asks for a module: a source of the host may import what a party may not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Importer {
    Host,
    Party,
}

/// Whether an installed package of that name is preferred to ours. Node's own modules are not replaced
/// by packages that imitate them for browsers.
pub fn gives_way(specifier: &str) -> bool {
    specifier == "partykit/server"
}

/// The source of a module that only the host can give; `None` if it is none of ours.
pub fn virtual_module(specifier: &str, importer: Importer) -> Option<Cow<'static, str>> {
    if let Some(name) = specifier.strip_prefix(PRIVATE) {
        return if importer == Importer::Host { private(name).map(Cow::Borrowed) } else { None };
    }
    if specifier == "partykit/server" {
        return Some("export {};".into());
    }
    if let Some(name) = specifier.strip_prefix("cloudflare:") {
        return matches!(name, "email" | "sockets").then(|| find(OWN, name))?.map(Cow::Borrowed);
    }
    if FETCH.contains(&specifier) {
        return find(OWN, "fetch").map(Cow::Borrowed);
    }
    let name = specifier.strip_prefix("node:").unwrap_or(specifier);
    let root = name.split('/').next().unwrap_or(name);
    let bare = name == specifier && importer == Importer::Party;
    if !NODE.contains(&root) || (bare && PREFIXED.contains(&root)) {
        return None;
    }
    if let Some(part) = find(PARTS, name) {
        return Some(format!("module.exports = {part};\n").into());
    }
    let file = name.replace('/', "_");
    match find(OWN, &file).or_else(|| find(VENDOR, &file)) {
        Some(source) => Some(source.into()),
        // `events/` is the npm package of that name, `fs/x` is nothing.
        None if name.contains('/') => None,
        None => Some(absent(&format!("node:{name}"))),
    }
}

fn private(name: &str) -> Option<&'static str> {
    match name.strip_prefix("vendor/") {
        Some(name) => find(VENDOR, name),
        None => find(OWN, name),
    }
}

/// A module in which every name exists and fails when it is used.
fn absent(specifier: &str) -> Cow<'static, str> {
    let name = serde_json::Value::String(specifier.to_owned());
    format!("module.exports = require('houseparty:absent')({name});\n").into()
}

/// The source of `PRELUDE`, with the variables of the project as `process.env` (C-17).
pub fn prelude(env: &BTreeMap<String, String>) -> String {
    let env = serde_json::to_string(env).unwrap_or_else(|_| "{}".to_owned());
    format!("const env = {env};\n{}", include_str!("../../js/node/process.js"))
}
