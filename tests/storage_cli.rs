//! `houseparty storage`: what it shows, moves and backs up of what a real host has stored, beside the
//! host and without it.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::project::fresh_folder;
use crate::support::{Host, HostOptions, Project, eventually, run};

/// Fills its room with one of everything, and says what of it is still the same.
const COLLECTOR: &str = r#"
function everything() {
  const cycle = { name: "cycle" };
  cycle.self = cycle;
  const sparse = [1];
  sparse[5] = "six";
  const named = JSON.parse('{"__proto__":{"x":1},"2":"b","1":"a"}');
  return {
    text: "plain ä € 😀", number: 5, fraction: -0.1, yes: true, nothing: null, list: [1, [2, { three: 3 }]], named,
    bits: [0.1 + 0.2, 5e-324, 1.7976931348623157e308, 2 ** 53, 4294967296], half: "\ud83d",
    absent: [undefined], nan: NaN, minus: -0, infinite: [Infinity, -Infinity], big: 2n ** 70n,
    date: new Date(1234567890123), never: new Date(NaN), pattern: /a"b\/c/giu, error: new RangeError("out of range"),
    map: new Map([["k", { v: 1 }], [{ key: true }, undefined]]), set: new Set([1, "1", 1n]),
    bytes: new Uint8Array([0, 127, 255]), floats: new Float64Array([0.5, NaN]), buffer: new Uint8Array([9, 8]).buffer,
    view: new DataView(new Uint8Array([1, 2, 3]).buffer, 1), boxed: [new Number(1), new String("s"), new Boolean(false)],
    cycle, sparse, shared: [cycle, cycle], looksLike: { $date: "not a date" }, "": "empty key", "key \"with\"\n marks": 1,
  };
}

export default class Collector {
  constructor(room) { this.room = room; }
  async onRequest(request) {
    const { storage } = this.room;
    const url = new URL(request.url);
    switch (url.searchParams.get("do")) {
      case "fill":
        for (const [key, value] of Object.entries(everything())) if (key !== "") await storage.put(key, value);
        return new Response("filled");
      case "put":
        await storage.put(url.searchParams.get("key"), url.searchParams.get("value"));
        return new Response("put");
      case "alarm":
        await storage.setAlarm(Number(url.searchParams.get("at")));
        return new Response("set");
      case "alarm?":
        return Response.json(await storage.getAlarm());
    }
    const all = await storage.list();
    const shape = (key, value) => typeof value === "bigint" ? `${value}n`
      : value instanceof Date ? `${+value}`
      : value instanceof Map || value instanceof Set ? [value.constructor.name, ...value]
      : Object.is(value, -0) ? "-0" : value;
    const cycle = all.get("cycle");
    const report = {
      size: all.size, cyclic: cycle?.self === cycle, big: shape("", all.get("big")),
      date: shape("", all.get("date"))?.length, isDate: all.get("date") instanceof Date,
      map: all.get("map")?.get("k")?.v, set: all.get("set")?.has(1n), bytes: all.get("bytes")?.[2],
      minus: Object.is(all.get("minus"), -0), pattern: String(all.get("pattern")), text: all.get("text"),
      hole: all.get("sparse") && !(3 in all.get("sparse")), error: all.get("error")?.message,
    };
    return Response.json(report);
  }
}
"#;

/// In the year 2100.
const ALARM_AT: i64 = 4_102_444_800_000;

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs `houseparty storage` on a folder.
fn storage(project: &Project, folder: &Path, args: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_houseparty"))
        .arg("storage")
        .args(args)
        .arg("-c")
        .arg(project.config())
        .arg("--persist")
        .arg(folder)
        .stdin(Stdio::null())
        .output()
        .expect("the command can be started");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the output is UTF-8");
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

impl Said {
    fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self.out
    }

    /// It fails, and says all of this.
    fn fails(self, expected: &[&str]) {
        assert_eq!(self.code, Some(1), "{}{}", self.out, self.err);
        for text in expected {
            assert!(self.err.contains(text), "`{text}` is not in: {}", self.err);
        }
    }
}

fn lines(text: &str) -> Vec<Value> {
    // Half a pair is JSON, but no text to Rust.
    let text = text.replace("\"\\ud83d\"", "\"half\"");
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn path(path: &Path) -> &str {
    path.to_str().expect("folders of tests have plain names")
}

/// A host that has stored something in three rooms of two parties.
async fn filled() -> (Project, Host, tempfile::TempDir) {
    let config = r#"{ "name": "test", "main": "main.ts", "parties": { "side": "main.ts" } }"#;
    let project = Project::of(&[("partykit.json", config), ("main.ts", COLLECTOR)]);
    let folder = fresh_folder();
    let host = Host::start_with(&project, HostOptions::persist(folder.path()));
    host.get("/party/one?do=fill").await.ok();
    host.get("/party/two%20b?do=put&key=k&value=v").await.ok();
    host.get(&format!("/parties/side/one?do=alarm&at={ALARM_AT}")).await.ok();
    (project, host, folder)
}

fn end(mut host: Host) {
    host.terminate();
    host.wait_end();
}

#[test]
fn rooms_and_values_can_be_looked_at_beside_a_running_host() {
    run(async {
        let (project, host, folder) = filled().await;
        let listed = storage(&project, folder.path(), &["ls"]).ok();
        let rows: Vec<Vec<&str>> =
            listed.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], ["ROOM", "KEYS", "BYTES", "ALARM"]);
        assert_eq!(rows[1][..2], ["main/one", "30"], "{listed}");
        assert_eq!(rows[2][..2], ["main/two%20b", "1"], "{listed}");
        assert_eq!(rows[3], ["side/one", "0", "0", "2100-01-01T00:00:00.000Z"], "{listed}");
        assert_eq!(rows.len(), 4, "{listed}");
        let side = storage(&project, folder.path(), &["ls", "--party", "side"]).ok();
        assert_eq!(side.lines().count(), 2, "{side}");

        let value = |key: &str| storage(&project, folder.path(), &["get", "main", "one", key]).ok();
        assert_eq!(value("text"), "\"plain ä € 😀\"\n");
        assert_eq!(value("date"), "{\"$date\":\"2009-02-13T23:31:30.123Z\"}\n");
        assert_eq!(value("big"), "{\"$bigint\":\"1180591620717411303424\"}\n");
        assert_eq!(value("cycle"), "{\"name\":\"cycle\",\"self\":{\"$ref\":\"$\"}}\n");
        assert_eq!(value("bytes"), "{\"$bytes\":\"Uint8Array\",\"hex\":\"007fff\"}\n");
        let room = storage(&project, folder.path(), &["get", "main", "two%20b"]).ok();
        assert_eq!(room, "\"k\": \"v\"\n");
        storage(&project, folder.path(), &["get", "main", "one", "nix"])
            .fails(&["main/one has no key `nix`"]);
        storage(&project, folder.path(), &["get", "main", "nix"])
            .fails(&["main/nix has stored nothing"]);
        assert_eq!(host.get("/party/two%20b").await.ok().json()["size"], 1);
    });
}

#[test]
fn an_export_leads_back_to_the_same_values() {
    run(async {
        let (project, host, folder) = filled().await;
        let told = host.get("/party/one").await.ok().json();
        assert_eq!(told["cyclic"], true, "{told}");
        let files = fresh_folder();
        let file = files.path().join("all.jsonl");
        storage(&project, folder.path(), &["export", "-o", path(&file)]).ok();
        end(host);
        let first = std::fs::read_to_string(&file).expect("the export is there");
        assert_eq!(lines(&first).len(), 32);

        let other = fresh_folder();
        let said = storage(&project, other.path(), &["import", path(&file)]).ok();
        assert_eq!(said, "32 keys and alarms taken over, in 3 rooms\n");
        let second = storage(&project, other.path(), &["export"]).ok();
        assert_eq!(first, second, "an export of an import is the same, bytes included");

        let host = Host::start_with(&project, HostOptions::persist(other.path()));
        assert_eq!(host.get("/party/one").await.ok().json(), told);
        assert_eq!(host.get("/parties/side/one?do=alarm%3F").await.ok().json(), ALARM_AT);
        end(host);

        let room = storage(&project, other.path(), &["export", "main", "two%20b"]).ok();
        let expected = json!({ "party": "main", "room": "two%20b", "key": "k", "value": "v" });
        assert_eq!(lines(&room), [expected]);
        storage(&project, other.path(), &["export", "nix"]).fails(&["nothing is stored there"]);
    });
}

#[test]
fn plain_values_need_no_data_and_others_have_it() {
    run(async {
        let (project, host, folder) = filled().await;
        let all = lines(&storage(&project, folder.path(), &["export", "main", "one"]).ok());
        let exact: Vec<&str> = all
            .iter()
            .filter(|line| line.get("data").is_none())
            .map(|line| line["key"].as_str().expect("a key"))
            .collect();
        for key in ["text", "number", "fraction", "yes", "nothing", "list", "named", "half"] {
            assert!(exact.contains(&key), "`{key}` needs data: {exact:?}");
        }
        for key in ["absent", "nan", "minus", "date", "map", "cycle", "sparse", "bytes"] {
            assert!(!exact.contains(&key), "`{key}` needs no data: {exact:?}");
        }
        end(host);
    });
}

#[test]
fn an_import_adds_or_replaces_as_it_is_told() {
    run(async {
        let (project, host, folder) = filled().await;
        end(host);
        let files = fresh_folder();
        let file = files.path().join("some.jsonl");
        let text =
            "{\"party\":\"main\",\"room\":\"one\",\"key\":\"text\",\"value\":\"changed\"}\n\n";
        std::fs::write(&file, text).expect("the file can be written");
        storage(&project, folder.path(), &["import", path(&file)]).ok();
        let size = |folder: &Path| {
            lines(&storage(&project, folder, &["export", "main", "one"]).ok()).len()
        };
        assert_eq!(size(folder.path()), 30, "the other keys stay");
        let value = storage(&project, folder.path(), &["get", "main", "one", "text"]).ok();
        assert_eq!(value, "\"changed\"\n");
        storage(&project, folder.path(), &["import", "--replace", path(&file)]).ok();
        assert_eq!(size(folder.path()), 1, "the other keys are gone");
        assert_eq!(storage(&project, folder.path(), &["export", "main"]).ok().lines().count(), 2);
        let host = Host::start_with(&project, HostOptions::persist(folder.path()));
        assert_eq!(host.get("/party/one").await.ok().json()["text"], "changed");
        end(host);
    });
}

#[test]
fn a_bad_line_changes_nothing_and_is_named() {
    run(async {
        let (project, host, folder) = filled().await;
        end(host);
        let before = storage(&project, folder.path(), &["export"]).ok();
        let files = fresh_folder();
        let file = files.path().join("bad.jsonl");
        let good = r#"{"party":"main","room":"new","key":"k","value":1}"#;
        let line = |rest: &str| format!(r#"{{"party":"main","room":"new",{rest}}}"#);
        let date = r#"{"$date":"2009-02-13T23:31:30.123Z"}"#;
        for (bad, expected) in [
            ("no json".to_owned(), vec!["bad.jsonl:2:", "expected"]),
            (
                line(r#""key":"k","value":1"#).replace("main", "nix"),
                vec![":2: no party `nix`", "main, side"],
            ),
            (line(r#""key":"k","data":"%%%""#), vec![":2: `data`:"]),
            (line(r#""key":"k","data":"AAAA""#), vec![":2: `data`: no value"]),
            (line(r#""key":"k","value":1,"valeu":2"#), vec![":2:", "unknown field `valeu`"]),
            (line(r#""key":"k""#), vec![":2: a line has either"]),
            (line(r#""value":1"#), vec![":2: a line has either"]),
            (
                line(r#""key":"k","value":1,"alarm":{"scheduledMs":1}"#),
                vec![":2: a line has either"],
            ),
            (line(r#""alarm":{"scheduled":1}"#), vec![":2:", "unknown field `scheduled`"]),
            (
                line(&format!(r#""key":"{}","value":1"#, "k".repeat(2049))),
                vec![":2: a key has at most 2048"],
            ),
            (
                line(&format!(r#""key":"k","value":"{}""#, "v".repeat(5 << 20))),
                vec![":2: a value has at most"],
            ),
            (
                line(&format!(r#""key":"k","value":{date},"data":"Af8PSQo=""#)),
                vec![":2: `value` and `data`"],
            ),
            (line(r#""key":"k","value":1"#).replace("new", ""), vec![":2: a room has a name"]),
        ] {
            std::fs::write(&file, format!("{good}\n{bad}\n{good}\n")).expect("it can be written");
            let said = storage(&project, folder.path(), &["import", "--replace", path(&file)]);
            said.fails(&[&expected[..], &["Nothing was changed"]].concat());
            assert_eq!(storage(&project, folder.path(), &["export"]).ok(), before, "{bad:.100}");
        }
        storage(&project, folder.path(), &["import", "/nowhere/nix.jsonl"])
            .fails(&["cannot read /nowhere/nix.jsonl"]);
        storage(&project, folder.path(), &["import", path(files.path())])
            .fails(&["cannot read", path(files.path())]);
    });
}

#[test]
fn no_import_beside_a_host() {
    run(async {
        let (project, mut host, folder) = filled().await;
        let files = fresh_folder();
        let file = files.path().join("all.jsonl");
        storage(&project, folder.path(), &["export", "-o", path(&file)]).ok();
        storage(&project, folder.path(), &["import", path(&file)]).fails(&[
            "another host already uses",
            path(folder.path()),
            &format!("process {}", host.pid()),
        ]);
        assert_eq!(host.get("/party/two%20b").await.ok().json()["size"], 1);
        host.assert_alive();
    });
}

#[test]
fn a_backup_of_a_busy_host_is_whole() {
    run(async {
        let (project, host, folder) = filled().await;
        let files = fresh_folder();
        let file = files.path().join("state.db");
        let writing = async {
            for n in 0..400 {
                let url = format!("/party/busy?do=put&key=k{n:03}&value={n}");
                host.get(&url).await.ok();
            }
        };
        let backing_up = async {
            // In the midst of the writes.
            eventually("the writes have begun", || async {
                (host.get("/party/busy").await.ok().json()["size"].as_u64()? > 20).then_some(())
            })
            .await;
            let (config, store) = (project.config().to_owned(), folder.path().to_owned());
            let to = file.clone();
            tokio::task::spawn_blocking(move || {
                Command::new(env!("CARGO_BIN_EXE_houseparty"))
                    .args(["storage", "backup"])
                    .arg(to)
                    .arg("-c")
                    .arg(config)
                    .arg("--persist")
                    .arg(store)
                    .output()
                    .expect("the command can be started")
            })
            .await
            .expect("the command ends")
        };
        let ((), said) = futures::join!(writing, backing_up);
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        storage(&project, folder.path(), &["backup", path(&file)]).fails(&["it exists already"]);

        // What is in it is a prefix of what was written, and a host can live on it.
        let keys = lines(&storage(&project, files.path(), &["export", "main", "busy"]).ok());
        assert!(keys.len() > 20, "{} keys", keys.len());
        for (n, line) in keys.iter().enumerate() {
            assert_eq!(line["key"], format!("k{n:03}"));
        }
        let told = host.get("/party/one").await.ok().json();
        let restored = Host::start_with(&project, HostOptions::persist(files.path()));
        assert_eq!(restored.get("/party/one").await.ok().json(), told);
        assert_eq!(restored.get("/party/busy").await.ok().json()["size"], keys.len());
    });
}

#[test]
fn what_a_killed_host_has_stored_can_be_read() {
    run(async {
        let (project, mut host, folder) = filled().await;
        host.kill();
        let value = storage(&project, folder.path(), &["get", "main", "two%20b", "k"]).ok();
        assert_eq!(value, "\"v\"\n");
        host.restart(&project);
        assert_eq!(host.get("/party/two%20b").await.ok().json()["size"], 1);
    });
}

#[test]
fn stores_that_cannot_be_used_are_refused() {
    let project = Project::single(COLLECTOR);
    let empty = fresh_folder();
    storage(&project, empty.path(), &["ls"]).fails(&[
        "nothing is stored in",
        path(empty.path()),
        "--persist",
    ]);
    let newer = fresh_folder();
    let file = newer.path().join("state.db");
    end(Host::start_with(&project, HostOptions::persist(newer.path())));
    let connection = rusqlite::Connection::open(&file).expect("the store can be opened");
    connection.pragma_update(None, "user_version", 99).expect("it can be changed");
    drop(connection);
    let import = newer.path().join("import.jsonl");
    std::fs::write(&import, "").expect("the file can be written");
    let expected = ["newer version", "layout 99", path(&file)];
    storage(&project, newer.path(), &["ls"]).fails(&expected);
    storage(&project, newer.path(), &["export"]).fails(&expected);
    storage(&project, newer.path(), &["backup", "/nowhere/copy.db"]).fails(&expected);
    storage(&project, newer.path(), &["import", path(&import)]).fails(&expected);
    let ended = Host::try_start(&project, HostOptions::persist(newer.path()));
    let ended = ended.err().expect("a newer store is not served");
    for text in expected {
        assert!(ended.output.contains(text), "{}", ended.output);
    }
}
