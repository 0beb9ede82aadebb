//! Who is let in: by flag, by name, by origin, by header. The finer points are unit tests beside the code.

use crate::support::{Answer, Host, HostOptions, run};

use super::{ask, host, project};

const ROOMS: &str = "/__houseparty__/api/rooms";

async fn with(host: &Host, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let headers: Vec<_> = headers.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    let mut client = host.client().await;
    client.request(method, path, &headers, "".into()).await.expect("an answer")
}

#[test]
fn dev_has_a_dashboard_and_start_only_if_it_is_asked_for() {
    run(async {
        let start = Host::start(&project());
        for path in ["/__houseparty__/", ROOMS] {
            assert_eq!(start.get(path).await.status, 404, "{path}");
        }
        let dev = HostOptions { command: "dev", ..HostOptions::default() };
        let dev = Host::start_with(&project(), dev);
        assert!(
            dev.get("/__houseparty__/").await.ok().text().contains("<title>Houseparty</title>")
        );
        let off = HostOptions { command: "dev", ..HostOptions::flags(&["--dashboard=off"]) };
        let off = Host::start_with(&project(), off);
        assert_eq!(off.get("/__houseparty__/").await.status, 404);
    });
}

#[test]
fn other_names_other_sites_and_proxies_are_kept_out() {
    run(async {
        let host = host(&[]);
        let port = host.address().port();
        let own = format!("localhost:{port}");
        assert_eq!(with(&host, "GET", ROOMS, &[("host", &own)]).await.status, 200);
        let origin = format!("http://{own}");
        let same = [("host", own.as_str()), ("origin", origin.as_str())];
        assert_eq!(with(&host, "GET", ROOMS, &same).await.status, 200);
        for headers in [
            [("host", "rebound.example"), ("accept", "*/*")],
            [("host", own.as_str()), ("origin", "http://localhost:3000")],
            [("host", own.as_str()), ("origin", "null")],
            [("host", own.as_str()), ("sec-fetch-site", "same-site")],
            [("host", own.as_str()), ("sec-fetch-site", "cross-site")],
            [("host", own.as_str()), ("x-forwarded-for", "127.0.0.1")],
            [("host", own.as_str()), ("forwarded", "for=127.0.0.1")],
        ] {
            for path in [ROOMS, "/__houseparty__/app/app.js"] {
                let refused = with(&host, "GET", path, &headers).await;
                assert_eq!(refused.status, 403, "{path} {headers:?}: {}", refused.text());
                assert!(!refused.headers.contains_key("access-control-allow-origin"));
            }
        }
        // What a form of another site can send, and what comes without the header.
        let restart = "/__houseparty__/api/room/restart?party=main&id=a";
        let form = [("origin", "http://evil.example"), ("x-houseparty", "1")];
        for headers in [&[][..], &form] {
            assert_eq!(with(&host, "POST", restart, headers).await.status, 403, "{headers:?}");
        }
        // A browser asks for permission before it sends such a header; nobody gives it.
        let preflight = with(&host, "OPTIONS", restart, &[("origin", "http://evil.example")]).await;
        assert_eq!(preflight.status, 403);
    });
}

#[test]
fn everybody_means_under_any_name_but_still_no_other_site() {
    run(async {
        let options = HostOptions::flags(&["--dashboard=everybody"]);
        let host = Host::start_with(&project(), options);
        let proxied = [("host", "party.example"), ("x-forwarded-for", "10.1.2.3")];
        assert_eq!(with(&host, "GET", ROOMS, &proxied).await.status, 200);
        let foreign = [("host", "party.example"), ("origin", "http://evil.example")];
        assert_eq!(with(&host, "GET", ROOMS, &foreign).await.status, 403);
        let unguarded = with(&host, "DELETE", "/__houseparty__/api/alarm?party=main&id=a", &[]);
        assert_eq!(unguarded.await.status, 403);
    });
}

#[test]
fn answers_are_closed_to_other_sites_and_wrong_questions_are_told() {
    run(async {
        let host = host(&[]);
        for path in ["/__houseparty__/", "/__houseparty__/app/style.css", ROOMS] {
            let headers = host.get(path).await.ok().headers;
            assert!(headers["content-security-policy"].to_str().unwrap().contains("'none'"));
            assert_eq!(headers["cross-origin-resource-policy"], "same-origin", "{path}");
            assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
            assert_eq!(headers["cache-control"], "no-store", "{path}");
        }
        let moved = host.get("/__houseparty__").await;
        assert_eq!(
            (moved.status, &moved.headers["location"]),
            (308, &"/__houseparty__/".parse().unwrap())
        );
        assert_eq!(ask(&host, "nothing").await.status, 404);
        assert_eq!(host.get("/__houseparty__/app/../../Cargo.toml").await.status, 404);
        assert_eq!(host.get("/__houseparty__/app/nothing.js").await.status, 404);
        let refused = super::change(&host, "DELETE", "rooms", &[], "").await;
        assert_eq!((refused.status, &refused.headers["allow"]), (405, &"GET".parse().unwrap()));
        for (question, status) in [
            ("room", 400),
            ("room?party=main", 400),
            ("room?party=main&id=", 400),
            ("room?party=nobody&id=a", 404),
            ("room?party=main&id=a", 404),
            ("rooms?limit=many", 400),
            ("rooms?limit=-1", 400),
            ("rooms?sort=beauty", 400),
            ("rooms?state=happy", 400),
            ("storage?party=main", 400),
            ("storage/value?party=main&id=a&key=b", 404),
            ("events?party=nobody&id=a", 404),
            ("log?since=yesterday", 400),
        ] {
            let answer = ask(&host, question).await;
            assert_eq!(answer.status, status, "{question}: {}", answer.text());
            assert!(answer.json()["error"].as_str().is_some_and(|text| !text.is_empty()));
        }
        // Other parts of the host may live beside it; the project's pages never do.
        assert_eq!(host.get("/__houseparty__/live").await.status, 404);
    });
}
