/*
 * The fetch family, sockets of clients and pairs, caches, events from servers. A check throws if something is not as
 * it should be; some of them ask this host itself, by the address of their request.
 */

import { bytes, failure, hex, is, party, pause } from "./check";

const scope = globalThis as any;
const own = (request: Request, path: string) => new URL(`/parties/http/other/${path}`, request.url).href;

export default party({
  response: async () => {
    const json = Response.json({ a: 1 }, { status: 201, headers: { "x-a": "1" } });
    is([json.status, json.headers.get("content-type"), await json.json()], [201, "application/json", { a: 1 }]);
    const moved = Response.redirect("https://x.example/a b", 307);
    is([moved.status, moved.headers.get("location")], [307, "https://x.example/a%20b"]);
    is(
      await failure(() => Response.redirect("https://x", 200)),
      "RangeError: 200 is not a redirect status code. It must be one of: 301, 302, 303, 307, or 308.",
    );
    is(
      [200, 404, 418, 499].map((status) => new Response("", { status }).statusText),
      ["OK", "Not Found", "I'm a teapot", "Client Error"],
    );
    const read = new Response("once");
    await read.text();
    is(
      await failure(() => read.text()),
      "TypeError: Body has already been used. It can only be used once. Use tee() first if you need to read it twice.",
    );
    for (const url of ["nope", "ftp://x.example/"]) {
      is(await failure(() => fetch(url)), `TypeError: Fetch API cannot load: ${url}`);
    }
    const error = Response.error();
    is([error.type, error.status, error.ok], ["error", 0, false]);
    const response = new Response("body", { status: 299, statusText: "Odd", headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]] });
    const copy = response.clone();
    is([await response.text(), await copy.text(), response.bodyUsed, copy.statusText, copy.ok], ["body", "body", true, "Odd", true]);
    is(copy.headers.getSetCookie(), ["a=1", "b=2"]);
    is((await failure(() => response.text())).split(":")[0], "TypeError");
    is((await failure(() => response.clone())).split(":")[0], "TypeError");
    is((await failure(() => new Response("x", { status: 204 }))).split(":")[0], "TypeError");
    is((await failure(() => new Response("x", { status: 99 }))).split(":")[0], "RangeError");
    is([new Response(null, { status: 204 }).body, new Response(null, { status: 101, webSocket: new scope.WebSocketPair()[0] } as never).status], [null, 101]);
    is(await new Response(new URLSearchParams({ a: "1" })).text(), "a=1");
    is(new Response(new Blob(["x"], { type: "a/b" })).headers.get("content-type"), "a/b");
    is(hex(await new Response(new Uint8Array([1, 2]).buffer).arrayBuffer()), "0102");
    is(hex(await (new Response("x") as any).bytes()), "78");
    is(await (await new Response("x", { headers: { "content-type": "a/b" } }).blob()).type, "a/b");
    is((await failure(() => new Response("{").json())).split(":")[0], "SyntaxError");
  },
  request: async () => {
    const request = new Request("https://x.example/p?q#h", { method: "post", body: "text", headers: { "X-A": "1" }, cf: { a: 1 } } as never);
    is([request.method, request.url, request.headers.get("x-a"), (request as any).cf.a], ["POST", "https://x.example/p?q#h", "1", 1]);
    const copy = request.clone();
    is([await request.text(), await copy.text(), (copy as any).cf.a], ["text", "text", 1]);
    const other = new Request(new Request("https://x.example/", { headers: { a: "b" }, cf: { b: 2 } } as never), { method: "PUT" });
    is([other.method, other.headers.get("a"), (other as any).cf.b], ["PUT", "b", 2]);
    is((await failure(() => new Request("https://x.example", { body: "x" }))).split(":")[0], "TypeError");
    is((await failure(() => new Request("nope"))).split(":")[0], "TypeError");
    is((await failure(() => new Request("https://x", { method: "TRACE" }))).split(":")[0], "TypeError");
    const signal = new AbortController().signal;
    is([new Request("https://x", { signal }).signal instanceof AbortSignal, new Request("https://x").redirect], [true, "follow"]);
  },
  "request-cf": (request) => is([typeof (request as any).cf.country, (request as any).cf.colo], ["string", "LOCAL"]),
  headers: async (request) => {
    const headers = new Headers({ b: "2", a: " 1 " });
    headers.append("B", "3");
    headers.append("set-cookie", "x=1");
    headers.append("Set-Cookie", "y=2");
    is([...headers], [["a", "1"], ["b", "2, 3"], ["set-cookie", "x=1"], ["set-cookie", "y=2"]]);
    is([headers.getSetCookie(), (headers as any).getAll?.("set-cookie")], [["x=1", "y=2"], ["x=1", "y=2"]]);
    headers.delete("B");
    is([headers.has("b"), headers.get("none")], [false, null]);
    for (const [name, value] of [["a b", "x"], ["a", "x\ny"], ["\u00e4", "x"], ["", ""]] as const) {
      is((await failure(() => headers.set(name, value))).split(":")[0], "TypeError", name);
    }
    is((await failure(() => request.headers.set("a", "b"))), "TypeError: Can't modify immutable headers.");
    is((await failure(async () => (await fetch("data:,x")).headers.set("a", "b"))), "TypeError: Can't modify immutable headers.");
  },
  "form-data": async () => {
    const form = new FormData();
    form.append("a", "1");
    form.append("a", "\u00e4\r\n\"2\"");
    form.set("f", new File(["content"], "n\u00e4.txt", { type: "text/x" }));
    form.append("b", new Blob(["blob"]));
    const round = await new Response(form).formData();
    is(round.getAll("a"), ["1", "\u00e4\r\n\"2\""]);
    const file = round.get("f") as unknown as File;
    is([file.name, file.type, await file.text(), (round.get("b") as any).name], ["n\u00e4.txt", "text/x", "content", "blob"]);
    is([...round.keys()], ["a", "a", "f", "b"]);
    const plain = await new Response("a=1&b=%C3%A4+c", { headers: { "content-type": "application/x-www-form-urlencoded" } }).formData();
    is([...plain], [["a", "1"], ["b", "\u00e4 c"]]);
    const raw = '--X\r\nContent-Disposition: form-data; name="u"; filename="a.bin"\r\nContent-Type: application/x\r\n\r\n\0\u00ff\r\n--X--\r\n';
    const parsed = await new Response(Uint8Array.from(raw, (c) => c.charCodeAt(0)), { headers: { "content-type": "multipart/form-data; boundary=X" } }).formData();
    is(hex(await (parsed.get("u") as any).arrayBuffer()), "00ff");
    is((await failure(() => new Response("x", { headers: { "content-type": "multipart/form-data; boundary=X" } }).formData())).split(":")[0], "TypeError");
    is((await failure(() => new Response("x").formData())).split(":")[0], "TypeError");
  },
  "form-data-posted": async (request) => {
    const form = new FormData();
    form.set("f", new File([new Uint8Array(100_000).fill(7)], "big.bin"));
    const given = await fetch(own(request, "take-form"), { method: "POST", body: form });
    is(await given.json(), ["big.bin", 100_000, 7]);
  },
  "take-form": async (request) => {
    const file = (await request.formData()).get("f") as unknown as File;
    return [file.name, file.size, new Uint8Array(await file.arrayBuffer())[99_999]];
  },
  echo: async (request) =>
    new Response(request.body, { headers: { "x-method": request.method, "x-agent": request.headers.get("user-agent") ?? "", "x-length": request.headers.get("content-length") ?? "none" } }),
  "fetch-self": async (request) => {
    const given = await fetch(own(request, "echo"), { method: "POST", body: "hello", headers: { "X-A": "1" } });
    is([given.status, await given.text(), given.headers.get("x-method"), given.url, given.redirected], [200, "hello", "POST", own(request, "echo"), false]);
    const stream = new ReadableStream({ start: (c) => (c.enqueue(bytes("a")), c.enqueue(bytes("b")), c.close()) });
    is(await (await fetch(own(request, "echo"), { method: "POST", body: stream, duplex: "half" } as never)).text(), "ab");
    is((await fetch(own(request, "echo"), { method: "POST", body: "sized" })).headers.get("x-length"), "5");
  },
  "redirect-away": (request) => Response.redirect(own(request, "moved"), 302),
  "redirect-loop": (request) => Response.redirect(own(request, "redirect-loop"), 302),
  moved: () => new Response("moved"),
  redirects: async (request) => {
    const followed = await fetch(own(request, "redirect-away"));
    is([await followed.text(), followed.redirected, followed.url], ["moved", true, own(request, "moved")]);
    const manual = await fetch(own(request, "redirect-away"), { redirect: "manual" });
    is([manual.status, manual.headers.get("location")], [302, own(request, "moved")]);
    is((await failure(() => fetch(own(request, "redirect-away"), { redirect: "error" }))).split(":")[0], "TypeError");
    is((await failure(() => fetch(own(request, "redirect-loop")))).split(":")[0], "TypeError");
  },
  slow: async () => (await pause(10_000), new Response("late")),
  "fetch-aborted": async (request) => {
    const controller = new AbortController();
    const waiting = failure(() => fetch(own(request, "slow"), { signal: controller.signal }));
    await pause(5);
    controller.abort(new RangeError("enough"));
    is(await waiting, "RangeError: enough");
    is((await failure(() => fetch(own(request, "slow"), { signal: AbortSignal.timeout(5) }))).split(":")[0], "TimeoutError");
    is((await failure(() => fetch(own(request, "slow"), { signal: AbortSignal.abort() }))).split(":")[0], "AbortError");
  },
  "fetch-errors": async () => {
    is((await failure(() => fetch("http://127.0.0.1:1/"))).split(":")[0], "TypeError");
    is((await failure(() => fetch("nope"))).split(":")[0], "TypeError");
    is((await failure(() => fetch("file:///etc/passwd"))).split(":")[0], "TypeError");
    is((await failure(() => fetch("ftp://x.example/"))).split(":")[0], "TypeError");
    is((await failure(() => fetch("blob:none"))).split(":")[0], "TypeError");
    is(await (await fetch("data:text/plain;base64,aGk=")).text(), "hi");
  },
  endless: () => new Response(new ReadableStream({ pull: async (c) => (await pause(), c.enqueue(bytes("x"))) })),
  "fetch-cancelled": async (request) => {
    const reader = (await fetch(own(request, "endless"))).body!.getReader();
    await reader.read();
    await reader.cancel();
    const controller = new AbortController();
    const given = await fetch(own(request, "endless"), { signal: controller.signal });
    const rest = failure(() => given.text());
    controller.abort();
    is((await rest).split(":")[0], "AbortError");
  },
  events: () =>
    new Response("retry: 5\nid: 7\ndata: one\ndata: two\n\nevent: named\ndata: three\n\n", { headers: { "content-type": "text/event-stream" } }),
  "event-source": async (request) => {
    const source = new scope.EventSource(own(request, "events"));
    const seen: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      source.onopen = () => seen.push("open");
      source.onmessage = (event: any) => seen.push(event.data, event.lastEventId);
      source.addEventListener("named", (event: any) => (seen.push(event.data), resolve()));
      setTimeout(() => reject(new Error("no events")), 5000);
    });
    source.close();
    is([seen, source.readyState], [["open", "one\ntwo", "7", "three"], 2]);
  },
  "web-socket-pair": async () => {
    const pair = new scope.WebSocketPair();
    is([Object.keys(pair), Object.values(pair).length], [["0", "1"], 2]);
    const [client, server] = Object.values(pair) as any[];
    server.accept();
    client.accept();
    const seen: unknown[] = [];
    server.addEventListener("message", (event: any) => server.send(`echo ${event.data}`));
    client.addEventListener("message", (event: any) => seen.push(event.data));
    client.send("x");
    await pause(5);
    const closed = new Promise((resolve) => server.addEventListener("close", resolve));
    client.close(4000, "bye");
    const event = (await closed) as any;
    is([seen, event.code, event.reason], [["echo x"], 4000, "bye"]);
  },
  "web-socket-request-response": () => {
    const pair = new scope.WebSocketRequestResponsePair("ping", "pong");
    is([pair.request, pair.response], ["ping", "pong"]);
  },
  "fetch-upgrade": async (request) => {
    const given = (await fetch(new URL("/socket", request.url), {
      headers: { Upgrade: "websocket", "x-token": "t", "Sec-WebSocket-Protocol": "b" },
    })) as any;
    const socket = given.webSocket;
    is([given.status, socket !== null, socket.protocol], [101, true, "b"]);
    is((await failure(() => socket.send("x"))).split(":")[0], "TypeError");
    socket.accept();
    const seen: unknown[] = [];
    const closed = new Promise<any>((resolve) => socket.addEventListener("close", resolve));
    socket.addEventListener("message", ({ data }: any) => {
      seen.push(typeof data === "string" ? data : [...new Uint8Array(data)]);
      if (seen.length === 2) socket.send("close");
    });
    socket.send("x");
    socket.send(Uint8Array.of(1, 2));
    const { code, reason } = await closed;
    is([seen, code, reason], [["got x token t", [1, 2]], 4001, "asked"]);
  },
  "fetch-upgrade-refused": async (request) => {
    const why = await failure(() => fetch(new URL("/nowhere", request.url), { headers: { upgrade: "websocket" } }));
    is(why.startsWith("TypeError: the server did not open a WebSocket"), true, why);
    const controller = new AbortController();
    controller.abort();
    is((await failure(() => fetch(own(request, "moved"), { headers: { upgrade: "websocket" }, signal: controller.signal }))).split(":")[0], "AbortError");
  },
  "web-socket-client": async (request) => {
    const socket = new WebSocket(new URL("/socket", request.url).href.replace("http", "ws"), ["a", "b"]);
    is([socket.readyState, scope.WebSocket.READY_STATE_OPEN, socket.url.startsWith("ws")], [0, 1, true]);
    const seen: unknown[] = [];
    await new Promise<void>((resolve) => {
      socket.onopen = () => (seen.push(socket.protocol), socket.send("hi"));
      socket.onmessage = (event) => (seen.push(event.data), socket.send("close"));
      socket.onclose = (event) => (seen.push(event.code), resolve());
    });
    is(seen, ["b", "got hi token null", 4001]);
    const lost = new WebSocket("ws://127.0.0.1:1/");
    const events: string[] = [];
    await new Promise<void>((resolve) => {
      lost.onerror = (event) => events.push(event.type);
      lost.onclose = (event) => (events.push(`${event.code}`), resolve());
    });
    is(events, ["error", "1006"]);
    is((await failure(() => new WebSocket("nope:x"))).split(":")[0], "SyntaxError");
  },
  caches: async () => {
    const cache = scope.caches.default;
    const url = "https://cache.example/a?b=1";
    const cached = (body: string, headers: Record<string, string> = {}) => new Response(body, { headers });
    is(await cache.match(url), undefined, "nothing yet");
    await cache.put(url, cached("one", { "cache-control": "max-age=60", "x-a": "1" }));
    const hit = await cache.match(new Request(url));
    is([await hit.text(), hit.headers.get("x-a"), hit.headers.get("cf-cache-status")], ["one", "1", "HIT"]);
    is(await cache.match(`${url}&c`), undefined, "another URL");
    is(await cache.match(new Request(url, { method: "POST" })), undefined, "POST");
    is(await (await cache.match(new Request(url, { method: "POST" }), { ignoreMethod: true })).text(), "one");
    is([await cache.delete(url), await cache.delete(url), await cache.match(url)], [true, false, undefined]);
    await cache.put(url, cached("short", { "cache-control": "max-age=1" }));
    await pause(1100);
    is(await cache.match(url), undefined, "expired");
    for (const control of ["no-store", "private", "max-age=0"]) {
      await cache.put(url, cached("x", { "cache-control": control }));
      is(await cache.match(url), undefined, control);
    }
    await cache.put(url, cached("cookie", { "set-cookie": "a=1", "cache-control": "max-age=60" }));
    is(await cache.match(url), undefined, "set-cookie");
    await cache.put(url, cached("expires", { expires: new Date(Date.now() + 60_000).toUTCString() }));
    is(await (await cache.match(url)).text(), "expires");
    await cache.put(new Request(url, { headers: { "accept-language": "de" } }), cached("de", { vary: "Accept-Language", "cache-control": "max-age=60" }));
    is(await cache.match(new Request(url, { headers: { "accept-language": "en" } })), undefined, "vary");
    is(await (await cache.match(new Request(url, { headers: { "accept-language": "de" } }))).text(), "de");
    await cache.put(url, cached("0123456789", { "cache-control": "max-age=60", etag: '"e"', "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT" }));
    const part = await cache.match(new Request(url, { headers: { range: "bytes=2-4" } }));
    is([part.status, part.headers.get("content-range"), await part.text()], [206, "bytes 2-4/10", "234"]);
    const same = await cache.match(new Request(url, { headers: { "if-none-match": '"e"' } }));
    is([same.status, await same.text()], [304, ""]);
    for (const bad of [
      () => cache.put(new Request(url, { method: "POST" }), cached("x")),
      () => cache.put(url, new Response("x", { status: 206 })),
      () => cache.put(url, cached("x", { vary: "*" })),
      () => cache.put("ftp://x/", cached("x")),
      () => cache.put(url, "x"),
    ]) is((await failure(bad)).split(":")[0], "TypeError", `${bad}`);
    const other = await scope.caches.open("other");
    is([await other.match(url), (await scope.caches.open("other")) === other || (await other.match(url)) === undefined], [undefined, true]);
    const used = cached("x", { "cache-control": "max-age=9" });
    await used.text();
    is((await failure(() => cache.put(url, used))).split(":")[0], "TypeError");
  },
  "caches-are-bounded": async () => {
    const cache = scope.caches.default;
    for (let i = 0; i < 400; i++) {
      await cache.put(`https://cache.example/big/${i}`, new Response(new Uint8Array(256 << 10), { headers: { "cache-control": "max-age=60" } }));
    }
    is([await cache.match("https://cache.example/big/0"), (await cache.match("https://cache.example/big/399")) !== undefined], [undefined, true]);
  },
});
