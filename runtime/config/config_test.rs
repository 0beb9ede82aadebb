//! Configurations and what is said about them.

use super::*;

struct Project(tempfile::TempDir);

impl Project {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    fn load(&self) -> Result<Config, ConfigError> {
        Config::load(self.0.path(), &Overrides::default())
    }

    fn problems(&self) -> String {
        let text = self.load().expect_err("there is a problem").to_string();
        text.replace(&format!("{}/", self.0.path().display()), "")
    }
}

#[test]
fn a_project_with_everything_is_read() {
    let project = Project::new(&[
        (
            "partykit.json",
            r#"{
  // comments and trailing commas
  "name": "all", "main": "src/a.ts",
  "parties": { "b-2": "src/b.ts", "connections": "src/b.ts" },
  "port": 4000, "serve": { "path": "public", "singlePageApp": true, "browserTTL": 60, "exclude": ["*.map"] },
  "persist": false, "vars": { "N": 1, "O": { "deep": null }, "S": "vars" },
  "define": { "X": "1" }, "crons": { "c": "*/5 * * * *" }, "team": "us",
}"#,
        ),
        ("src/a.ts", ""),
        ("src/b.ts", ""),
        ("public/index.html", ""),
        (".env", "S=dotenv\nE=e"),
        (".env.local", "E=local"),
    ]);
    let config = project.load().unwrap();
    let names: Vec<&str> = config.parties.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["b-2", "connections"]);
    assert_eq!(config.port, Some(4000));
    assert_eq!(config.persist, Persist::Off);
    assert_eq!(
        serde_json::Value::Object(config.vars),
        serde_json::json!({ "E": "local", "N": 1, "O": { "deep": null }, "S": "dotenv" })
    );
    assert_eq!(config.process_env["E"], "local");
    assert_eq!(config.process_env["N"], "1");
    let serve = config.serve.unwrap();
    assert!(serve.single_page_app && serve.include.is_empty());
    assert_eq!(serve.exclude, ["*.map"]);
    assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
}

#[test]
fn every_problem_is_told_with_its_place() {
    let cases = [
        (
            r#"{ "main": "a.ts", "partys": {} }"#,
            "partykit.json:1:19: unknown key `partys`. Did you mean `parties`?",
        ),
        (r#"{ "main": "a.ts", "port": "x" }"#, "1:27: expected a number for `port`, found string"),
        (r#"{ "main": 7 }"#, "expected a string for `main`, found number"),
        (r#"{ "main": "b.ts" }"#, "Could not find main: b.ts"),
        (r#"{ }"#, "Missing entry point"),
        (r#"[ ]"#, "must contain one object"),
        (r#"{ "main": "a.ts" "#, "1:"),
        (r#"{ "main": "a.ts", "parties": { "main": "a.ts" } }"#, "Cannot have a party named"),
        (r#"{ "main": "a.ts", "parties": { "Chat": "a.ts" } }"#, "Invalid party name: `Chat`"),
        (r#"{ "main": "a.ts", "parties": { "c": "c.ts" } }"#, "Could not find party: c.ts"),
        (r#"{ "main": "a.ts", "crons": { "x": "61 * * * *" } }"#, "`crons.x`"),
        (r#"{ "main": "a.ts", "main": "a.ts" }"#, "given twice"),
        (r#"{ "main": "a.ts", "build": { "comand": "x" } }"#, "Did you mean `command`?"),
        (r#"{ "main": "a.ts", "serve": "nowhere" }"#, "the folder to serve does not exist"),
    ];
    for (text, expected) in cases {
        let project = Project::new(&[("partykit.json", text), ("a.ts", "")]);
        let problems = project.problems();
        assert!(problems.contains(expected), "{text}\n{problems}");
    }
    let project =
        Project::new(&[("partykit.json", r#"{ "mian": "a.ts", "port": true }"#), ("a.ts", "")]);
    assert_eq!(project.problems().matches(" | ").count(), 4, "both problems, two lines each");
}

/// `serve` with a client build that has this key, too.
fn client(key: &str, value: &str) -> String {
    format!(r#"{{ "path": "public", "build": {{ "entry": "a.ts", "{key}": {value} }} }}"#)
}

#[test]
fn b_35_client_builds_are_read_in_every_form() {
    let build = |text: &str| {
        let text = format!(r#"{{ "main": "a.ts", "serve": {{ "path": "./public/", {text} }} }}"#);
        let files = [("partykit.json", &*text), ("a.ts", ""), ("b.tsx", ""), ("public/x.txt", "")];
        let project = Project::new(&files);
        let config = project.load().unwrap();
        assert!(config.warnings.is_empty(), "{:?}", config.warnings);
        let root = project.0.path().to_owned();
        (config.serve.unwrap().build, root)
    };
    assert_eq!(build(r#""singlePageApp": true"#).0, None);
    let (default, root) = build(r#""build": "./b.tsx""#);
    let expected = ClientBuild { entries: vec![root.join("./b.tsx")], ..ClientBuild::default() };
    assert_eq!(default, Some(expected));
    let (list, root) = build(r#""build": ["a.ts", "b.tsx", "a.ts"]"#);
    assert_eq!(list.unwrap().entries, [root.join("a.ts"), root.join("b.tsx")]);
    let all = r#""build": { "entry": ["b.tsx"], "outdir": "public/out/js", "bundle": false,
        "splitting": false, "sourcemap": false, "format": "cjs", "minify": true,
        "external": ["x"], "alias": { "a": "b" }, "define": { "D": "1" },
        "loader": { ".md": "text", ".css": "local-css" }, "live": true }"#;
    let (all, root) = build(all);
    let texts = |from: &str, to: &str| BTreeMap::from([(from.to_owned(), to.to_owned())]);
    let expected = ClientBuild {
        entries: vec![root.join("b.tsx")],
        outdir: "out/js".into(),
        bundle: false,
        splitting: false,
        sourcemap: false,
        format: ClientFormat::Cjs,
        minify: Some(true),
        external: vec!["x".to_owned()],
        alias: texts("a", "b"),
        define: texts("D", "1"),
        loader: BTreeMap::from([
            (".md".to_owned(), Loader::Text),
            (".css".to_owned(), Loader::LocalCss),
        ]),
        live: true,
    };
    assert_eq!(all, Some(expected));
}

#[test]
fn c_10_every_loader_has_its_name() {
    for (name, loader) in Loader::ALL {
        assert_eq!(Loader::named(name), Some(loader));
    }
    assert_eq!(Loader::named("css-modules"), None);
}

#[test]
fn c_25_what_the_build_command_watches() {
    let watch = |text: &str| {
        let text = format!(r#"{{ "main": "a.ts", "build": {{ "command": "true", {text} }} }}"#);
        let project = Project::new(&[("partykit.json", &text), ("a.ts", "")]);
        let root = project.0.path().to_owned();
        let watch = project.load().unwrap().build_command.unwrap().watch;
        watch.iter().map(|it| it.strip_prefix(&root).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(watch(""), [Path::new("src")]);
    assert_eq!(watch(r#""watch": "./lib""#), [Path::new("lib")]);
    assert_eq!(watch(r#""watch": ["a", "./b/../c"]"#), [Path::new("a"), Path::new("c")]);
}

#[test]
fn durability_is_a_key() {
    for (name, expected) in [
        ("fsync", Durability::Fsync),
        ("process", Durability::Process),
        ("memory", Durability::Memory),
    ] {
        let text = format!(r#"{{ "main": "a.ts", "durability": "{name}" }}"#);
        let project = Project::new(&[("partykit.json", &text), ("a.ts", "")]);
        assert_eq!(project.load().unwrap().durability, Some(expected));
    }
}

#[test]
fn every_key_of_a_wrong_type_is_told() {
    let cases = [
        ("name", "1", "a string"),
        ("parties", "[]", "an object"),
        ("port", "\"80\"", "a number"),
        ("port", "70000", "from 0 to 65535"),
        ("serve", "1", "a path or an object"),
        (
            "serve",
            r#"{ "path": "public", "singlePageApp": "yes" }"#,
            "true or false for `serve.singlePageApp`",
        ),
        (
            "serve",
            r#"{ "path": "public", "include": "*" }"#,
            "a list of strings for `serve.include`",
        ),
        ("serve", r#"{ "singlePageApp": true }"#, "`serve` needs a `path`"),
        ("persist", "7", "a string"),
        ("vars", "[]", "an object"),
        ("define", r#"{ "N": 7 }"#, "a string for `define.N`"),
        ("build", r#"{ "command": ["x"] }"#, "a string for `build.command`"),
        ("build", r#"{ "watch": 7 }"#, "a list of strings for `build.watch`"),
        ("durability", "true", "a string for `durability`"),
        ("durability", "\"fsink\"", "fsync, process, memory, not `fsink`. Did you mean `fsync`?"),
        ("serve", r#"{ "path": "public", "build": 7 }"#, "a path, a list of paths or an object"),
        ("serve", r#"{ "path": "public", "build": {} }"#, "`serve.build` needs an `entry`"),
        ("serve", r#"{ "path": "public", "build": [] }"#, "`serve.build` needs an `entry`"),
        ("serve", r#"{ "path": "public", "build": [7] }"#, "a string for `serve.build`"),
        (
            "serve",
            r#"{ "path": "public", "build": { "entry": true } }"#,
            "a path or a list of paths for `serve.build.entry`",
        ),
        ("serve", r#"{ "path": "public", "build": "nowhere.ts" }"#, "find the client's entry"),
        ("serve", &*client("outdir", "\"../elsewhere\""), "outside of `serve.path`"),
        ("serve", &*client("outdir", "\"dist\""), "outside of `serve.path`"),
        ("serve", &*client("outdir", "7"), "a string for `serve.build.outdir`"),
        ("serve", &*client("bundle", "1"), "true or false for `serve.build.bundle`"),
        ("serve", &*client("splitting", "1"), "true or false for `serve.build.splitting`"),
        ("serve", &*client("sourcemap", "\"x\""), "true or false for `serve.build.sourcemap`"),
        ("serve", &*client("minify", "1"), "true or false for `serve.build.minify`"),
        ("serve", &*client("live", "1"), "true or false for `serve.build.live`"),
        ("serve", &*client("format", "\"umd\""), "one of esm, cjs, iife, not `umd`"),
        ("serve", &*client("format", "1"), "a string for `serve.build.format`"),
        ("serve", &*client("external", "\"x\""), "a list of strings for `serve.build.external`"),
        ("serve", &*client("alias", "[]"), "an object for `serve.build.alias`"),
        ("serve", &*client("define", r#"{ "N": 7 }"#), "a string for `serve.build.define.N`"),
        ("serve", &*client("loader", "[]"), "an object for `serve.build.loader`"),
        ("serve", &*client("loader", r#"{ ".x": "fil" }"#), "Did you mean `file`?"),
        ("serve", &*client("loader", r#"{ "x": "file" }"#), "an extension begins with a dot"),
        ("compatibilityDate", "2024", "a string"),
        ("compatibilityFlags", "\"x\"", "a list of strings"),
        ("minify", "1", "true or false"),
        ("crons", "[]", "an object"),
        ("ai", "1", "true, false or an object"),
        ("team", "1", "a string"),
        ("preview", "1", "a string"),
        ("domain", "1", "a string"),
        ("logpush", "1", "true or false"),
        ("tailConsumers", "1", "a list of strings"),
        ("analytics", "1", "a string"),
        ("placement", "1", "an object"),
        ("observability", "1", "an object"),
        ("bindings", "1", "an object"),
        ("vectorize", "1", "an object"),
        ("$schema", "1", "a string"),
    ];
    for (key, value, expected) in cases {
        let text = format!("{{\n  \"main\": \"a.ts\",\n  \"{key}\": {value}\n}}");
        let project = Project::new(&[("partykit.json", &text), ("a.ts", ""), ("public/x.txt", "")]);
        let problems = project.problems();
        assert!(problems.starts_with("partykit.json:3:"), "{text}\n{problems}");
        assert!(problems.contains(expected), "{text}\n{problems}");
        assert_eq!(problems.matches(" | ").count(), 2, "one message:\n{problems}");
    }
}

#[test]
fn a_key_without_effect_is_warned_of() {
    let cases = [
        (r#""team": "us""#, "`team` has no effect"),
        (r#""preview": "p""#, "`preview` has no effect"),
        (r#""domain": "d""#, "`domain` has no effect"),
        (r#""logpush": true"#, "`logpush` has no effect"),
        (r#""tailConsumers": ["t"]"#, "`tailConsumers` has no effect"),
        (r#""analytics": "a""#, "`analytics` has no effect"),
        (r#""placement": { "mode": "smart" }"#, "`placement` has no effect"),
        (r#""observability": { "enabled": true }"#, "`observability` has no effect"),
        (r#""bindings": { "kv": {} }"#, "`bindings` has no effect"),
        (r#""vectorize": { "v": "index" }"#, "`vectorize` has no effect"),
        (r#""serve": { "path": "public", "edgeTTL": null }"#, "`serve.edgeTTL` has no effect"),
        (
            r#""serve": { "path": "public", "build": { "entry": "a.ts", "outDir": "x" } }"#,
            "`serve.build.outDir` is unknown and has no effect. Did you mean `outdir`?",
        ),
        (
            r#""serve": { "path": "public",
               "build": { "entry": "a.ts", "splitting": true, "format": "iife" } }"#,
            "`serve.build.splitting` has no effect",
        ),
        (
            r#""serve": { "path": "public", "singlePageApps": true }"#,
            "`serve.singlePageApps` is unknown and has no effect. Did you mean `singlePageApp`?",
        ),
        (r#""compatibilityFlags": ["other"]"#, "flag `other` has no effect"),
        (r#""compatibilityDate": "tomorrow""#, "not a date"),
    ];
    for (text, expected) in cases {
        let text = format!(r#"{{ "main": "a.ts", {text} }}"#);
        let project = Project::new(&[("partykit.json", &text), ("a.ts", ""), ("public/x.txt", "")]);
        let warnings = project.load().unwrap().warnings;
        assert_eq!(warnings.len(), 1, "{text}: {warnings:?}");
        assert!(warnings[0].contains(expected), "{text}: {warnings:?}");
    }
    let quiet = r#"{ "$schema": "s", "name": "n", "main": "a.ts", "compatibilityDate": "2024-07-01",
        "compatibilityFlags": ["nodejs_compat"] }"#;
    let project = Project::new(&[("partykit.json", quiet), ("a.ts", "")]);
    assert!(project.load().unwrap().warnings.is_empty());
}

#[test]
fn near_misses_are_suggested() {
    let cases = [
        (r#"{ "main": "src/sever.ts" }"#, "Did you mean `server.ts`?"),
        (r#"{ "main": "src/server.ts", "serve": "pubic" }"#, "Did you mean `public`?"),
        (
            r#"{ "main": "src/server.ts", "parties": { "Chat": "src/server.ts" } }"#,
            "Did you mean `chat`?",
        ),
    ];
    for (text, expected) in cases {
        let project =
            Project::new(&[("partykit.json", text), ("src/server.ts", ""), ("public/x.txt", "")]);
        let problems = project.problems();
        assert!(problems.contains(expected), "{text}\n{problems}");
    }
}

#[test]
fn c_03_json5_is_read() {
    let text = "// a comment\n{ main: 'a.ts', /* another */ vars: { a: 'x', }, }";
    let project = Project::new(&[("partykit.json5", text), ("a.ts", "")]);
    let config = project.load().unwrap();
    assert_eq!(serde_json::Value::Object(config.vars), serde_json::json!({ "a": "x" }));
}

#[test]
fn the_command_line_replaces_what_is_wrong_in_the_file() {
    let text = r#"{ "main": "gone.ts", "serve": "gone" }"#;
    let project = Project::new(&[("partykit.json", text), ("a.ts", ""), ("public/x.txt", "")]);
    let mut overrides = Overrides {
        main: Some("a.ts".into()),
        serve: Some("public".into()),
        ..Overrides::default()
    };
    let config = Config::load(project.0.path(), &overrides).unwrap();
    assert_eq!(config.main, project.0.path().join("a.ts"));
    assert_eq!(config.serve.unwrap().path, project.0.path().join("public"));
    overrides.serve = Some("gone".into());
    let error = Config::load(project.0.path(), &overrides).unwrap_err().to_string();
    assert!(error.contains("--serve"), "{error}");
}

#[test]
fn c_01_the_file_is_found_upwards_and_c_02_in_package_json() {
    let project =
        Project::new(&[("partykit.json", r#"{"main":"a.ts"}"#), ("a.ts", ""), ("deep/er/x", "")]);
    let config = Config::load(&project.0.path().join("deep/er"), &Overrides::default()).unwrap();
    assert_eq!(config.main, project.0.path().join("a.ts"));
    let project =
        Project::new(&[("package.json", r#"{"partykit":{"main":"a.ts"}}"#), ("a.ts", "")]);
    assert!(project.load().is_ok());
    let package = "{\n  \"name\": \"x\",\n  \"partykit\": { \"mian\": \"a.ts\" }\n}";
    let project = Project::new(&[("package.json", package), ("a.ts", "")]);
    let problems = project.problems();
    assert!(problems.starts_with("package.json:3:17: unknown key `mian`"), "{problems}");
}
