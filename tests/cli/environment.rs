//! Which value a variable has, if several places give it one (C-15, C-16).

use crate::support::{Host, HostOptions, Project, run};

#[test]
fn c_16_the_nearest_to_the_command_line_wins() {
    let config = r#"{ "main": "main.ts",
        "vars": { "A": "vars", "B": "vars", "C": "vars", "D": "vars", "E": "vars", "N": 1 } }"#;
    let main = "export default class {
      constructor(room) { this.room = room; }
      onRequest() {
        const { A, B, C, D, E, N } = this.room.env;
        const own = ['A', 'B', 'C', 'D', 'E', 'N'].map((name) => process.env[name]);
        return Response.json({ room: [A, B, C, D, E, N], own });
      }
    }";
    let project = Project::of(&[
        ("partykit.json", config),
        ("main.ts", main),
        (".env", "B=env\nC=env\nD=env\nE=env\n"),
        (".env.local", "C=local\nD=local\nE=local\n"),
        ("more.env", "D=file\nE=file\n"),
    ]);
    let more = project.config().with_file_name("more.env");
    let flags = ["--env-file", more.to_str().unwrap(), "--var", "E=a=b"];
    run(async {
        let host = Host::start_with(&project, HostOptions::flags(&flags));
        let told = host.get("/party/r").await.json();
        let wanted = serde_json::json!(["vars", "env", "local", "file", "a=b", 1]);
        assert_eq!(told["room"], wanted);
        let wanted = serde_json::json!(["vars", "env", "local", "file", "a=b", "1"]);
        assert_eq!(told["own"], wanted);
    });
}

#[test]
fn a_file_of_variables_that_is_not_there_is_said() {
    let project = Project::single("export default class {}");
    let ended = Host::try_start(&project, HostOptions::flags(&["--env-file", "/nowhere.env"]));
    let ended = ended.err().expect("it cannot start");
    assert_eq!(ended.code, Some(1), "{}", ended.output);
    assert!(ended.output.contains("cannot read /nowhere.env"), "{}", ended.output);
}
