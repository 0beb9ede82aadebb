//! Who may use the dashboard: unit tests of `access.rs`.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use crate::room::event::{Body, Visit};

const URL: &str = "http://localhost:1999/__houseparty__/api/rooms";

/// Whether a request is admitted.
fn admitted(
    audience: Audience,
    peer: &str,
    method: Method,
    url: &str,
    headers: &[(&'static str, &str)],
) -> bool {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    let request = Request {
        method,
        url: url.to_owned(),
        headers: map,
        peer: Some(SocketAddr::new(peer.parse().unwrap(), 5)),
        visit: Visit::default(),
        body: Body::Empty,
    };
    let url = Url::parse(url).unwrap();
    admit(&request, &url, audience, "192.168.1.5:1999".parse().unwrap()).is_ok()
}

fn local(url: &str, headers: &[(&'static str, &str)]) -> bool {
    admitted(Audience::Loopback, "127.0.0.1", Method::GET, url, headers)
}

#[test]
fn only_this_machine_and_no_proxy() {
    for peer in ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"] {
        assert!(admitted(Audience::Loopback, peer, Method::GET, URL, &[]), "{peer}");
    }
    for peer in ["192.168.1.5", "10.0.0.1", "::2", "::ffff:10.0.0.1"] {
        assert!(!admitted(Audience::Loopback, peer, Method::GET, URL, &[]), "{peer}");
        assert!(admitted(Audience::Everybody, peer, Method::GET, URL, &[]), "{peer}");
    }
    for name in ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"] {
        let headers = [(name, "127.0.0.1")];
        assert!(!local(URL, &headers), "{name}");
        assert!(admitted(Audience::Everybody, "127.0.0.1", Method::GET, URL, &headers));
    }
}

#[test]
fn only_names_that_are_nobody_elses() {
    let own = ["localhost", "LOCALHOST", "a.localhost", "localhost.", "127.0.0.1", "127.1.2.3"];
    for host in own.into_iter().chain(["[::1]", "192.168.1.5", "2130706433"]) {
        assert!(local(&format!("http://{host}:1999/__houseparty__/"), &[]), "{host}");
    }
    let foreign = ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example"];
    for host in foreign.into_iter().chain(["xlocalhost", "192.168.1.6", "[::2]", "0.0.0.0"]) {
        assert!(!local(&format!("http://{host}:1999/__houseparty__/"), &[]), "{host}");
    }
}

#[test]
fn no_page_of_another_site() {
    for origin in ["http://localhost:1999", "https://localhost:1999"] {
        assert!(local(URL, &[("origin", origin)]), "{origin}");
    }
    let foreign = ["http://localhost:3000", "http://localhost", "http://evil.example:1999"];
    for origin in foreign.into_iter().chain(["null", "", "http://127.0.0.1:1999", "?"]) {
        assert!(!local(URL, &[("origin", origin)]), "{origin}");
    }
    for (site, mode, reads) in [
        ("same-origin", "cors", true),
        ("none", "navigate", true),
        ("same-site", "cors", false),
        ("cross-site", "no-cors", false),
        ("cross-site", "navigate", false),
    ] {
        let headers = [("sec-fetch-site", site), ("sec-fetch-mode", mode)];
        assert_eq!(local(URL, &headers), reads, "{site} {mode}");
    }
    let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
    assert!(local("http://localhost:1999/__houseparty__/", &link), "a link to the page");
    let frame = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")];
    assert!(!local("http://localhost:1999/__houseparty__/app/app.js", &frame));
}

#[test]
fn changes_need_the_header_for_everybody() {
    for audience in [Audience::Loopback, Audience::Everybody] {
        let change = |headers: &[(&'static str, &str)]| {
            admitted(audience, "127.0.0.1", Method::POST, URL, headers)
        };
        assert!(!change(&[]));
        assert!(change(&[("x-houseparty", "1")]));
        assert!(!change(&[("x-houseparty", "1"), ("origin", "http://evil.example")]));
        assert!(!change(&[("x-houseparty", "1"), ("sec-fetch-site", "cross-site")]));
        assert!(!change(&[("x-houseparty", "1"), ("sec-fetch-site", "none")]));
        assert!(change(&[("x-houseparty", "1"), ("sec-fetch-site", "same-origin")]));
    }
}
