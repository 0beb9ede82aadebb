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
        ("export default { on: }", "main.ts"),
        ("import x from './missing'; export default { x };", "./missing"),
        ("export const x = 1;", "no default export"),
    ];
    for (code, expected) in cases {
        let project = project(&[CONFIG, ("src/main.ts", code)]);
        let error = project.build().expect_err(code).to_string();
        assert!(error.contains(expected), "{code}: {error}");
    }
}
