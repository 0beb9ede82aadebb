//! Small projects, bundled.

use std::path::Path;

use super::*;
use crate::config::{Config, Overrides};

struct Project(tempfile::TempDir);

fn project(files: &[(&str, &str)]) -> Project {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    Project(folder)
}

impl Project {
    fn path(&self) -> &Path {
        self.0.path()
    }

    fn build(&self) -> Result<Program, BuildError> {
        let config = Config::load(self.path(), &Overrides::default()).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(build(&config, "127.0.0.1:1999"))
    }

    fn code(&self) -> String {
        match self.build() {
            Ok(program) => program.parties.last().unwrap().code.to_string(),
            Err(error) => panic!("{error}"),
        }
    }
}

const CONFIG: (&str, &str) =
    ("partykit.json", r#"{ "main": "src/main.ts", "define": { "N": "7" } }"#);

#[test]
fn b_02_typescript_json_text_and_binaries_become_one_module() {
    let project = project(&[
        CONFIG,
        (
            "src/main.ts",
            r#"import type * as Party from "partykit/server";
import words from "./words.txt";
import data from "./data.json";
import bytes from "./some.bin";
import { helper } from "@lib/helper";
import { readFileSync } from "node:fs";
declare const N: number;
enum Colour { Red = 1 }
function sealed(_: unknown) {}
export default class Main implements Party.Server {
  constructor(readonly room: Party.Room) {}
  async onRequest() {
    const lazy = await import("./lazy");
    return new Response([words, data.x, bytes.byteLength, helper(), Colour.Red, N, lazy.value, PARTYKIT_HOST, readFileSync].join());
  }
}
Main satisfies Party.Worker;
"#,
        ),
        ("src/words.txt", "some words"),
        ("src/data.json", r#"{"x": 42}"#),
        ("src/some.bin", "bin"),
        ("src/lazy.ts", "export const value: string = 'lazy value';"),
        ("src/lib/helper.ts", "export const helper = () => 'helped';"),
        ("tsconfig.json", r#"{"compilerOptions":{"paths":{"@lib/*":["./src/lib/*"]}}}"#),
    ]);
    let code = project.code();
    for expected in ["some words", "42", "Ymlu", "helped", "lazy value", "127.0.0.1:1999"] {
        assert!(code.contains(expected), "{expected} in\n{code}");
    }
    assert!(!code.contains("import("), "dynamic imports are inlined\n{code}");
    assert!(!code.contains("interface"), "{code}");
}

#[test]
fn packages_are_resolved_with_partykits_conditions() {
    let project = project(&[
        CONFIG,
        (
            "src/main.ts",
            "import { where } from 'pkg'; const cjs = require('old'); export default { where, cjs };",
        ),
        (
            "node_modules/pkg/package.json",
            r#"{"name":"pkg","exports":{".":{"node":"./node.js","workerd":"./workerd.js","default":"./default.js"}}}"#,
        ),
        ("node_modules/pkg/node.js", "export const where = 'node build'"),
        ("node_modules/pkg/workerd.js", "export const where = 'workerd build'"),
        ("node_modules/pkg/default.js", "export const where = 'default build'"),
        ("node_modules/old/package.json", r#"{"name":"old","main":"index.js"}"#),
        ("node_modules/old/index.js", "module.exports = { answer: 'common js' }"),
    ]);
    let code = project.code();
    assert!(code.contains("workerd build") && !code.contains("node build"), "{code}");
    assert!(code.contains("common js"), "{code}");
}

#[test]
fn errors_say_where() {
    let cases = [
        ("export default { on: }", "src/main.ts:1:22"),
        ("export const x = 1;", "src/main.ts: no default export"),
        ("import { a } from './other'; export default { a };", "src/main.ts:1:10"),
        (
            "import x from './missing'; export default { x };",
            "src/main.ts:1:15: cannot find the file `./missing`",
        ),
        ("import x from './othr'; export default { x };", "Did you mean `other`?"),
        (
            "\nimport x from \"not-there\"; export default { x };",
            "src/main.ts:2:15: cannot find the package `not-there`\n  \
             |\n2 | import x from \"not-there\"; export default { x };\n  \
             |               ^^^^^^^^^^^\nInstall it: npm install not-there",
        ),
        ("export { x as default } from '@scope/it/sub';", "npm install @scope/it"),
        ("import x from '@/lib/x'; export default { x };", "tsconfig.json"),
        ("import x from 'node:fss'; export default { x };", "Did you mean `fs`?"),
        ("import x from 'there/sub'; export default { x };", "it has no `there/sub`"),
        ("import x from 'houseparty:absent'; export default { x };", "houseparty:absent"),
        (
            "import x from './photo.png'; export default { x };",
            "no loader is configured for \".png\"",
        ),
        ("const x = await import('not-there'); export default { x };", "npm install not-there"),
    ];
    for (code, expected) in cases {
        let project = project(&[
            CONFIG,
            ("src/main.ts", code),
            ("src/other.ts", "export const b = 1;"),
            ("src/photo.png", "not JavaScript"),
            ("node_modules/there/index.js", ""),
        ]);
        let error = project.build().expect_err(code);
        assert_eq!(error.problems.len(), 1, "{code}: {error}");
        assert!(error.to_string().contains(expected), "{code}:\n{error}");
    }
}

#[test]
fn an_optional_package_may_be_missing() {
    let project = project(&[
        CONFIG,
        (
            "src/main.ts",
            "let x; try { x = require('not-there'); } catch { x = 'without'; } export default { x };",
        ),
    ]);
    assert!(project.code().contains("without"));
}

#[test]
fn a_failed_build_tells_what_to_watch() {
    let broken = project(&[
        CONFIG,
        ("src/main.ts", "import './broken'; export default {};"),
        ("src/broken.ts", "export const = 1;"),
    ]);
    let error = broken.build().unwrap_err();
    for file in ["src/main.ts", "src/broken.ts"] {
        assert!(error.watch_files.contains(&broken.path().join(file)), "{file}: {error:?}");
    }

    let missing = project(&[CONFIG, ("src/main.ts", "import '../lib/later'; export default {};")]);
    let error = missing.build().unwrap_err();
    for file in ["src/main.ts", "lib", "lib/later.ts", "lib/later/index.ts"] {
        assert!(error.watch_files.contains(&missing.path().join(file)), "{file}: {error:?}");
    }

    let missing = project(&[CONFIG, ("src/main.ts", "import 'not-there'; export default {};")]);
    let error = missing.build().unwrap_err();
    for file in ["src/main.ts", "package.json", "package-lock.json"] {
        assert!(error.watch_files.contains(&missing.path().join(file)), "{file}: {error:?}");
    }
}

/// Every built-in module, imported in every way.
#[test]
fn b_15_built_in_modules_link() {
    let names = builtins::NODE.iter().filter(|name| !["sea", "sqlite", "test"].contains(name));
    let parts = ["fs/promises", "path/posix", "stream/promises", "stream/web", "timers/promises"];
    let mut code = String::new();
    for (number, name) in names.copied().chain(parts).enumerate() {
        code += &format!(
            "import * as a{number} from \"node:{name}\"; import b{number} from \"{name}\";\n\
             export const c{number} = [a{number}, b{number}, require(\"{name}\")];\n"
        );
    }
    code += "import { test } from 'node:test'; import { connect } from 'cloudflare:sockets';\n\
             import { readFileSync } from 'fs';\n\
             export default { test, connect, readFileSync };";
    let code = project(&[CONFIG, ("src/main.js", &code), MAIN_JS]).code();
    assert!(!code.contains("Calling `require` for"), "everything is in the bundle");
}

const MAIN_JS: (&str, &str) =
    ("src/main.ts", "export * from './main.js'; export { default } from './main.js';");

#[test]
fn only_what_is_imported_is_included() {
    let plain = project(&[CONFIG, ("src/main.ts", "export default {};")]).code();
    assert!(plain.len() < 6000, "{} bytes", plain.len());
    for (code, marker) in [
        (
            "import { EventEmitter } from 'events'; export default { EventEmitter };",
            "captureRejections",
        ),
        ("export default { onRequest: () => Buffer.from('x') };", "readUIntBE"),
    ] {
        assert!(!plain.contains(marker));
        let with = project(&[CONFIG, ("src/main.ts", code)]).code();
        assert!(with.contains(marker), "{code}");
    }
}

#[test]
fn a_built_in_module_is_there_once() {
    let code = project(&[
        CONFIG,
        (
            "src/main.ts",
            "import a from 'events'; import b from 'node:events'; import 'pkg'; export default { a, b };",
        ),
        ("node_modules/pkg/index.js", "const E = require('events'); module.exports = class extends E {};"),
        // A package that imitates the module for browsers.
        ("node_modules/events/index.js", "module.exports = 'the package';"),
    ])
    .code();
    assert_eq!(code.matches("#region houseparty:module:events").count(), 1, "{code}");
    assert!(!code.contains("the package"), "{code}");
}

#[test]
fn an_alias_replaces_a_built_in_module() {
    let config = r#"{ "main": "src/main.ts", "build": { "alias": { "fs": "./src/fs.ts" } } }"#;
    let project = project(&[
        ("partykit.json", config),
        ("src/main.ts", "import fs from 'fs'; export default { fs };"),
        ("src/fs.ts", "export default 'our own files';"),
    ]);
    assert!(project.code().contains("our own files"));
}

#[test]
fn a_module_that_mentions_buffer_stays_what_it_is() {
    let project = project(&[
        CONFIG,
        ("src/main.ts", "import x from 'old'; export default { x };"),
        ("node_modules/old/index.js", "module.exports = { made: Buffer.from('common js') };"),
    ]);
    let code = project.code();
    assert!(code.contains("module.exports = { made: "), "{code}");
}
