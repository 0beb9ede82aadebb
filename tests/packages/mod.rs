//! Packages that people use in their parties, unmodified from npm: one party each in this folder's
//! project (`src/`), driven over the wire here and by the real clients in `clients/`.
//!
//! Needs `npm ci` in this folder, which `make test` runs. A package that breaks is a fault of the
//! host: of the bundler's resolution, of Node's modules or of the platform.

use serde_json::json;

use crate::support::node::{installed, run_script, run_script_of};
use crate::support::{Answer, Frame, Host, Project, Socket, run};

fn host() -> Host {
    installed("tests/packages");
    Host::start(&Project::at("tests/packages"))
}

fn client(host: &Host, script: &str, arguments: &[&str]) {
    let address = host.address().to_string();
    let arguments = [&[address.as_str()], arguments].concat();
    let told = run_script_of("tests/packages", &format!("clients/{script}.js"), &arguments);
    assert!(told.contains("all as it must be"), "{told}");
}

async fn with_header(host: &Host, path: &str, name: &str, value: &str) -> Answer {
    let headers = [(name.to_owned(), value.to_owned())];
    let answer = host.client().await.request("GET", path, &headers, Default::default()).await;
    answer.expect("an answer")
}

/// With the types that the npm package `partykit` itself brings.
#[test]
fn every_package_party_type_checks() {
    let folder = installed("tests/packages").display().to_string();
    run_script("node_modules/typescript/bin/tsc", &["--project", &folder]);
}

#[test]
fn w_23_y_partykit_syncs_and_persists() {
    let mut host = host();
    client(&host, "yjs", &["write"]);
    host.restart(&Project::at("tests/packages"));
    client(&host, "yjs", &["read"]);
    host.assert_alive();
}

#[test]
fn msgpackr_packs_on_both_sides() {
    run(async {
        let host = host();
        client(&host, "binary", &[]);
        let records = host.get("/parties/binary/x").await.ok().json();
        assert_eq!(records[49], json!({ "at": 49, "name": "record 49", "half": 24.5 }));
    });
}

#[test]
fn loro_merges_with_a_client() {
    client(&host(), "loro", &[]);
}

#[test]
fn openai_and_drizzle_fetch_from_services() {
    client(&host(), "services", &[]);
}

#[test]
fn drizzle_builds_and_postgres_fails_politely() {
    run(async {
        let host = host();
        let built = host.get("/parties/database/x/built").await.ok().json();
        assert_eq!(built["params"], json!([7]));
        assert!(
            built["sql"]
                .as_str()
                .is_some_and(|sql| sql.ends_with("order by lower(\"people\".\"name\")"))
        );
        let refused = host.get("/parties/database/x/postgres").await;
        assert_eq!(refused.status, 502, "{}", refused.text());
        // The room is none the worse for it.
        host.get("/parties/database/x/built").await.ok();
    });
}

#[test]
fn xstate_goes_on_after_a_restart() {
    run(async {
        let mut host = host();
        let light = |value: &str, changes: u64| json!({ "value": value, "changes": changes });
        assert_eq!(host.get("/parties/chart/x").await.ok().json(), light("red", 0));
        let next = host.send("POST", "/parties/chart/x", "NEXT").await.ok();
        assert_eq!(next.json(), light("green", 1));
        host.restart(&Project::at("tests/packages"));
        assert_eq!(host.get("/parties/chart/x").await.json(), light("green", 1));
        assert_eq!(
            host.send("POST", "/parties/chart/x", "BREAK").await.json()["value"],
            "flashing"
        );
        crate::support::eventually("the delayed transition comes", || async {
            (host.get("/parties/chart/x").await.json() == light("red", 3)).then_some(())
        })
        .await;
        assert_eq!(host.send("POST", "/parties/chart/x", "OTHER").await.status, 400);
    });
}

#[test]
fn jose_guards_a_room() {
    run(async {
        let host = host();
        let token = host.get("/parties/members/x?name=ann").await.ok().text();
        let mut ann = host.open(&format!("/parties/members/x?token={token}")).await;
        ann.expect_text("Welcome, ann").await;
        let expired = host.get("/parties/members/x?name=ann&expires=-1s").await.ok().text();
        let cases = [
            ("/parties/members/x".to_owned(), "ERR_JWS_INVALID"),
            (format!("/parties/members/x?token={token}x"), "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"),
            (format!("/parties/members/x?token={expired}"), "ERR_JWT_EXPIRED"),
            // A token for another room.
            (format!("/parties/members/y?token={token}"), "ERR_JWT_CLAIM_VALIDATION_FAILED"),
        ];
        for (path, code) in cases {
            let refused = Socket::try_open(host.address(), &path, &[]).await;
            let refused = refused.err().expect("who has no token is turned away");
            assert_eq!((refused.status, refused.body.as_str()), (401, code), "{path}");
        }
        for alg in ["RS256", "PS256", "ES256", "ES384", "EdDSA"] {
            let claims = host.get(&format!("/parties/members/x?keys={alg}")).await;
            assert_eq!(claims.ok().json(), json!({ "sub": alg }));
        }
    });
}

#[test]
fn zod_checks_what_clients_send() {
    run(async {
        let host = host();
        let mut ann = host.open("/parties/valid/x").await;
        let mut ben = host.open("/parties/valid/x").await;
        ann.send("{").await;
        ann.expect_text("not JSON").await;
        ann.send(r#"{"type":"add","id":"no","text":"  "}"#).await;
        let problems = ann.next_json().await;
        let text = "Too small: expected string to have >=1 characters";
        assert_eq!(problems["fieldErrors"], json!({ "id": ["Invalid UUID"], "text": [text] }));
        ann.send(r#"{"type":"move","to":[1,2.5],"more":1}"#).await;
        // Ben hears of nothing before.
        ben.expect_json(&json!({ "type": "move", "to": [1, 2.5] })).await;
        let refused = host.send("POST", "/parties/valid/x", "no").await;
        assert_eq!(refused.status, 422);
    });
}

#[test]
fn immer_and_superjson_keep_types() {
    run(async {
        let mut host = host();
        let mut listener = host.open("/parties/state/x").await;
        for points in [3, 4] {
            let body = format!(r#"{{"name":"ann","points":{points}}}"#);
            host.send("POST", "/parties/state/x", &body).await.ok();
        }
        // In an order that immer chooses: that of the drafts.
        let first = listener.next_json().await;
        let added = json!({ "op": "add", "path": ["scores", "ann"], "value": 3 });
        assert!(first.as_array().is_some_and(|patches| patches.contains(&added)), "{first}");
        let change = json!([{ "op": "replace", "path": ["scores", "ann"], "value": 7 }]);
        listener.expect_json(&change).await;
        host.restart(&Project::at("tests/packages"));
        let board = host.get("/parties/state/x").await.ok().json();
        assert_eq!(board["json"]["scores"], json!([["ann", 7]]));
        assert_eq!(board["json"]["big"], "1180591620717411303424");
        assert_eq!(board["meta"]["values"]["seen"], json!(["set"]));
    });
}

#[test]
fn itty_router_and_nanoid() {
    run(async {
        let host = host();
        let made = host.send("POST", "/parties/router/x", r#"{"a":1}"#).await.ok().json();
        let id = made["id"].as_str().expect("an id");
        assert_eq!((id.len(), made["short"].as_str().map(str::len)), (21, Some(8)));
        let path = format!("/parties/router/x/{id}");
        assert_eq!(host.get(&path).await.ok().json(), made);
        assert_eq!(host.get("/parties/router/x").await.ok().json(), json!([made]));
        assert_eq!(host.send("DELETE", &path, "").await.ok().json(), json!({ "deleted": true }));
        assert_eq!(host.get(&path).await.status, 404);
        let broken = host.get(&format!("{path}/broken")).await;
        assert_eq!((broken.status, &broken.json()["error"]), (500, &json!("broken on purpose")));
    });
}

#[test]
fn hono_routes_a_room() {
    run(async {
        let host = host();
        assert_eq!(host.get("/parties/web/x").await.ok().json(), json!({ "room": "x", "id": "x" }));
        let open =
            with_header(&host, "/parties/web/x/open/ann", "origin", "https://elsewhere.example")
                .await;
        assert_eq!(open.ok().headers["access-control-allow-origin"], "https://elsewhere.example");
        let tagged = host.get("/parties/web/x/tagged").await.ok();
        let etag = tagged.headers["etag"].to_str().expect("a tag").to_owned();
        let again = with_header(&host, "/parties/web/x/tagged", "if-none-match", &etag).await;
        assert_eq!((again.status, again.text().as_str()), (304, ""));
        let visits = with_header(&host, "/parties/web/x/visits", "cookie", "a=b; visits=4").await;
        assert_eq!(visits.headers["set-cookie"], "visits=5; Path=/; HttpOnly; SameSite=Lax");
        let mut listener = host.open("/parties/web/x").await;
        let noted = host.send("POST", "/parties/web/x/note", r#"{"note":"hi"}"#).await;
        assert_eq!(noted.status, 204);
        listener.expect_text("hi").await;
        assert_eq!(host.get("/parties/web/x/note").await.text(), "hi");
        assert_eq!(host.get("/parties/web/x/count").await.text(), "1\n2\n3\n");
        let events = host.get("/parties/web/x/events").await.ok();
        assert_eq!(events.headers["content-type"], "text/event-stream");
        assert!(
            events.text().ends_with("event: tick\ndata: event 2\nid: 2\n\n"),
            "{}",
            events.text()
        );
        let teapot = host.get("/parties/web/x/teapot").await;
        assert_eq!((teapot.status, teapot.text().as_str()), (418, "short and stout"));
        assert_eq!(host.send("POST", "/parties/web/x/note", "{").await.status, 500);
        assert_eq!(host.get("/parties/web/x/none").await.text(), "404 Not Found");
    });
}

#[test]
fn partymix_serves_a_remix_build() {
    run(async {
        let host = host();
        let first = host.get("/").await.ok();
        assert!(
            first.text().contains(r#"{"routes/_index":{"visits":1},"root":null}"#),
            "{}",
            first.text()
        );
        let cookie = first.headers["set-cookie"].to_str().expect("a cookie");
        let session = cookie.split(';').next().expect("its value");
        assert!(with_header(&host, "/", "cookie", session).await.text().contains("\"visits\":2"));
        // A signature that does not fit: a session like that of a stranger.
        let forged = with_header(&host, "/", "cookie", &format!("{session}x")).await;
        assert!(forged.text().contains("\"visits\":1"));

        let form = [("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
        let mut client = host.client().await;
        let posted = client.request("POST", "/room", &form, "note=from+a+form".into()).await;
        let posted = posted.expect("an answer");
        assert_eq!(
            (posted.status, &posted.headers["location"]),
            (303, &"/room?_data=routes%2Froom".parse().expect("a header"))
        );
        let note = host.get("/room?_data=routes%2Froom").await.ok().json();
        assert_eq!(note, json!({ "note": "from a form" }));
        assert_eq!(host.get("/nothing/here").await.status, 404);
    });
}

/// Packages that look for a file beside themselves when they are loaded, though they may never ask
/// for it.
#[test]
fn modules_have_an_address() {
    run(async {
        let host = Host::start(&Project::single(
            r#"
const file = new URL("./model.wasm", import.meta.url);
export default { onRequest: () => new Response(file.href) };
"#,
        ));
        assert_eq!(host.get("/party/x").await.ok().text(), "houseparty:/party/model.wasm");
    });
}

#[test]
fn the_guide_on_rate_limits() {
    run(async {
        let host = host();
        let mut sender = host.open("/parties/limited/x").await;
        let mut other = host.open("/parties/limited/x").await;
        sender.send("one").await;
        sender.expect_text("one").await;
        other.expect_text("one").await;
        for _ in 0..2 {
            sender.send("too fast").await;
            sender.expect_text("slow down").await;
        }
        sender.send("too fast").await;
        assert_eq!(sender.expect_close(4008).await, "too many messages");
        other.send("two").await;
        assert_eq!(other.next().await, Frame::Text("two".to_owned()));
    });
}
