//! One shard with real isolates and parties of a few lines, driven by events; no HTTP, no bundler.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use tokio::sync::{mpsc, oneshot};

use super::*;
use crate::room::directory::Directory;
use crate::room::event::{Body, Event, Reply, Request, Visit};
use crate::storage::{Durability, Location, Store};

const PATIENCE: Duration = Duration::from_secs(20);

struct Bench {
    directory: Directory,
    control: mpsc::UnboundedSender<Control>,
    lines: Arc<std::sync::Mutex<Vec<String>>>,
    _watchdog: Watchdog,
}

fn bench(parties: &[(&str, &str)]) -> Bench {
    init();
    let programs: BTreeMap<Arc<str>, Arc<PartySource>> = parties
        .iter()
        .map(|(name, code)| {
            let name: Arc<str> = (*name).into();
            (name.clone(), Arc::new(PartySource::new(name, &Arc::from(*code), None)))
        })
        .collect();
    let (deliver, deliveries) = mpsc::unbounded_channel();
    let (control, orders) = mpsc::unbounded_channel();
    let directory = Directory::new(vec![deliver]);
    let watchdog = Watchdog::start(1).unwrap();
    let outcomes = control.clone();
    let store = Store::open(
        Location::Memory,
        Durability::Memory,
        Box::new(move |outcome| {
            let _ = outcomes.send(Control::Committed(Arc::new(outcome.clone())));
        }),
    )
    .unwrap();
    let lines = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = lines.clone();
    let settings = EngineSettings {
        parties: programs.keys().cloned().collect(),
        env: serde_json::Map::new(),
        vectorize: Vec::new(),
        ai: serde_json::Value::Null,
        public_host: "127.0.0.1:1999".to_owned(),
        heap_limit_bytes: 64 << 20,
        turn_deadline: Duration::from_millis(500),
        hibernate_after: Duration::from_secs(10),
        wire: crate::wire::WireSettings::default(),
        log: Arc::new(move |_, _, text| log.lock().unwrap().push(text.to_owned())),
        on_socket_end: None,
        show_places: false,
        assets: Arc::new(|_| Box::pin(async { None })),
    };
    let alarms = store.alarm_clock();
    let seed = ShardSeed {
        settings: Arc::new(settings),
        programs: Arc::new(programs),
        directory: directory.clone(),
        store: Arc::new(store),
        alarms,
        watch: watchdog.watch(0),
        deliveries,
        control: orders,
    };
    std::thread::Builder::new()
        .stack_size(8 << 20)
        .spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let tasks = tokio::task::LocalSet::new();
            tasks.block_on(&runtime, seed.run()).unwrap();
        })
        .unwrap();
    Bench { directory, control, lines, _watchdog: watchdog }
}

impl Bench {
    fn ask(&self, party: &str, room: &str, method: &str, body: &str) -> Reply {
        let (reply, answer) = oneshot::channel();
        let request = Request {
            method: method.parse().unwrap(),
            url: format!("http://127.0.0.1:1999/parties/{party}/{room}/x?q=1"),
            headers: HeaderMap::new(),
            peer: Some("127.0.0.1:1".parse().unwrap()),
            visit: Visit::default(),
            body: match body {
                "" => Body::Empty,
                text => Body::Full(Bytes::from(text.to_owned())),
            },
        };
        self.directory
            .deliver(RoomKey::room(party, room), Event::Request { request, reply })
            .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let Ok(answer) = runtime.block_on(async { tokio::time::timeout(PATIENCE, answer).await })
        else {
            panic!("no answer; log: {:#?}", self.lines.lock().unwrap());
        };
        answer.unwrap()
    }

    /// Status and text of the answer.
    fn text(&self, party: &str, room: &str, method: &str, body: &str) -> (u16, String) {
        match self.ask(party, room, method, body) {
            Reply::Response(response) => {
                let text = match response.body {
                    Body::Full(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                    Body::Empty => String::new(),
                    Body::Stream(mut stream) => {
                        let mut all = Vec::new();
                        while let Some(chunk) = stream.blocking_recv() {
                            all.extend_from_slice(&chunk.unwrap());
                        }
                        String::from_utf8_lossy(&all).into_owned()
                    }
                };
                (response.status, text)
            }
            Reply::Failed { status, message } => (status, message),
            other => panic!("unexpected reply {other:?}"),
        }
    }
}

#[test]
fn a_room_answers_remembers_and_calls_another() {
    let bench = bench(&[
        (
            "main",
            r#"export default class {
                constructor(room) { this.room = room; this.visits = 0; }
                async onStart() { this.started = (await this.room.storage.get("n")) ?? 0; }
                async onRequest(request) {
                    const n = ((await this.room.storage.get("n")) ?? 0) + 1;
                    await this.room.storage.put("n", n);
                    await new Promise((resolve) => setTimeout(resolve, 5));
                    const other = await this.room.context.parties.other.get("o").fetch("/hi", {
                        method: "POST", body: "ping " + n });
                    return Response.json({ id: this.room.id, visits: ++this.visits, n,
                        method: request.method, url: request.url, body: await request.text(),
                        other: await other.text() });
                }
            }"#,
        ),
        (
            "other",
            "export default { async onRequest(request, room) { \
               const { pathname } = new URL(request.url); \
               return new Response(`${room.id} heard ${await request.text()} at ${pathname}`); } }",
        ),
    ]);
    let (status, text) = bench.text("main", "r", "POST", "hello");
    assert_eq!(status, 200, "{text} {:#?}", bench.lines.lock().unwrap());
    assert_eq!(
        text,
        r#"{"id":"r","visits":1,"n":1,"method":"POST","#.to_owned()
            + r#""url":"http://127.0.0.1:1999/parties/main/r/x?q=1","body":"hello","#
            + r#""other":"o heard ping 1 at /parties/other/o/hi"}"#
    );
    let (_, text) = bench.text("main", "r", "GET", "");
    assert!(text.contains(r#""visits":2,"n":2"#), "{text}");
}

#[test]
fn a_loop_and_a_glutton_break_their_rooms_alone() {
    let bench = bench(&[(
        "main",
        r#"export default class {
            constructor(room) { this.room = room; this.n = 0; }
            onRequest(request) {
                if (this.room.id === "loop") for (;;) {}
                if (this.room.id === "microtasks") { const f = () => Promise.resolve().then(f); f(); return new Promise(() => {}); }
                if (this.room.id === "glutton") { const all = []; for (;;) all.push(new Array(1000).fill(1)); }
                if (this.room.id === "glutton2") { const all = []; for (;;) all.push("x".repeat(1000) + all.length); }
                if (this.room.id === "glutton3") { const all = []; for (;;) all.push({ a: [1, 2, 3], b: new Map() }); }
                if (this.room.id === "throws") throw Object.assign(new Error("no"), { code: 418 });
                setTimeout(() => { throw new Error("late"); }, 0);
                Promise.reject(new Error("unhandled"));
                return new Response(String(++this.n));
            }
        }"#,
    )]);
    assert_eq!(bench.text("main", "good", "GET", ""), (200, "1".to_owned()));
    assert_eq!(bench.text("main", "throws", "GET", ""), (418, "no".to_owned()));
    for room in ["glutton", "loop", "glutton", "glutton3", "glutton2", "microtasks", "glutton"] {
        let (status, text) = bench.text("main", room, "GET", "");
        assert_eq!(status, 500, "{room}: {text}");
        assert!(text.contains("stopped"), "{room}: {text}");
    }
    assert_eq!(bench.text("main", "good", "GET", ""), (200, "2".to_owned()));
}

#[test]
fn many_isolates_live_on_one_thread() {
    let bench = bench(&[(
        "main",
        "export default { onRequest(_, room) { return new Response(room.id); } }",
    )]);
    for round in 0..2 {
        for room in 0..100 {
            let id = format!("r{room}");
            assert_eq!(bench.text("main", &id, "GET", ""), (200, id), "round {round}");
        }
    }
    let _ = &bench.control;
}

#[test]
fn the_global_scope_is_what_the_specification_lists() {
    let bench = bench(&[(
        "main",
        r#"export default { async onRequest() {
            const present = "fetch Request Response Headers FormData Blob File WebSocket WebSocketPair Event EventTarget CustomEvent MessageEvent CloseEvent ErrorEvent ExtendableEvent PromiseRejectionEvent AbortController AbortSignal ReadableStream WritableStream TransformStream CompressionStream DecompressionStream FixedLengthStream IdentityTransformStream TextEncoderStream TextDecoderStream TextEncoder TextDecoder atob btoa URL URLSearchParams URLPattern crypto caches WebAssembly setTimeout setInterval clearTimeout clearInterval queueMicrotask scheduler structuredClone reportError console navigator self performance EventSource Intl SharedArrayBuffer Atomics";
            const absent = "WeakRef FinalizationRegistry MessageChannel BroadcastChannel Worker setImmediate localStorage window document XMLHttpRequest FileReader Notification Deno Bun __bootstrap __houseparty";
            const wrong = [];
            for (const name of present.split(" ")) if (typeof globalThis[name] === "undefined") wrong.push("-" + name);
            for (const name of absent.split(" ")) if (typeof globalThis[name] !== "undefined") wrong.push("+" + name);
            try { eval("1"); wrong.push("eval"); } catch {}
            try { new Function("1"); wrong.push("Function"); } catch {}
            const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("abc"));
            if (new Uint8Array(digest)[0] !== 0xba) wrong.push("digest");
            const zipped = new Response(new Blob(["hi there"]).stream().pipeThrough(new CompressionStream("gzip")).pipeThrough(new DecompressionStream("gzip")));
            if (await zipped.text() !== "hi there") wrong.push("gzip");
            if (structuredClone(new Map([[1, 2n]])).get(1) !== 2n) wrong.push("clone");
            if (navigator.userAgent !== "Cloudflare-Workers") wrong.push("agent");
            if (!/^[0-9a-f-]{36}$/.test(crypto.randomUUID())) wrong.push("uuid");
            return new Response(wrong.join(" "));
        } }"#,
    )]);
    assert_eq!(
        bench.text("main", "r", "GET", ""),
        (200, String::new()),
        "{:#?}",
        bench.lines.lock().unwrap()
    );
}

#[test]
fn a_module_that_cannot_be_loaded_says_why() {
    init();
    let watchdog = Watchdog::start(1).unwrap();
    let cases = [
        ("throw new Error('at the top')", "at the top"),
        ("export const x = 1", "no default export"),
        ("export default 7", "a class or an object"),
        ("export default { onMessage: 7 }", ".onMessage should be a function"),
        ("await new Promise(() => {}); export default {}", "too long"),
        ("for (;;) {}; export default {}", "too long"),
    ];
    for (code, expected) in cases {
        let source = Arc::new(PartySource::new("main".into(), &Arc::from(code), None));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let tasks = tokio::task::LocalSet::new();
        let shape = tasks.block_on(
            &runtime,
            shape_of(
                &source,
                64 << 20,
                &watchdog.watch(0),
                Duration::from_millis(300),
                Rc::new(|_, _| {}),
            ),
        );
        let error = shape.expect_err(code).to_string();
        assert!(error.contains(expected), "{code}: {error}");
    }
}
