//! What the rules of `--deny-net` and `--allow-net` refuse.

use super::*;

fn rules(list: &[&str]) -> Vec<Rule> {
    list.iter().map(|text| text.parse().expect("a rule")).collect()
}

fn policy(deny: &[&str], allow: &[&str]) -> Policy {
    Policy::new(rules(deny), rules(allow))
}

fn at(address: &str) -> SocketAddr {
    SocketAddr::new(address.parse().expect("an address"), 0)
}

#[test]
fn without_rules_everything_is_open() {
    let open = Policy::default();
    assert!(open.ask("169.254.169.254", 80).is_ok());
    assert_eq!(open.resolved("x", 1, [at("10.0.0.1")]).expect("open"), [at("10.0.0.1")]);
}

#[test]
fn private_refuses_what_is_not_on_the_internet_however_it_is_written() {
    let private = policy(&["private"], &[]);
    for host in [
        "127.0.0.1",
        "10.1.2.3",
        "172.31.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "[::1]",
        "::1",
        "fd00::1",
        "[fe80::1]",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
    ] {
        assert!(private.ask(host, 80).is_err(), "{host}");
    }
    for host in ["1.1.1.1", "172.32.0.1", "2606:4700::1111", "example.com"] {
        assert!(private.ask(host, 80).is_ok(), "{host}");
    }
}

#[test]
fn a_name_cannot_lead_to_a_refused_address() {
    let private = policy(&["private"], &[]);
    assert!(private.resolved("evil.example", 80, [at("127.0.0.1"), at("::1")]).is_err());
    let mixed = private.resolved("half.example", 80, [at("10.0.0.1"), at("1.1.1.1")]);
    assert_eq!(mixed.expect("one is good"), [at("1.1.1.1")]);
}

#[test]
fn g_06_the_host_itself_stays_reachable_at_its_port_alone() {
    let bound = "127.0.0.1:1999".parse().expect("an address");
    let own = policy(&["private"], &[]).except(bound, "party.example:8080");
    for (host, port) in [("127.0.0.1", 1999), ("localhost", 1999), ("party.example", 8080)] {
        assert!(own.ask(host, port).is_ok(), "{host}:{port}");
    }
    assert!(own.ask("127.0.0.1", 5432).is_err());
    assert!(own.ask("party.example", 5432).is_err());
    assert!(own.resolved("party.example", 0, [at("10.0.0.1")]).is_ok());
}

#[test]
fn allow_alone_refuses_the_rest() {
    let few = policy(&[], &["api.example", "*.cdn.example", "db.example:5432", "10.0.0.0/8"]);
    for (host, port) in [
        ("api.example", 80),
        ("API.example.", 443),
        ("x.cdn.example", 1),
        ("db.example", 5432),
        ("10.2.3.4", 9),
    ] {
        assert!(few.ask(host, port).is_ok(), "{host}:{port}");
    }
    let public = [at("1.1.1.1")];
    for host in ["cdn.example", "xcdn.example", "other.example"] {
        assert!(few.resolved(host, 80, public).is_err(), "{host}");
    }
    assert!(few.ask("db.example", 80).is_err() && few.ask("1.1.1.1", 80).is_err());
    // A name nobody mentioned may have an address that is allowed.
    assert!(few.resolved("inner.example", 80, [at("10.0.0.1")]).is_ok());
}

#[test]
fn names_are_refused_at_once_if_no_address_could_save_them() {
    let few = policy(&[], &["api.example"]);
    assert!(few.ask("api.example", 80).is_ok() && few.ask("other.example", 80).is_err());
}

#[test]
fn allow_makes_exceptions_from_deny() {
    let mixed = policy(&["private", "ads.example"], &["10.0.0.5:5432"]);
    assert!(mixed.ask("10.0.0.5", 5432).is_ok());
    assert!(mixed.ask("10.0.0.5", 22).is_err());
    assert!(mixed.ask("ads.example", 80).is_err());
    assert!(mixed.ask("1.1.1.1", 80).is_ok());
    assert!(mixed.resolved("db.example", 5432, [at("10.0.0.5")]).is_ok());
    assert!(mixed.resolved("db.example", 0, [at("10.0.0.5")]).is_err(), "it might be another port");
}

#[test]
fn what_is_no_destination_is_told() {
    for bad in ["", "a b", "http://x", "x:99999", "x:", "10.0.0.0/40", "*."] {
        let error = bad.parse::<Rule>().expect_err(bad).to_string();
        assert!(error.contains(bad) && error.contains("private"), "{error}");
    }
}
