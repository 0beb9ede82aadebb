/*
 * Node's built-in modules as a party and its packages use them. A request for a name runs that check; what
 * it gives is compared with expected.json, which Node itself has given (see tests/node.rs).
 */

import assert from "node:assert";
import strict from "node:assert/strict";
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { Buffer as NodeBuffer } from "node:buffer";
import crypto, { createHash } from "node:crypto";
import diagnostics from "node:diagnostics_channel";
import { EventEmitter, on, once } from "node:events";
import path, { join } from "node:path";
import posix from "node:path/posix";
import punycode from "node:punycode";
import querystring from "node:querystring";
import { pipeline, Readable, Transform } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline as piped } from "node:stream/promises";
import { StringDecoder } from "node:string_decoder";
import timers from "node:timers";
import { setTimeout as delay } from "node:timers/promises";
import * as url from "node:url";
import zlib, { gunzipSync } from "node:zlib";
import util, { inspect, isDeepStrictEqual, promisify } from "node:util";

const storage = new AsyncLocalStorage<string>();

function messageOf(run: () => unknown): string {
  try {
    run();
    return "nothing was thrown";
  } catch (error) {
    return (error as Error).message;
  }
}

const upper = () =>
  new Transform({
    transform(chunk, _encoding, done) {
      done(null, chunk.toString().toUpperCase());
    },
  });

/** How constructors were written before there were classes. */
function Old(this: { own: number }) {
  EventEmitter.call(this as never);
  this.own = 1;
}
util.inherits(Old as never, EventEmitter);

const checks: Record<string, () => unknown> = {
  async events() {
    const emitter = new EventEmitter();
    const first = once(emitter, "x");
    emitter.emit("x", 1);
    return [await first, messageOf(() => emitter.emit("error", new Error("boom")))];
  },
  "events-before-classes"() {
    const seen: unknown[] = [];
    const old = new (Old as never as typeof EventEmitter)();
    old.once("a", (value) => seen.push(value));
    old.emit("a", 1);
    old.emit("a", 2);
    const mixed = Object.assign({}, EventEmitter.prototype) as EventEmitter;
    mixed.on("b", (value) => seen.push(value));
    mixed.emit("b", 3);
    return [seen, old instanceof EventEmitter, EventEmitter.EventEmitter === EventEmitter];
  },
  async "events-iterated"() {
    const emitter = new EventEmitter();
    const stop = new AbortController();
    const seen: unknown[] = [];
    setTimeout(() => {
      emitter.emit("x", 1);
      emitter.emit("x", 2);
      setTimeout(() => stop.abort(), 1);
    }, 1);
    try {
      for await (const value of on(emitter, "x", { signal: stop.signal })) seen.push(value);
    } catch (error) {
      seen.push((error as Error).name);
    }
    return seen;
  },
  buffer: () => [
    NodeBuffer === Buffer,
    globalThis.Buffer === Buffer,
    NodeBuffer.concat([NodeBuffer.from("h\u00e9llo"), NodeBuffer.alloc(2, 1)]).toString("hex"),
    Buffer.from("aGk=", "base64").toString(),
    Buffer.from("hi?>").toString("base64url"),
    Buffer.from("aGk_Pg", "base64url").toString(),
    Buffer.isEncoding("base64url"),
    Buffer.from([1, 2]).readUint16BE(0),
  ],
  async "async-local-storage"() {
    const read = () => storage.getStore();
    return {
      timeout: await storage.run("a", async () => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        return read();
      }),
      timer: await storage.run("b", () => new Promise((resolve) => setTimeout(() => resolve(read()), 1))),
      microtask: await storage.run("c", () => new Promise((resolve) => queueMicrotask(() => resolve(read())))),
      tick: await storage.run("d", () => new Promise((resolve) => process.nextTick(() => resolve(read())))),
      platform: await storage.run("e", async () => {
        await globalThis.crypto.subtle.digest("SHA-256", new Uint8Array(1));
        return read();
      }),
      bound: storage.run("f", () => AsyncResource.bind(read))(),
      snapshot: storage.run("g", () => AsyncLocalStorage.snapshot())(read),
      exited: storage.run("h", () => storage.exit(read)) ?? null,
      nested: storage.run("i", () => [storage.run("j", read), read()]),
      outside: read() ?? null,
    };
  },
  "async-local-storage-entered"() {
    const before = storage.getStore() ?? null;
    storage.enterWith("of this event only");
    return [before, storage.getStore()];
  },
  assert: () => [
    messageOf(() => assert.deepStrictEqual({ a: 1 }, { a: 2 })),
    messageOf(() => strict.equal(1, 2)),
    messageOf(() => assert.deepEqual(new Map([[1, { a: 2 }]]), new Map([[1, { a: 2 }]]))),
    messageOf(() => assert.throws(() => assert.match("a", /b/))),
  ],
  async util() {
    class Shown {
      [inspect.custom]() {
        return "as it wants";
      }
    }
    const add = promisify((x: number, done: (error: null, sum: number) => void) => done(null, x + 1));
    return [
      inspect({ a: { b: { c: {} } }, m: new Map([[1, "x"]]) }),
      inspect({ a: [1, { b: 2 }] }, { depth: 0 }),
      inspect(new Shown()),
      util.format("%s|%d|%i|%f|%j|%%|%s", "s", 1.5, 1.5, "1.5", { a: 1 }, "rest", { b: 1 }),
      isDeepStrictEqual([{ a: new Set([1]) }], [{ a: new Set([1]) }]),
      isDeepStrictEqual({ a: 1 }, { a: "1" }),
      await add(1),
      util.types.isDate(new Date()),
      util.types.isUint8Array(new Uint8Array()),
      util.stripVTControlCharacters("\u001b[31mred\u001b[39m"),
    ];
  },
  path: () => [
    join("a", "..", "b"),
    path.basename("/x/y.ts", ".ts"),
    path.relative("/a/b", "/a/c"),
    posix.sep,
    path.posix === posix,
  ],
  url() {
    const parsed = url.parse("http://a:1/b?c=d#e");
    return [
      parsed.hostname,
      parsed.port,
      parsed.query,
      url.format({ protocol: "http", host: "x", pathname: "/y" }),
      url.fileURLToPath("file:///a/b"),
      url.pathToFileURL("/a b").href,
      url.URL === URL,
    ];
  },
  querystring: () => [querystring.parse("a=1&b=2&a=3"), querystring.stringify({ a: [1, 2], b: "x y" })],
  punycode: () => punycode.toASCII("ma\u00f1ana.com"),
  "string-decoder"() {
    const decoder = new StringDecoder("utf8");
    return decoder.write(Buffer.from([0xc3])) + decoder.write(Buffer.from([0xa9])) + decoder.end();
  },
  async stream() {
    let collected = "";
    await piped(Readable.from(["x", "y"]), upper(), async (source) => {
      for await (const chunk of source) collected += chunk;
    });
    return [
      collected,
      await text(Readable.from(["a", "b"]).pipe(upper())),
      await new Response(Readable.toWeb(Readable.from([Buffer.from("web")])) as never).text(),
      await text(Readable.fromWeb(new Response("back").body as never)),
      await new Promise((resolve) =>
        pipeline(Readable.from(["q"]), upper().resume(), (error) => resolve(error ?? "done"))
      ),
      upper() instanceof EventEmitter,
    ];
  },
  async timers() {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 1);
    return [
      await delay(1, "later"),
      await delay(60_000, 0, { signal: stop.signal }).catch((error: Error) => error.name),
      await new Promise((resolve) => timers.setImmediate(resolve, "at once")),
    ];
  },
  crypto() {
    const key = Buffer.alloc(32, 1);
    const cbc = crypto.createCipheriv("aes-256-cbc", key, Buffer.alloc(16, 2));
    const secret = cbc.update("secret", "utf8", "hex") + cbc.final("hex");
    const open = crypto.createDecipheriv("aes-256-cbc", key, Buffer.alloc(16, 2));
    const gcm = crypto.createCipheriv("aes-256-gcm", key, Buffer.alloc(12, 3));
    gcm.setAAD(Buffer.from("aad"));
    const sealed = Buffer.concat([gcm.update("gcm"), gcm.final()]);
    const bad = crypto.createDecipheriv("aes-256-gcm", key, Buffer.alloc(12, 3));
    bad.setAuthTag(Buffer.alloc(16));
    bad.update(sealed);
    // The counter overflows.
    const ctr = crypto.createCipheriv("aes-128-ctr", Buffer.alloc(16, 7), Buffer.alloc(16, 255));
    const counted = [ctr.update("abc"), ctr.update(Buffer.alloc(40, 1)), ctr.update("z"), ctr.final()];
    return {
      md5: createHash("md5").update("a").digest("hex"),
      sha256: createHash("sha256").update("a").update("b").digest("base64"),
      sha512: createHash("SHA512").update("x").digest("base64url"),
      hmac: crypto.createHmac("sha256", "k").update("d").digest("hex"),
      pbkdf2: crypto.pbkdf2Sync("p", "s", 10, 16, "sha1").toString("hex"),
      scrypt: crypto.scryptSync("p", "s", 16, { N: 16 }).toString("hex"),
      hkdf: Buffer.from(crypto.hkdfSync("sha256", "k", "s", "i", 16)).toString("hex"),
      secret,
      opened: open.update(secret, "hex", "utf8") + open.final("utf8"),
      sealed: sealed.toString("hex"),
      tag: gcm.getAuthTag().toString("hex"),
      bad: messageOf(() => bad.final()),
      counted: Buffer.concat(counted).toString("hex"),
      random: [crypto.randomBytes(70_000).length, crypto.randomUUID().length, crypto.randomInt(5) < 5],
      same: crypto.timingSafeEqual(Buffer.from("a"), Buffer.from("a")),
      webcrypto: crypto.webcrypto === globalThis.crypto,
    };
  },
  async zlib() {
    const pack = promisify(zlib.gzip) as (text: string) => Promise<Buffer>;
    const streamed: Buffer[] = [];
    await piped(Readable.from([Buffer.from("in "), Buffer.from("pieces")]), zlib.createDeflate(), async (source) => {
      for await (const chunk of source) streamed.push(chunk as Buffer);
    });
    return [
      gunzipSync(zlib.gzipSync("sync")).toString(),
      gunzipSync(await pack("async")).toString(),
      zlib.inflateSync(Buffer.concat(streamed)).toString(),
      zlib.inflateRawSync(zlib.deflateRawSync(Buffer.from("raw"), { level: 9 })).toString(),
      zlib.unzipSync(Buffer.from("H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==", "base64")).toString(),
      messageOf(() => gunzipSync(Buffer.from("junk"))),
      zlib.constants.Z_BEST_COMPRESSION,
    ];
  },
  "async-context-of-the-platform": async () => {
    const within = (name: string, work: () => unknown) =>
      storage.run(name, async () => {
        await work();
        return storage.getStore();
      });
    const target = new EventTarget();
    const heard = new Promise((resolve) => target.addEventListener("x", () => resolve(storage.getStore())));
    storage.run("event", () => target.dispatchEvent(new Event("x")));
    return [
      await within("fetch", () => fetch("data:,x")),
      await within("body", () => new Response("x").text()),
      await within("stream", () => new Response(new Blob(["x"]).stream()).text()),
      await within("compression", () => new Response(new Blob(["x"]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer()),
      await within("timers", () => new Promise((resolve) => setTimeout(() => setTimeout(resolve, 1), 1))),
      await heard,
    ];
  },
  environment: () => {
    process.env.PLATFORM_CHECK = 5 as never;
    const set = [typeof process.env.PLATFORM_CHECK, "PLATFORM_CHECK" in process.env, Object.keys(process.env).includes("PLATFORM_CHECK")];
    delete process.env.PLATFORM_CHECK;
    return [set, process.env.PLATFORM_CHECK === undefined];
  },
  "diagnostics-channel"() {
    const seen: unknown[] = [];
    const channel = diagnostics.channel("c");
    channel.subscribe((message) => seen.push(message));
    channel.publish(1);
    channel.bindStore(storage, (message) => `${message}`);
    const stored = channel.runStores("kept", () => storage.getStore());
    channel.unbindStore(storage);
    return [seen, stored, diagnostics.hasSubscribers("c")];
  },
};

export default {
  async onRequest(request: Request) {
    const name = new URL(request.url).pathname.split("/").pop()!;
    if (name === "all") return Response.json(Object.keys(checks));
    try {
      return Response.json((await checks[name]!()) ?? null);
    } catch (error) {
      return new Response(`${(error as Error).stack}`, { status: 500 });
    }
  },
};
