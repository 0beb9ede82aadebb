//! Imports that cannot work are told at the build; what a package wants of an operating system, at the
//! call.

use crate::support::host::run_command;
use crate::support::{Host, Project, run};

/// What the build says of a party whose code begins with `import`.
fn refused(import: &str, files: &[(&str, &str)]) -> String {
    let main = format!("{import}\nconsole.log(x);\nexport default class {{}}\n");
    let mut all =
        vec![("partykit.json", r#"{ "name": "x", "main": "main.ts" }"#), ("main.ts", &main)];
    all.extend_from_slice(files);
    let ended = run_command(&Project::of(&all), "check");
    assert_eq!(ended.code, Some(1), "{}", ended.output);
    assert!(!ended.output.contains("panicked"), "{}", ended.output);
    ended.output
}

#[test]
fn b_06_a_kind_of_file_without_a_loader() {
    let told = refused("import x from './pic.png';", &[("pic.png", "\u{89}PNG")]);
    for part in ["pic.png", "main.ts:1", "no loader is configured for \".png\" files", ".bin"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn b_04_a_module_that_is_no_webassembly() {
    let told = refused("import x from './bad.wasm';", &[("bad.wasm", "<html>404</html>")]);
    assert!(told.contains("bad.wasm") && told.contains("no WebAssembly"), "{told}");
    let told =
        refused("import x from './cut.wasm';", &[("cut.wasm", "\0asm\u{1}\0\0\0\u{1}\u{9}")]);
    assert!(told.contains("CompileError") && told.contains("cut.wasm"), "{told}");
}

#[test]
fn imports_that_nothing_answers() {
    let told = refused("import x from 'no-such-package';", &[]);
    assert!(told.contains("npm install no-such-package") && told.contains("main.ts:1"), "{told}");
    let told = refused("import x from './none.wasm';", &[]);
    assert!(told.contains("cannot find the file `./none.wasm`"), "{told}");
    let told = refused("import x from 'cloudflare:workers';", &[]);
    assert!(told.contains("cloudflare:workers"), "{told}");
}

#[test]
fn b_17_a_package_that_wants_files_or_ports_fails_at_the_call() {
    let host = Host::start(&Project::of(&[
        ("partykit.json", r#"{ "name": "x", "main": "main.ts" }"#),
        (
            "main.ts",
            r#"
import { read, dial, ask, serve, spawn } from "wants-much";
const told = (run) => { try { run(); return "nothing"; } catch (error) { return error.stack; } };
export default { onRequest: () => Response.json([read, dial, ask, serve, spawn].map(told)) };
"#,
        ),
        ("node_modules/wants-much/package.json", r#"{ "name": "wants-much", "main": "index.js" }"#),
        (
            "node_modules/wants-much/index.js",
            r#"
const fs = require("fs"), net = require("net");
exports.read = () => fs.readFileSync("/etc/passwd", "utf8");
exports.dial = () => net.connect(80, "x");
exports.ask = () => require("https").get("https://x");
exports.serve = () => require("http").createServer();
exports.spawn = () => require("child_process").spawn("ls");
"#,
        ),
    ]));
    let told = run(host.get("/party/room")).ok().json();
    let wanted = [
        ("fs.readFileSync", "party; keep data in `this.room.storage`, or `import` the file\n"),
        ("net.connect", "party; use `connect` from \"cloudflare:sockets\"\n"),
        ("https.get", "party; use `fetch`\n"),
        ("http.createServer", "party; a party answers in `onRequest` and `onConnect`\n"),
        ("child_process.spawn", "party\n"),
    ];
    let told = told.as_array().expect("a list");
    assert_eq!(told.len(), wanted.len());
    for (told, (name, advice)) in told.iter().zip(wanted) {
        let told = told.as_str().unwrap_or_default();
        assert!(told.contains(&format!("{name} is not available in a {advice}")), "{told}");
        assert!(told.contains("node_modules/wants-much/index.js"), "it names the package: {told}");
    }
}
