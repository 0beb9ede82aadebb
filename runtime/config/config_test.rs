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
  "port": 4000, "serve": { "path": "public", "singlePageApp": true, "browserTTL": 60 },
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
        serde_json::Value::Object(config.vars).to_string(),
        r#"{"E":"local","N":1,"O":{"deep":null},"S":"dotenv"}"#
    );
    assert_eq!(config.process_env["E"], "local");
    assert_eq!(config.process_env["N"], "1");
    assert!(config.serve.unwrap().single_page_app);
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

#[test]
fn c_01_the_file_is_found_upwards_and_c_02_in_package_json() {
    let project =
        Project::new(&[("partykit.json", r#"{"main":"a.ts"}"#), ("a.ts", ""), ("deep/er/x", "")]);
    let config = Config::load(&project.0.path().join("deep/er"), &Overrides::default()).unwrap();
    assert_eq!(config.main, project.0.path().join("a.ts"));
    let project =
        Project::new(&[("package.json", r#"{"partykit":{"main":"a.ts"}}"#), ("a.ts", "")]);
    assert!(project.load().is_ok());
}
