//! Rooms of one shard share a thread and nothing else: what the web platform keeps per thread must
//! not leak from one isolate into the next. Each party API is used in three rooms of one shard, one
//! after another and then in turns.

use crate::support::{Host, HostOptions, Project, run};

/// One function per corner of the platform; each answers with something that can be compared
/// between rooms.
const TOUR: &str = r#"
const bytes = (text) => new TextEncoder().encode(text);
const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, "0")).join("");
const { subtle } = crypto;

const stops = {
  async hmac() {
    const key = await subtle.importKey("raw", bytes("secret"), { name: "HMAC", hash: "SHA-256" }, true, ["sign", "verify"]);
    const mac = await subtle.sign("HMAC", key, bytes("text"));
    return `${hex(mac)} ${await subtle.verify("HMAC", key, mac, bytes("text"))} ${(await subtle.exportKey("jwk", key)).alg}`;
  },
  async aes() {
    const key = await subtle.importKey("raw", new Uint8Array(32), "AES-GCM", false, ["encrypt", "decrypt"]);
    const how = { name: "AES-GCM", iv: new Uint8Array(12) };
    return new TextDecoder().decode(await subtle.decrypt(how, key, await subtle.encrypt(how, key, bytes("text"))));
  },
  async ecdsa() {
    const pair = await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
    const how = { name: "ECDSA", hash: "SHA-256" };
    return subtle.verify(how, pair.publicKey, await subtle.sign(how, pair.privateKey, bytes("text")), bytes("text"));
  },
  async pbkdf2() {
    const key = await subtle.importKey("raw", bytes("password"), "PBKDF2", false, ["deriveBits", "deriveKey"]);
    return hex(await subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: bytes("salt"), iterations: 2 }, key, 256));
  },
  async digest() { return hex(await subtle.digest({ name: "SHA-1" }, bytes("text"))); },
  random() { return crypto.getRandomValues(new Uint8Array(8)).length + crypto.randomUUID().length; },
  url() { return [...new URL("http://a/b?c=d&e=f#g").searchParams].join() + URL.canParse("x"); },
  pattern() { return JSON.stringify(new URLPattern({ pathname: "/a/:b" }).exec("http://x/a/c").pathname.groups); },
  async request() {
    const headers = new Headers([["x-a", "b"]]);
    const request = new Request("http://a/", { method: "POST", body: "text", headers, redirect: "manual" });
    return `${await request.clone().text()} ${[...request.headers].join()}`;
  },
  async form() {
    const form = new FormData();
    form.append("file", new File(["inside"], "name.txt", { type: "text/plain" }));
    const back = await new Response(form).formData();
    return back.get("file").name + (await back.get("file").text());
  },
  async blob() { return (await new Blob(["abcdef"], { type: "x/y" }).slice(1, 3).text()) + new Blob(["a"]).size; },
  async streams() {
    const { readable, writable } = new TransformStream({ transform(chunk, to) { to.enqueue(chunk.toUpperCase()); } });
    const writer = writable.getWriter();
    writer.write("text").then(() => writer.close());
    let all = "";
    for await (const chunk of readable) all += chunk;
    return all;
  },
  async compression() {
    const packed = new Response("text").body.pipeThrough(new CompressionStream("gzip"));
    return new Response(packed.pipeThrough(new DecompressionStream("gzip"))).text();
  },
  text() { return new TextDecoder("windows-1252", { fatal: true }).decode(bytes("é")) + btoa("a") + atob("YQ=="); },
  clone() { return [...structuredClone(new Map([["a", { b: [1n, new Date(0)] }]])).get("a").b].join(); },
  events() {
    const target = new EventTarget();
    let heard = "";
    target.addEventListener("x", (event) => { heard += event.detail; }, { once: true });
    target.dispatchEvent(new CustomEvent("x", { detail: 1 }));
    target.dispatchEvent(new CustomEvent("x", { detail: 2 }));
    return heard + new MessageEvent("message", { data: "d" }).data + new CloseEvent("close", { code: 3001 }).code;
  },
  async abort() {
    const stop = AbortSignal.any([AbortSignal.timeout(60_000), AbortSignal.abort("why")]);
    return stop.reason + (await new Promise((resolve) => {
      const controller = new AbortController();
      controller.signal.addEventListener("abort", () => resolve("aborted"));
      controller.abort();
    }));
  },
  clock() { return typeof performance.now() + typeof performance.mark("m").startTime; },
  async timers() { return new Promise((resolve) => setTimeout(resolve, 1, "rang")); },
  intl() { return new Intl.NumberFormat("de").format(1234.5) + new Date(0).toLocaleDateString("en", { timeZone: "UTC" }); },
  wasm() { return WebAssembly.validate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])); },
  errors() { try { new DOMException("m", "AbortError").throwIt(); } catch (e) { return e.name; } },
  pair() { const [a, b] = Object.values(new WebSocketPair()); return a.constructor.name + b.readyState; },
  cache() { return typeof caches.default + typeof caches.open; },
};

export default class Tour {
  static onBeforeRequest(request) { return crypto.subtle.digest("SHA-256", bytes("lobby")).then(() => request); }
  async onRequest(request) {
    const stop = new URL(request.url).pathname.split("/").at(-1);
    if (stop === "stops") return Response.json(Object.keys(stops));
    return new Response(String(await stops[stop]()));
  }
}
"#;

/// The stops that use keys of Web Crypto.
const KEYS: [&str; 4] = ["hmac", "aes", "ecdsa", "pbkdf2"];

/// The same answers in every room, whichever was there first.
fn tour(wanted: impl Fn(&str) -> bool) {
    run(async {
        let options = HostOptions::flags(&["--shards", "1"]);
        let mut host = Host::start_with(&Project::single(TOUR), options);
        let stops = host.get("/party/first/stops").await.ok().json();
        let stops: Vec<String> = serde_json::from_value(stops).expect("a list of names");
        let stops: Vec<&String> = stops.iter().filter(|stop| wanted(stop)).collect();
        assert!(stops.len() >= KEYS.len(), "{stops:?}");
        let mut answers = Vec::new();
        for stop in &stops {
            answers.push(host.get(&format!("/party/first/{stop}")).await.ok().text());
        }
        for room in ["second", "third", "first", "second"] {
            for (stop, expected) in stops.iter().zip(&answers) {
                let answer = host.get(&format!("/party/{room}/{stop}")).await;
                let told = (answer.status, answer.text());
                assert_eq!(told, (200, expected.clone()), "{stop} in the room `{room}`");
            }
        }
        host.assert_alive();
    });
}

#[test]
fn rooms_of_one_shard_share_no_keys_of_web_crypto() {
    tour(|stop| KEYS.contains(&stop));
}

#[test]
fn rooms_of_one_shard_share_no_other_part_of_the_platform() {
    tour(|stop| !KEYS.contains(&stop));
}
