//! Flags of the command line that a party or a client can observe (spec C-08, C-16, C-20, C-23).

use crate::support::{Host, HostOptions, Project, Socket, run};

const MAIN: &str = "
  export default class {
    constructor(room) { this.room = room; }
    onRequest() {
      const { A, B, C } = this.room.env;
      return Response.json([A ?? null, B ?? null, C ?? null, String(process.env.A), LEVEL]);
    }
    onMessage(message, connection) { connection.send(String(message.length)); }
  }";

fn project() -> Project {
    let config =
        r#"{ "main": "main.ts", "vars": { "A": 1, "B": 2, "C": 3 }, "define": { "LEVEL": "1" } }"#;
    Project::of(&[
        ("partykit.json", config),
        ("main.ts", MAIN),
        (".env", "B=from .env\nC=from .env\n"),
        (".env.local", "C=from .env.local\n"),
    ])
}

#[test]
fn variables_come_from_four_places() {
    run(async {
        let host =
            Host::start_with(&project(), HostOptions { command: "dev", ..HostOptions::default() });
        let expected = r#"[1,"from .env","from .env.local","1",1]"#;
        let got = host.get("/party/x").await.ok().text();
        assert_eq!(got, expected);
        let flags = ["--var", "A=a=b", "--var", "C=flag", "--define", "LEVEL=2"];
        let host = Host::start_with(&project(), HostOptions::flags(&flags));
        let got = host.get("/party/x").await.ok().text();
        assert!(got.starts_with(r#"["a=b","from .env","flag""#), "{got}");
        assert!(got.ends_with(",2]"), "{got}");
    });
}

#[test]
fn the_largest_message_can_be_chosen() {
    run(async {
        let host =
            Host::start_with(&project(), HostOptions::flags(&["--message-limit", "3000000"]));
        let mut socket = host.open("/party/x").await;
        socket.send(&"x".repeat(3_000_000)).await;
        socket.expect_text("3000000").await;
        socket.send(&"x".repeat(3_000_001)).await;
        socket.expect_close(1009).await;
    });
}

#[test]
fn the_host_listens_on_this_machine_only() {
    run(async {
        let host = Host::start(&project());
        assert!(host.address().ip().is_loopback());
        // Another address of the loopback network is not served.
        let other = std::net::SocketAddr::from(([127, 0, 0, 2], host.address().port()));
        assert!(tokio::net::TcpStream::connect(other).await.is_err());
        let elsewhere = Host::start_with(&project(), HostOptions::flags(&["--host", "127.0.0.2"]));
        let other = std::net::SocketAddr::from(([127, 0, 0, 2], elsewhere.address().port()));
        let mut socket = Socket::open(other, "/party/x").await;
        socket.send("abc").await;
        socket.expect_text("3").await;
    });
}
