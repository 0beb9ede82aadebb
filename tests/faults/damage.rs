//! A `state.db` whose bytes have changed behind the host's back: values of one room, pages of the file.
//!
//! What must hold: a damaged value is an error that names its key and says what to do, never another
//! value; the other keys, and other rooms, are as they were; a page that cannot be read costs a 503 and
//! a line in the log; the host goes on. `runtime/storage/damage_test.rs` does the same to the store alone,
//! thousands of times.

use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;

use crate::support::project::fresh_folder;
use crate::support::{Host, HostOptions, Project, Random, run};

/// Keys of the damaged room.
const KEYS: usize = 3000;

const MAIN: &str = r#"
const kinds = [
  (n) => ({ n, text: "some text of a value ".repeat(n % 7), list: [n, n / 3, -n], when: new Date(n) }),
  (n) => new Map([[n, new Set([n, "x"])], ["nested", { deep: { deeper: [null, true, undefined] } }]]),
  (n) => new Uint8Array(n % 300).fill(n),
  (n) => "ü".repeat(n % 100) + String(n),
  (n) => [new Float64Array([n, 1 / n]), new Error(`number ${n}`), BigInt(n) ** 20n, /a+/g],
];
const make = (n) => kinds[n % kinds.length](n);
const shown = (value) => JSON.stringify(value, (_, it) =>
  typeof it === "bigint" ? `${it}n` : it instanceof Map || it instanceof Set ? [...it] :
  ArrayBuffer.isView(it) ? [...it] : it instanceof Error ? it.message : it instanceof RegExp ? String(it) : it);
export default class Damaged {
  constructor(room) { this.room = room; this.born = crypto.randomUUID(); }
  async onRequest(request) {
    const { storage } = this.room;
    const query = new URL(request.url).searchParams;
    const keys = Number(query.get("keys"));
    switch (query.get("do")) {
      case "write":
        for (let n = 0; n < keys; n++) storage.put(`k${n}`, make(n));
        return new Response("written");
      case "read": {
        // For each key: 1 as it was, 0 an error, and the values that are something else.
        const seen = [];
        for (let n = 0; n < keys; n++) {
          try {
            const value = await storage.get(`k${n}`);
            seen.push(shown(value) === shown(make(n)) ? 1 : `k${n}: ${shown(value)}`);
          } catch (error) {
            seen.push(error.message.includes(`\`k${n}\``) && error.message.includes("damaged") ? 0 : error.message);
          }
        }
        return Response.json(seen);
      }
      case "list": return Response.json((await storage.list()).size);
      case "delete": return Response.json(await storage.delete("k0"));
      case "born": return new Response(this.born);
    }
    return new Response("fine");
  }
}
"#;

/// Changes the bytes of a value: some of them, its length, or all.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    let len = bytes.len().max(1) as u64;
    let at = |random: &mut Random| usize::try_from(random.below(len)).expect("it fits");
    match random.below(6) {
        0 => {
            let place = at(random).min(bytes.len().saturating_sub(1));
            bytes[place] ^= 1 << random.below(8);
        }
        1 => {
            for _ in 0..8 {
                let place = at(random).min(bytes.len() - 1);
                bytes[place] = u8::try_from(random.below(256)).expect("it fits");
            }
        }
        2 => bytes.truncate(at(random)),
        3 => bytes.extend_from_slice(&[0xff; 9]),
        4 => {
            let place = at(random);
            bytes.insert(place, u8::try_from(random.below(256)).expect("it fits"));
        }
        _ => bytes
            .iter_mut()
            .for_each(|byte| *byte = u8::try_from(random.below(256)).expect("it fits")),
    }
}

fn state(folder: &Path) -> Connection {
    Connection::open(folder.join("state.db")).expect("the file can be opened")
}

#[test]
fn damaged_values_are_errors_of_their_own_key() {
    run(async {
        let project = Project::single(MAIN);
        let folder = fresh_folder();
        let mut host = Host::start_with(&project, HostOptions::persist(folder.path()));
        for room in ["damaged", "other"] {
            host.get(&format!("/party/{room}?do=write&keys={KEYS}")).await.ok();
        }
        host.terminate();
        host.wait_end();
        let mut random = Random::new(7);
        let mut expected = vec![1; KEYS];
        {
            let mut connection = state(folder.path());
            let transaction = connection.transaction().expect("the file can be written");
            let room: i64 = transaction
                .query_row("SELECT id FROM rooms WHERE room = 'damaged'", [], |row| row.get(0))
                .expect("the room is there");
            for (n, whole) in expected.iter_mut().enumerate() {
                if n % 10 == 9 {
                    continue;
                }
                let key = format!("k{n}").into_bytes();
                let of = (room, &key);
                let stored: Vec<u8> = transaction
                    .query_row("SELECT value FROM entries WHERE room = ? AND key = ?", of, |row| {
                        row.get(0)
                    })
                    .expect("the key is there");
                let mut changed = stored.clone();
                damage(&mut changed, &mut random);
                *whole = i32::from(changed == stored);
                transaction
                    .execute(
                        "UPDATE entries SET value = ? WHERE room = ? AND key = ?",
                        (&changed, room, &key),
                    )
                    .expect("the value can be changed");
            }
            transaction.commit().expect("the changes can be written");
        }
        host.restart(&project);
        let born = host.get("/party/damaged?do=born").await.text();
        let seen = host.get(&format!("/party/damaged?do=read&keys={KEYS}")).await.ok().json();
        assert_eq!(seen, Value::from(expected.clone()), "a damaged value was taken for another");
        assert!(expected.iter().filter(|whole| **whole == 0).count() > KEYS / 2);
        let listed = host.get("/party/damaged?do=list").await;
        assert!(listed.status == 500 && listed.text().contains("damaged"), "{}", listed.text());
        host.wait_for_output("Restore a backup, or delete the key");
        assert_eq!(host.get("/party/damaged?do=delete").await.text(), "true");
        assert_eq!(host.get("/party/damaged?do=born").await.text(), born, "the room was reset");
        let other = host.get(&format!("/party/other?do=read&keys={KEYS}")).await.ok().json();
        assert_eq!(other, Value::from(vec![1; KEYS]));
        host.assert_alive();
    });
}

/// Pages change while the host runs: rooms that need them get 503 and a line says what to do.
#[test]
fn a_page_that_cannot_be_read_costs_503() {
    run(async {
        let project = Project::single(MAIN);
        let folder = fresh_folder();
        let mut host = Host::start_with(&project, HostOptions::persist(folder.path()));
        host.get(&format!("/party/damaged?do=write&keys={KEYS}")).await.ok();
        // All into the file itself; the host has not read any of it yet.
        host.restart(&project);
        let file = folder.path().join("state.db");
        let bytes = std::fs::read(&file).expect("the file can be read");
        assert!(bytes.len() > 100 * 4096, "{} bytes are no damage", bytes.len());
        let noise: Vec<u8> = (0..bytes.len() - 4 * 4096).map(|at| (at * 7 % 251) as u8).collect();
        {
            use std::os::unix::fs::FileExt;
            let file = std::fs::File::options().write(true).open(&file).expect("it can be opened");
            file.write_all_at(&noise, 4 * 4096).expect("it can be written");
        }
        let answer = host.get("/party/damaged?do=list").await;
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(answer.text().contains("restore a backup"), "{}", answer.text());
        host.wait_for_output("the store cannot be read");
        assert_eq!(host.get("/party/damaged").await.ok().text(), "fine");
        assert_eq!(host.get("/party/bystander").await.ok().text(), "fine");
        host.assert_alive();
    });
}
