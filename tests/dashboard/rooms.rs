//! Rooms as the API shows them: many, oddly named, asleep, busy; restarting them, closing connections.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Host, eventually, run};

use super::{ask, change, get, host};

fn ids(list: &Value) -> Vec<&str> {
    let rooms = list["rooms"].as_array().expect("a list of rooms");
    rooms.iter().map(|room| room["id"].as_str().expect("an id")).collect()
}

#[test]
fn rooms_are_listed_with_what_they_use() {
    run(async {
        let host = host(&[]);
        assert_eq!(get(&host, "rooms").await["total"], 0);
        let mut ann = host.open("/party/tea?_pk=ann").await;
        ann.expect_text("welcome to tea").await;
        let mut ben = host.open("/party/tea?_pk=ben").await;
        ben.expect_text("welcome to tea").await;
        let _sleeper = host.open("/parties/sleeper/bed").await;
        ann.send("count").await;
        ann.expect_text("echo:count").await;

        let list = get(&host, "rooms").await;
        assert_eq!(list["total"], 2, "lobbies are not listed: {list}");
        assert_eq!(ids(&list), ["tea", "bed"]);
        let tea = &list["rooms"][0];
        assert_eq!((&tea["party"], &tea["state"]), (&json!("main"), &json!("running")));
        assert_eq!((&tea["connections"], &tea["inbox"]), (&json!(2), &json!(0)));
        assert!(tea["turns"].as_u64().unwrap() >= 3, "{tea}");
        assert!(tea["time"].as_f64().unwrap() > 0.0, "{tea}");
        assert!(tea["heap"]["used"].as_u64().unwrap() > 100_000, "{tea}");
        assert!(tea["sinceAt"].as_i64() <= tea["activeAt"].as_i64(), "{tea}");
        assert_eq!(ids(&get(&host, "rooms?party=sleeper").await), ["bed"]);
        assert_eq!(ids(&get(&host, "rooms?search=e").await), ["tea", "bed"]);
        assert_eq!(ids(&get(&host, "rooms?search=ea").await), ["tea"]);
        assert_eq!(ids(&get(&host, "rooms?sort=connections").await), ["tea", "bed"]);
        assert_eq!(ids(&get(&host, "rooms?limit=1&offset=1").await), ["bed"]);

        let room = get(&host, "room?party=main&id=tea").await;
        let connection = &room["list"][0];
        assert_eq!((&connection["id"], &connection["phase"]), (&json!("ann"), &json!("open")));
        assert_eq!(connection["received"], "count".len());
        // Frames: the text and two bytes of header each.
        assert_eq!(connection["sent"], "welcome to tea".len() + "echo:count".len() + 4);
        assert!(connection["uri"].as_str().unwrap().ends_with("/party/tea?_pk=ann"));

        let figures = get(&host, "host").await;
        assert_eq!(figures["rooms"]["connections"], 3);
        assert!(figures["store"]["commits"].as_u64().unwrap() >= 1, "{figures}");
        for count in ["descriptors", "mappings"] {
            assert!(
                figures["process"][count]["used"].as_u64()
                    < figures["process"][count]["limit"].as_u64()
            );
        }
        assert!(figures["isolates"]["used"].as_u64() < figures["isolates"]["limit"].as_u64());
        let crons: Vec<_> =
            figures["crons"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
        assert_eq!(crons, ["tidy", "broken"]);
    });
}

#[test]
fn a_hibernated_room_shows_its_connections_and_is_not_woken() {
    run(async {
        let host = host(&["--hibernate-after", "0.2"]);
        let mut guest = host.open("/parties/sleeper/bed?_pk=ann").await;
        guest.send("hi").await;
        guest.expect_text("echo:hi").await;
        let room = eventually("the room hibernates", || async {
            let room = get(&host, "room?party=sleeper&id=bed").await;
            (room["state"] == "hibernated").then_some(room)
        })
        .await;
        assert_eq!(room["heap"], Value::Null);
        assert_eq!(room["list"][0]["state"], r#"{"name":"Ann"}"#);
        assert_eq!(room["list"][0]["tags"], json!(["ann", "guest", "<b>bold</b>"]));
        assert_eq!(get(&host, "rooms").await["rooms"][0]["state"], "hibernated");
        guest.send("again").await;
        guest.expect_text("echo:again").await;
    });
}

#[test]
fn ids_are_raw_whatever_is_in_them() {
    run(async {
        let host = host(&[]);
        // As the path has it, and as a query parameter has that.
        let odd = [
            ("a%20b", "a%2520b"),
            ("a%2Fb", "a%252Fb"),
            ("%C3%BC", "%25C3%25BC"),
            ("%E0%A4%A", "%25E0%25A4%25A"),
            ("100%", "100%25"),
            ("a+b", "a%2Bb"),
            ("a&id=c", "a%26id%3Dc"),
        ];
        let mut open = Vec::new();
        for (raw, _) in odd {
            open.push(host.open(&format!("/party/{raw}")).await);
            open.last_mut().unwrap().expect_text(&format!("welcome to {raw}")).await;
        }
        let list = get(&host, "rooms").await;
        let mut wanted: Vec<_> = odd.iter().map(|(raw, _)| *raw).collect();
        wanted.sort_unstable();
        assert_eq!(ids(&list), wanted);
        for (raw, query) in odd {
            let room = get(&host, &format!("room?party=main&id={query}")).await;
            assert_eq!((&room["id"], &room["connections"]), (&json!(raw), &json!(1)));
            let key = format!("storage/value?party=main&id={query}&key=k%2F%C3%BC%00");
            change(&host, "PUT", &key, &[], "[1]").await.ok();
            let stored = host.get(&format!("/party/{raw}?key=k%2F%C3%BC%00")).await.ok();
            assert_eq!(stored.json(), json!([1]), "{raw}");
        }
        // An id that no address leads to: only other rooms could have made it.
        let slash = "storage/value?party=main&id=..%2F..%2Fx%20y&key=k";
        change(&host, "PUT", slash, &[], "1").await.ok();
        let stored = get(&host, "rooms?state=stored&search=x%20y").await;
        assert_eq!(ids(&stored), ["../../x y"]);
    });
}

#[test]
fn ten_thousand_rooms_come_in_pages() {
    run(async {
        let host = host(&["--durability", "process"]);
        // Stored, and alive for a moment only.
        let mut client = host.client().await;
        for number in 0..10_000 {
            let path =
                format!("/__houseparty__/api/storage/value?party=sleeper&id=r{number:05}&key=k");
            let guard = [("x-houseparty".to_owned(), "1".to_owned())];
            let answer = client.request("PUT", &path, &guard, "1".into()).await.expect("an answer");
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        let list = get(&host, "rooms?state=stored&limit=500").await;
        assert_eq!(ids(&list).len(), 500);
        let next = list["next"].as_str().expect("there are more");
        assert_eq!(next, "sleeper/r00499");
        let list = get(&host, &format!("rooms?state=stored&limit=2&after={next}")).await;
        assert_eq!(ids(&list), ["r00500", "r00501"]);
        let list = get(&host, "rooms?state=stored&after=sleeper/r09998").await;
        assert_eq!((ids(&list), &list["next"]), (vec!["r09999"], &Value::Null));
        let began = Instant::now();
        let list = get(&host, "rooms?state=stored&search=9876").await;
        assert_eq!(ids(&list), ["r09876"]);
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        let live = get(&host, "rooms?limit=1000").await;
        assert!(live["rooms"].as_array().unwrap().len() <= 500);
    });
}

#[test]
fn a_connection_is_closed_as_if_the_party_had() {
    run(async {
        let host = host(&[]);
        let mut ann = host.open("/party/tea?_pk=ann").await;
        let mut ben = host.open("/party/tea?_pk=ben").await;
        ann.expect_text("welcome to tea").await;
        ben.expect_text("welcome to tea").await;
        let socket = get(&host, "room?party=main&id=tea").await["list"][0]["socket"].clone();
        let close = |query: String| {
            let host = &host;
            async move {
                change(host, "POST", &format!("room/close?party=main&id=tea{query}"), &[], "")
                    .await
                    .status
            }
        };
        for bad in ["", "&socket=x", "&socket=1&code=1005", "&socket=1&code=99999"] {
            assert_eq!(close(bad.to_owned()).await, 400, "{bad}");
        }
        let long = "x".repeat(124);
        assert_eq!(close(format!("&socket={socket}&reason={long}")).await, 400);
        assert_eq!(close("&socket=999999".to_owned()).await, 404);
        assert_eq!(close(format!("&socket={socket}&code=4001&reason=enough")).await, 200);
        assert_eq!(ann.expect_close(4001).await, "enough");
        host.wait_for_output("somebody left");
        ben.send("still here").await;
        ben.expect_text("echo:still here").await;
    });
}

#[test]
fn a_restart_starts_from_what_is_durable() {
    run(async {
        let host = host(&[]);
        let restart = "room/restart?party=main&id=tea";
        assert_eq!(change(&host, "POST", restart, &[], "").await.status, 409, "it does not live");
        let mut ann = host.open("/party/tea").await;
        ann.expect_text("welcome to tea").await;
        ann.send("count").await;
        ann.expect_text("echo:count").await;
        change(&host, "PUT", "storage/value?party=main&id=tea&key=count", &[], "41").await.ok();
        change(&host, "POST", restart, &[], "").await.ok();
        assert_eq!(ann.expect_close(1012).await, "the room was restarted");
        let mut again = host.open("/party/tea").await;
        again.expect_text("welcome to tea").await;
        again.send("count").await;
        again.expect_text("echo:count").await;
        assert_eq!(host.get("/party/tea").await.ok().json(), 42);
        // In the middle of a critical section only by force; then what waits is told.
        again.send("hold").await;
        eventually("the section is open", || async {
            get(&host, "room?party=main&id=tea").await["section"].as_bool().filter(|open| *open)
        })
        .await;
        assert_eq!(change(&host, "POST", restart, &[], "").await.status, 409);
        let value = "storage/value?party=main&id=tea&key=other";
        let refused = change(&host, "PUT", value, &[], "1").await;
        assert_eq!(refused.status, 409, "{}", refused.text());
        change(&host, "POST", &format!("{restart}&force=1"), &[], "").await.ok();
        again.expect_close(1011).await;
        change(&host, "PUT", value, &[], "1").await.ok();
        // A hibernating room keeps its connections.
        let mut guest = host.open("/parties/sleeper/bed").await;
        change(&host, "POST", "room/restart?party=sleeper&id=bed", &[], "").await.ok();
        let room = get(&host, "room?party=sleeper&id=bed").await;
        assert_eq!((&room["state"], &room["connections"]), (&json!("hibernated"), &json!(1)));
        guest.send("hi").await;
        guest.expect_text("echo:hi").await;
    });
}

#[test]
fn a_room_in_a_loop_is_shown_as_busy_and_nothing_hangs() {
    run(async {
        let host = host(&["--turn-deadline", "4"]);
        let mut quiet = host.open("/party/quiet").await;
        quiet.expect_text("welcome to quiet").await;
        let mut loud = host.open("/party/loud").await;
        loud.expect_text("welcome to loud").await;
        assert_eq!(get(&host, "rooms").await["total"], 2);
        loud.send("loop").await;
        let list = eventually("the room is seen to be busy", || async {
            let list = get(&host, "rooms").await;
            (list["busy"] != json!([])).then_some(list)
        })
        .await;
        assert_eq!(list["busy"][0]["id"], "loud");
        // As they were seen last; what is stuck comes first.
        assert_eq!(ids(&list), ["loud", "quiet"]);
        assert!(list["rooms"][0]["stuck"].as_f64().unwrap() > 0.0, "{list}");
        assert_eq!(list["rooms"][1]["stale"], true);
        let began = Instant::now();
        let answer = ask(&host, "room?party=main&id=quiet").await;
        assert_eq!(answer.status, 503);
        assert_eq!(answer.json()["busy"]["id"], "loud", "{}", answer.text());
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        loud.expect_close(1011).await;
        still_well(&host, &mut quiet).await;
    });
}

async fn still_well(host: &Host, quiet: &mut crate::support::Socket) {
    quiet.send("hi").await;
    quiet.expect_text("echo:hi").await;
    let list = get(host, "rooms").await;
    assert_eq!((ids(&list), &list["busy"]), (vec!["quiet"], &json!([])));
}
