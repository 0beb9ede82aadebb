//! What `dev` tells pages: the tag in HTML, the stream, the overlay and the reload in Chromium.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{PARTY, dev, get_with, project, start, text};
use crate::support::http::Streaming;
use crate::support::node::run_script;
use crate::support::{Host, Project, run};

const STREAM: &str = "/__houseparty__/live";
/// What a browser says that opens a page in a tab.
const SHOWN: (&str, &str) = ("sec-fetch-dest", "document");

const TAG: &str = "<script async src=\"/__houseparty__/live.js\"";

/// A page's stream.
struct Stream {
    streaming: Streaming,
    text: String,
}

impl Stream {
    async fn open(host: &Host) -> Self {
        let mut client = host.client().await;
        let streaming = client.stream("GET", STREAM, futures::stream::empty()).await;
        let streaming = streaming.expect("the stream is answered");
        assert_eq!(streaming.status, 200);
        assert_eq!(streaming.headers["content-type"], "text/event-stream");
        Self { streaming, text: String::new() }
    }

    /// The next state for which `fits` holds.
    async fn state(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let mut seen = Vec::new();
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let event: String = self.text.drain(..end + 2).collect();
                let data = event.lines().find_map(|line| line.strip_prefix("data: "));
                let state: Value =
                    serde_json::from_str(data.expect("an event has data")).expect("JSON");
                if fits(&state) {
                    return state;
                }
                seen.push(state);
            }
            match self.streaming.next().await {
                Some(Ok(piece)) => self.text.push_str(&piece),
                end => panic!("the stream ended ({end:?}) before {what}; it had {seen:?}"),
            }
        }
    }

    async fn ends(&mut self) {
        while let Some(piece) = self.streaming.next().await {
            piece.expect("the stream ends in order");
        }
    }
}

fn problems(state: &Value) -> &Vec<Value> {
    state["problems"].as_array().expect("a state has problems")
}

const CLIENT: &[(&str, &str)] = &[
    ("src/client.ts", "import './style.css';\nconsole.log('one');\n"),
    ("src/style.css", "p { color: red }\n"),
    ("public/plain.css", "p { margin: 0 }\n"),
    ("public/plain.txt", "text\n"),
];

#[test]
fn pages_get_a_tag_in_dev_and_nothing_else_does() {
    run(async {
        let party = "export default class {
          static onFetch(request, lobby) { return lobby.assets.fetch('/index.html'); }
        }";
        let mut files = CLIENT.to_vec();
        files.push(("main.ts", party));
        let project = project(r#""src/client.ts""#, &files);
        let host = dev(&project, &[]);
        // Whoever does not show it gets the file as it is.
        let file = host.get("/").await.ok();
        assert!(!file.text().contains("__houseparty__"), "{}", file.text());
        let page = get_with(&host, "/", &[SHOWN]).await.ok();
        assert!(page.text().starts_with("<!doctype html><title>page"), "{}", page.text());
        assert!(page.text().contains(TAG), "{}", page.text());
        assert_eq!(page.headers["vary"], "accept-encoding, sec-fetch-dest");
        assert_ne!(page.headers["etag"], file.headers["etag"]);
        assert_eq!(page.headers["content-length"], page.body.len().to_string().as_str());
        let tag = page.headers["etag"].to_str().unwrap().to_owned();
        assert_eq!(get_with(&host, "/", &[SHOWN, ("if-none-match", &tag)]).await.status, 304);
        let part = get_with(&host, "/", &[SHOWN, ("range", "bytes=0-4")]).await;
        assert_eq!((part.status, part.body.len()), (200, page.body.len()));
        let mut client = host.client().await;
        let shown = [SHOWN].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let head = client.request("HEAD", "/", &shown, Default::default()).await.unwrap();
        assert_eq!(head.headers["content-length"], page.headers["content-length"]);
        assert_eq!(head.headers["etag"], page.headers["etag"]);
        for path in ["/plain.css", "/plain.txt", "/dist/client.js", "/through-the-party"] {
            let answer = get_with(&host, path, &[SHOWN]).await;
            assert!(!answer.text().contains("__houseparty__"), "{path}");
        }
        assert!(text(&host, "/__houseparty__/live.js").await.contains("EventSource"));
        assert!(!host.output().contains("__houseparty__"), "{}", host.output());

        let host = start(&project);
        let page = get_with(&host, "/", &[SHOWN]).await.ok();
        assert!(!page.text().contains("__houseparty__"));
        // Only a path like any other.
        assert!(text(&host, STREAM).await.contains("<title>page"));
    });
}

#[test]
fn the_stream_tells_what_is_wrong_and_what_has_changed() {
    run(async {
        let project = project(r#""src/client.ts""#, CLIENT);
        let host = dev(&project, &["--live"]);
        let mut stream = Stream::open(&host).await;
        let first = stream.state("the first", |_| true).await;
        assert_eq!((problems(&first).len(), &first["reload"]), (0, &Value::Bool(true)));
        let (page, styles) = (first["page"].clone(), first["styles"].clone());

        project.write("src/client.ts", "console.log('one'\n");
        let broken = stream.state("the client's problem", |it| problems(it).len() == 1).await;
        let problem = &problems(&broken)[0];
        assert_eq!(problem["what"], "The client code cannot be built");
        assert_eq!(problem["place"]["file"], "src/client.ts");
        assert!(problem["place"]["line"].as_u64().is_some_and(|line| line >= 1), "{problem}");
        assert!(problem["frame"].as_str().unwrap().contains("console.log('one'"), "{problem}");
        // A page that comes later learns it, too.
        let mut late = Stream::open(&host).await;
        assert_eq!(problems(&late.state("the problem", |_| true).await).len(), 1);

        project.write("main.ts", "export default class { onRequest( { } }\n");
        let both = stream.state("the party's problem", |it| problems(it).len() == 2).await;
        assert_eq!(problems(&both)[0]["place"]["file"], "main.ts");
        project.write("main.ts", PARTY);
        stream.state("the party's repair", |it| problems(it).len() == 1).await;
        project.write("src/client.ts", "import './style.css';\nconsole.log('two');\n");
        let repaired = stream.state("the repair", |it| problems(it).is_empty()).await;
        assert_ne!(repaired["page"], page, "{repaired}");

        let page = repaired["page"].clone();
        project.write("src/style.css", "p { color: blue }\n");
        let styled = stream.state("new styles", |it| it["styles"] != styles).await;
        assert_eq!(styled["page"], page);
        project.write("public/plain.css", "p { margin: 1px }\n");
        let styles = styled["styles"].clone();
        let styled = stream.state("a new sheet", |it| it["styles"] != styles).await;
        assert_eq!(styled["page"], page);
        project.write("public/plain.txt", "other text\n");
        stream.state("a new asset", |it| it["page"] != page).await;

        project.write("main.ts", "throw new Error('not today');\nexport default class {}\n");
        let thrown = stream.state("what was thrown", |it| problems(it).len() == 1).await;
        assert!(thrown.to_string().contains("not today"), "{thrown}");
        project.write("partykit.json", "{ \"main\": 1 }\n");
        let config =
            stream.state("the configuration's problem", |it| problems(it).len() == 2).await;
        assert!(config.to_string().contains("expected a string"), "{config}");
    });
}

#[test]
fn code_is_shown_on_this_machine_only() {
    run(async {
        let project = project(r#""src/client.ts""#, &[("src/client.ts", "const secret = ;\n")]);
        let host = dev(&project, &[]);
        let mut stream = Stream::open(&host).await;
        let state = stream.state("the problem", |_| true).await;
        assert!(state.to_string().contains("const secret"), "{state}");
        assert_eq!(state["reload"], false, "not asked for");
        for disguise in ["host: evil.test\r\n", "host: localhost\r\nx-forwarded-for: 1.2.3.4\r\n"] {
            let request = format!("GET {STREAM} HTTP/1.1\r\n{disguise}\r\n");
            let wait = Duration::from_millis(500);
            let told = crate::support::http::raw(host.address(), request.as_bytes(), wait).await;
            assert!(told.contains("client code cannot") && !told.contains("secret"), "{told}");
        }
    });
}

#[test]
fn the_host_stops_though_pages_listen() {
    run(async {
        let project = project(r#""src/client.ts""#, CLIENT);
        let mut host = dev(&project, &[]);
        let mut streams = Vec::new();
        for _ in 0..20 {
            let mut stream = Stream::open(&host).await;
            stream.state("the first", |_| true).await;
            streams.push(stream);
        }
        let began = Instant::now();
        host.terminate();
        for stream in &mut streams {
            stream.ends().await;
        }
        assert!(host.wait_end().success());
        assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    });
}

#[test]
fn streams_are_few_and_end_with_their_pages() {
    run(async {
        let project = project(r#""src/client.ts""#, CLIENT);
        let host = dev(&project, &[]);
        let mut streams = Vec::new();
        for _ in 0..256 {
            streams.push(Stream::open(&host).await);
        }
        assert_eq!(host.get(STREAM).await.status, 503);
        streams.clear();
        let open = || async {
            let mut client = host.client().await;
            let answer = client.stream("GET", STREAM, futures::stream::empty()).await.unwrap();
            (answer.status == 200).then_some(())
        };
        crate::support::eventually("there is room again", open).await;
    });
}

#[test]
fn overlay_and_reload_in_chromium() {
    let page = "<!doctype html>\n<html><head><title>live</title>\n\
                <link rel=\"stylesheet\" href=\"/dist/client.css\"></head>\n\
                <body><h1>A page</h1><p id=\"text\"></p>\n\
                <script type=\"module\" src=\"/dist/client.js\"></script></body></html>\n";
    let client = "import './style.css';\n\
                  document.querySelector('#text')!.textContent = 'first' as string;\n";
    let files = [
        ("src/client.ts", client),
        ("src/style.css", "h1 { color: rgb(1, 2, 3) }\n"),
        ("public/index.html", page),
    ];
    let project: Project = project(r#""src/client.ts""#, &files);
    let mut host = dev(&project, &["--live"]);
    let url = format!("http://{}", host.address());
    let folder = project.config().parent().unwrap().display().to_string();
    let told = run_script("live.js", &[&url, &folder]);
    assert!(told.contains("all as it must be"), "{told}");
    host.assert_alive();
}
