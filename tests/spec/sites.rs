//! Projects whose edge is not that of `project/`: no files, no `onSocket`, single-page mode, handlers
//! in the wrong place. Each test has a small project of its own (spec 1.3, 1.4, 2.3).

use crate::support::host::run_command;
use crate::support::{Host, HostOptions, Project, Socket, eventually, run};

const NOBODY: &str = "export default class {}";

/// A project that serves the folder `public` with these files. Its folder goes with the value.
fn serving(main: &str, serve: &str, files: &[(&str, &str)]) -> Project {
    let config = format!(r#"{{ "name": "test", "main": "main.ts", "serve": {serve} }}"#);
    let own = [("partykit.json", config.as_str()), ("main.ts", main)];
    Project::of(&[&own, files].concat())
}

/// The status and the text of a GET.
async fn get(host: &Host, path: &str) -> (u16, String) {
    let answer = host.get(path).await;
    (answer.status, answer.text())
}

/// GET with headers.
async fn get_as(host: &Host, path: &str, name: &str, value: &str) -> (u16, String) {
    let headers = [(name.to_owned(), value.to_owned())];
    let mut client = host.client().await;
    let answer = client.request("GET", path, &headers, "".into()).await.expect("an answer");
    (answer.status, answer.text())
}

/// R-46, R-72: no files, no `onFetch`, no page for what is not there.
#[test]
fn a_project_without_an_edge() {
    run(async {
        let host = Host::start(&Project::single(NOBODY));
        for path in ["/", "/x.txt", "/404.html", "/party", "/__scheduled__?cron=x"] {
            assert_eq!(get(&host, path).await, (404, "Not found".into()), "{path}");
        }
        let refused = Socket::try_open(host.address(), "/any", &[]).await.err().expect("a 404");
        assert_eq!((refused.status, refused.body.as_str()), (404, "Not found"));
    });
}

/// R-44: the name that `onFetch` had before it was stable; `onFetch` wins where both are there.
#[test]
fn on_fetch_under_its_older_name() {
    run(async {
        let older = "export default { unstable_onFetch: () => new Response('older') }";
        let host = Host::start(&Project::single(older));
        assert_eq!(get(&host, "/x").await, (200, "older".into()));
        let both = "export default class {
          static unstable_onFetch() { return new Response('older'); }
          static onFetch() { return new Response('newer'); }
        }";
        let host = Host::start(&Project::single(both));
        assert_eq!(get(&host, "/x").await, (200, "newer".into()));
    });
}

/// R-47: an upgrade that no `onSocket` takes is a GET like any other; `onFetch` may take it.
#[test]
fn an_upgrade_without_on_socket() {
    let main = r#"export default class {
      static onFetch(request) {
        if (new URL(request.url).pathname !== "/pair") return null;
        const { 0: client, 1: server } = new WebSocketPair();
        server.accept();
        server.addEventListener("message", ({ data }) => server.send(`pair:${data}`));
        server.addEventListener("close", ({ code }) => console.log(`pair closed ${code}`));
        return new Response(null, { status: 101, webSocket: client });
      }
    }"#;
    run(async {
        let project = serving(main, "\"public\"", &[("public/a.txt", "a file")]);
        let host = Host::start(&project);
        let mut socket = host.open("/pair").await;
        socket.send("x").await;
        socket.expect_text("pair:x").await;
        socket.close().await;
        host.wait_for_output("pair closed 1000");
        let refused = Socket::try_open(host.address(), "/a.txt", &[]).await.err().expect("a file");
        assert_eq!((refused.status, refused.body.as_str()), (200, "a file"));
        let refused = Socket::try_open(host.address(), "/no", &[]).await.err().expect("a 404");
        assert_eq!(refused.status, 404);
    });
}

/// R-52: what is not a function cannot be called.
#[test]
fn on_socket_that_is_no_function() {
    run(async {
        let host = Host::start(&Project::single("export default class { static onSocket = 5; }"));
        let refused = Socket::try_open(host.address(), "/any", &[]).await.err().expect("an error");
        assert_eq!(refused.status, 500);
        host.wait_for_output(".onSocket should be a function, not number");
    });
}

/// R-68, R-69: navigations get the start page, before `onFetch`; nobody else does.
#[test]
fn single_page_mode() {
    let main = "export default class {
      static async onFetch(request, lobby) {
        if (request.url.endsWith('/asks')) return Response.json(await lobby.assets.fetch('/gone'));
        return new Response('onFetch');
      }
    }";
    let serve = r#"{ "path": "public", "singlePageApp": true }"#;
    run(async {
        let project = serving(main, serve, &[("public/index.html", "start page")]);
        let host = Host::start(&project);
        let start = (200, "start page".to_owned());
        let fetched = (200, "onFetch".to_owned());
        assert_eq!(get_as(&host, "/deep/link.png", "sec-fetch-mode", "navigate").await, start);
        assert_eq!(get_as(&host, "/deep/link", "sec-fetch-mode", "Navigate").await, fetched);
        assert_eq!(get_as(&host, "/deep/link", "sec-fetch-mode", "cors").await, fetched);
        assert_eq!(get(&host, "/deep/link").await, fetched);
        assert_eq!(get(&host, "/asks").await, (200, "null".into()));
    });
}

/// R-70: without a start page the chain goes on.
#[test]
fn single_page_mode_without_a_page() {
    let main = "export default class { static onFetch() { return new Response('onFetch'); } }";
    let serve = r#"{ "path": "public", "singlePageApp": true }"#;
    run(async {
        let project = serving(main, serve, &[("public/a.txt", "a")]);
        let host = Host::start(&project);
        let got = get_as(&host, "/deep/link", "sec-fetch-mode", "navigate").await;
        assert_eq!(got, (200, "onFetch".into()));
    });
}

/// `serve.include` and `serve.exclude`, which PartyKit knows and refuses.
#[test]
fn files_can_be_left_out() {
    let serve = r#"{ "path": "public", "include": ["*.html", "js"], "exclude": ["*.map"] }"#;
    let files =
        [("public/a.html", "page"), ("public/js/a.js.map", "map"), ("public/secret.txt", "secret")];
    run(async {
        let project = serving(NOBODY, serve, &files);
        let host = Host::start(&project);
        assert_eq!(get(&host, "/a.html").await, (200, "page".into()));
        for path in ["/js/a.js.map", "/secret.txt"] {
            assert_eq!(get(&host, path).await, (404, "Not found".into()), "{path}");
        }
    });
}

/// R-71: files are looked up live.
#[test]
fn files_come_and_change_without_a_restart() {
    run(async {
        let project = serving(NOBODY, "\"public\"", &[("public/a.txt", "first")]);
        let host = Host::start(&project);
        assert_eq!(get(&host, "/a.txt").await, (200, "first".into()));
        assert_eq!(get(&host, "/b.txt").await.0, 404);
        project.write("public/a.txt", "second, longer");
        project.write("public/b.txt", "new");
        eventually("the changed file is served", || async {
            (get(&host, "/a.txt").await == (200, "second, longer".into())).then_some(())
        })
        .await;
        assert_eq!(get(&host, "/b.txt").await, (200, "new".into()));
    });
}

/// L-20, L-21: what PartyKit refuses before it serves anything.
#[test]
fn handlers_of_the_wrong_kind_are_refused_at_load() {
    let table = [
        ("export default { onMessage: 5 }", ".onMessage should be a function"),
        ("export default class { static onAlarm = {}; }", ".onAlarm should be a function"),
        ("export default { onBeforeConnect: 5 }", ".onBeforeConnect should be a function"),
        ("export default { onFetch: 'x' }", ".onFetch should be a function"),
        (
            "class A {}\nA.prototype.unstable_onFetch = 1;\nexport default A;",
            ".unstable_onFetch should be a function",
        ),
        ("export default 5", "the default export of a party is a class or an object"),
        ("export default null", "the default export of a party is a class or an object"),
    ];
    for (main, says) in table {
        let ended = run_command(&Project::single(main), "check");
        assert_eq!(ended.code, Some(1), "{main}: {}", ended.output);
        assert!(ended.output.contains(says), "{main}: no `{says}` in:\n{}", ended.output);
    }
}

/// L-21, L-22: what is told and served all the same.
#[test]
fn handlers_in_the_wrong_place_are_told() {
    run(async {
        let main = "export default class {
          static options = { hibernate: true };
          onFetch() { return new Response('never'); }
          onBeforeRequest() { return new Response('never'); }
          onRequest() { return new Response('served'); }
        }
        ";
        let host = Host::start(&Project::single(main));
        for name in ["onFetch", "onBeforeRequest"] {
            host.wait_for_output(&format!(
                ".{name} is present on the class instance, but it should be defined as a static method"
            ));
        }
        host.wait_for_output("static `options` have no effect");
        assert_eq!(get(&host, "/party/x").await, (200, "served".into()));
        assert_eq!(get(&host, "/x").await.0, 404);
    });
}

/// A-17, A-18, A-20, A-47, A-63: members from before, told once however often they are used.
#[test]
fn deprecated_members_are_told_once() {
    let main = "export default class {
      constructor(room) { this.room = room; room.getConnection('x'); room.getConnections(); }
      onConnect(connection) {
        connection.serializeAttachment(connection.deserializeAttachment());
        this.onRequest();
        connection.send('done');
      }
      onRequest() {
        const { room } = this;
        void [room.connections, room.parties, room.connections, room.parties];
        return new Response('used');
      }
    }";
    run(async {
        let host = Host::start_with(&Project::single(main), HostOptions::default());
        for _ in 0..3 {
            assert_eq!(get(&host, "/party/x").await, (200, "used".into()));
            host.open("/party/x").await.expect_text("done").await;
        }
        for told in [
            "Party.connections is deprecated and will be removed",
            "Party.parties is deprecated and will be removed",
            "WebSocket.serializeAttachment is deprecated",
            "WebSocket.deserializeAttachment is deprecated",
            ".getConnection was invoked before first connection",
            "Party.getConnections was invoked before first connection",
        ] {
            host.wait_for_output(told);
            let count = host.output().lines().filter(|line| line.contains(told)).count();
            assert_eq!(count, 1, "{told}:\n{}", host.output());
        }
    });
}
