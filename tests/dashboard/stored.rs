//! What rooms have stored, through the API: pages, values that JSON can say and others, changes that meet
//! others' changes, alarms. What is stored that way is what the party reads, also after a kill.

use serde_json::{Value, json};

use crate::support::{eventually, run};

use super::{ask, change, get, host, project};

const VALUE: &str = "storage/value?party=main&id=shop&key=count";

fn keys(page: &Value) -> Vec<&str> {
    let entries = page["entries"].as_array().expect("a list of entries");
    entries.iter().map(|entry| entry["key"].as_str().expect("a key")).collect()
}

#[test]
fn a_running_room_reads_what_was_changed_and_it_is_durable() {
    run(async {
        let mut host = host(&[]);
        let mut ann = host.open("/party/shop").await;
        ann.expect_text("welcome to shop").await;
        ann.send("count").await;
        ann.expect_text("echo:count").await;
        let before = get(&host, VALUE).await;
        assert_eq!((&before["json"], &before["exact"]), (&json!("1"), &json!(true)));
        let put = change(&host, "PUT", VALUE, &[], r#"{"n": 7, "__proto__": [null]}"#).await.ok();
        let after = get(&host, VALUE).await;
        assert_eq!(after["tag"], put.json()["tag"]);
        assert_ne!(after["tag"], before["tag"]);
        assert_eq!(after["json"], r#"{"n":7,"__proto__":[null]}"#);
        // The room had the old value at hand.
        assert_eq!(host.get("/party/shop").await.ok().json()["n"], 7);
        host.restart(&project());
        assert_eq!(host.get("/party/shop").await.ok().json()["n"], 7);
        change(&host, "DELETE", VALUE, &[], "").await.ok();
        assert_eq!(host.get("/party/shop").await.ok().json(), Value::Null);
        assert_eq!(change(&host, "DELETE", VALUE, &[], "").await.status, 404);
    });
}

#[test]
fn a_value_that_has_changed_meanwhile_is_not_overwritten() {
    run(async {
        let host = host(&[]);
        let add = [("if-none-match", "*")];
        change(&host, "PUT", VALUE, &add, "1").await.ok();
        assert_eq!(change(&host, "PUT", VALUE, &add, "2").await.status, 412);
        let tag = format!("\"{}\"", get(&host, VALUE).await["tag"].as_str().unwrap());
        let seen = [("if-match", tag.as_str())];
        change(&host, "PUT", VALUE, &seen, "2").await.ok();
        assert_eq!(change(&host, "PUT", VALUE, &seen, "3").await.status, 412);
        assert_eq!(change(&host, "DELETE", VALUE, &seen, "").await.status, 412);
        let none = "storage/value?party=main&id=shop&key=none";
        assert_eq!(change(&host, "PUT", none, &[("if-match", "*")], "3").await.status, 412);
        assert_eq!(host.get("/party/shop").await.ok().json(), 2);
    });
}

#[test]
fn bad_values_are_refused_with_the_reason() {
    run(async {
        let host = host(&[]);
        for bad in ["", "{", "undefined", "{'a': 1}", "1 2", "NaN"] {
            let answer = change(&host, "PUT", VALUE, &[], bad).await;
            assert_eq!(answer.status, 400, "{bad}: {}", answer.text());
        }
        let mut client = host.client().await;
        let guard = [("x-houseparty".to_owned(), "1".to_owned())];
        let path = format!("/__houseparty__/api/{VALUE}");
        let binary = vec![b'"', 0xff, b'"'];
        let answer = client.request("PUT", &path, &guard, binary.into()).await.unwrap();
        assert_eq!(answer.status, 400, "{}", answer.text());
        for megabytes in [5, 9] {
            let huge = format!("\"{}\"", "x".repeat(megabytes << 20));
            let answer = change(&host, "PUT", VALUE, &[], &huge).await;
            assert_eq!(answer.status, 413, "{megabytes} MB: {}", answer.text());
        }
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        let answer = change(&host, "PUT", VALUE, &[], &deep).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        let key = "x".repeat(2049);
        let long = format!("storage/value?party=main&id=shop&key={key}");
        assert_eq!(change(&host, "PUT", &long, &[], "1").await.status, 400);
        // None of it was stored, and one that is large is fine.
        assert_eq!(ask(&host, "room?party=main&id=shop").await.status, 404);
        let large = format!("\"{}\"", "x".repeat(3 << 20));
        change(&host, "PUT", VALUE, &[], &large).await.ok();
        let entry = &get(&host, "storage?party=main&id=shop").await["entries"][0];
        assert!(entry["bytes"].as_u64().unwrap() > 3 << 20);
        assert_eq!(entry.get("json"), None, "a list shows small values only");
        assert_eq!(get(&host, VALUE).await["json"].as_str().unwrap().len(), large.len());
    });
}

#[test]
fn what_json_cannot_say_is_shown_and_deleted_but_not_overwritten() {
    run(async {
        let host = host(&[]);
        let mut ann = host.open("/party/shop").await;
        ann.expect_text("welcome to shop").await;
        ann.send("odd").await;
        ann.expect_text("echo:odd").await;
        let page = get(&host, "storage?party=main&id=shop").await;
        assert_eq!(keys(&page), ["big", "when"]);
        assert_eq!(page["entries"][0]["json"], r#"{"$bigint":"12345678901234567890"}"#);
        assert_eq!(page["entries"][1]["exact"], false);
        let when = "storage/value?party=main&id=shop&key=when";
        assert_eq!(get(&host, when).await["json"], r#"{"$date":"1970-01-01T00:00:00.000Z"}"#);
        let refused = change(&host, "PUT", when, &[], "1").await;
        assert_eq!(refused.status, 409, "{}", refused.text());
        change(&host, "DELETE", when, &[], "").await.ok();
        change(&host, "PUT", when, &[], "1").await.ok();
        assert_eq!(host.get("/party/shop?key=when").await.ok().json(), 1);
    });
}

#[test]
fn keys_come_in_pages_with_and_without_a_disk() {
    run(async {
        for flags in [&[][..], &["--durability", "memory"]] {
            let host = host(flags);
            for number in 0..25 {
                let path = format!("/party/shop?key=item:{number:02}");
                host.send("PUT", &path, &number.to_string()).await.ok();
            }
            host.send("PUT", "/party/shop?key=other", "{}").await.ok();
            let page = get(&host, "storage?party=main&id=shop&limit=10").await;
            assert_eq!(keys(&page).len(), 10);
            assert_eq!(page["next"], "item:09");
            let page = get(&host, "storage?party=main&id=shop&limit=20&after=item:09").await;
            assert_eq!((keys(&page).len(), &page["next"]), (16, &Value::Null));
            let page = get(&host, "storage?party=main&id=shop&prefix=item:2").await;
            let twenties = ["item:20", "item:21", "item:22", "item:23", "item:24"];
            assert_eq!(keys(&page), twenties, "{flags:?}");
            let page = get(&host, "storage?party=main&id=shop&prefix=item:2&after=item:23").await;
            assert_eq!(keys(&page), ["item:24"]);
            let page = get(&host, "storage?party=main&id=shop&prefix=item:2&after=other").await;
            assert!(keys(&page).is_empty());
            assert!(keys(&get(&host, "storage?party=main&id=nobody").await).is_empty());
            let stored = get(&host, "rooms?state=stored").await;
            assert_eq!(stored["rooms"][0]["keys"], 26, "{stored}");
            assert_eq!(get(&host, "rooms?state=stored&party=sleeper").await["rooms"], json!([]));
        }
    });
}

#[test]
fn alarms_are_set_rung_and_deleted() {
    run(async {
        let host = host(&[]);
        let ring = "alarm/ring?party=main&id=shop";
        assert_eq!(change(&host, "POST", ring, &[], "").await.status, 404, "none is set");
        for bad in ["", "&at=soon", "&at=-1", "&at=1e9"] {
            let set = format!("alarm?party=main&id=shop{bad}");
            assert_eq!(change(&host, "PUT", &set, &[], "").await.status, 400, "{bad}");
        }
        let alarm = || async { get(&host, "room?party=main&id=shop").await["alarm"].clone() };
        let far = 4_000_000_000_000_i64;
        change(&host, "PUT", &format!("alarm?party=main&id=shop&at={far}"), &[], "").await.ok();
        assert_eq!(alarm().await, json!({ "scheduledAt": far, "dueAt": far, "retry": 0 }));
        let mut ann = host.open("/party/shop").await;
        ann.expect_text("welcome to shop").await;
        change(&host, "POST", ring, &[], "").await.ok();
        ann.expect_text("alarm").await;
        eventually("the alarm is over", || async { alarm().await.is_null().then_some(()) }).await;
        ann.send("alarm").await;
        ann.expect_text("echo:alarm").await;
        assert!(alarm().await["dueAt"].is_i64());
        change(&host, "DELETE", "alarm?party=main&id=shop", &[], "").await.ok();
        assert_eq!(alarm().await, Value::Null);
    });
}
