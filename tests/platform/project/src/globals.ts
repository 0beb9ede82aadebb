/*
 * The table of globals (spec section 8): what is there, what is not, and what the small ones do. A check throws if
 * something is not as it should be.
 */

import module from "./add.wasm";
import { failure, is, party, pause } from "./check";

declare const scheduler: any;
const scope = globalThis as any;

const THERE = `fetch Request Response Headers FormData Blob File WebSocket WebSocketPair WebSocketRequestResponsePair
  Event EventTarget CustomEvent MessageEvent CloseEvent ErrorEvent ExtendableEvent PromiseRejectionEvent
  AbortController AbortSignal ReadableStream ReadableStreamDefaultReader ReadableStreamBYOBReader
  ReadableStreamBYOBRequest ReadableStreamDefaultController ReadableByteStreamController WritableStream
  WritableStreamDefaultWriter WritableStreamDefaultController TransformStream TransformStreamDefaultController
  CompressionStream DecompressionStream FixedLengthStream IdentityTransformStream TextEncoderStream TextDecoderStream
  ByteLengthQueuingStrategy CountQueuingStrategy TextEncoder TextDecoder atob btoa URL URLSearchParams URLPattern
  crypto Crypto CryptoKey SubtleCrypto caches Cache CacheStorage HTMLRewriter WebAssembly setTimeout setInterval
  clearTimeout clearInterval queueMicrotask scheduler structuredClone reportError console navigator Navigator self
  performance Performance EventSource Intl SharedArrayBuffer Atomics DOMException addEventListener
  removeEventListener dispatchEvent globalThis process Buffer global`.split(/\s+/);

const NOT_THERE = `WeakRef FinalizationRegistry MessageChannel BroadcastChannel Worker setImmediate clearImmediate
  localStorage sessionStorage window document XMLHttpRequest FileReader Notification Deno Bun __bootstrap location
  importScripts close postMessage __houseparty __houseparty_platform require module exports __dirname __filename
  WebSocketStream Prompt alert prompt confirm`.split(/\s+/);

export default party({
  there() {
    const missing = THERE.filter((name) => {
      // `Buffer` is put where it is mentioned.
      if (name === "Buffer") return typeof Buffer !== "function";
      return typeof scope[name] === "undefined";
    });
    is(missing, []);
  },
  absent() {
    is(NOT_THERE.filter((name) => typeof scope[name] !== "undefined"), []);
  },
  "no-enumerable-surprise": () =>
    is(Object.keys(globalThis).filter((name) => /deno|core|ops|houseparty|bootstrap/i.test(name)), []),
  "no-way-to-the-host"() {
    const names = Reflect.ownKeys(globalThis).map(String);
    is(names.filter((name) => /deno|^ops$|houseparty|bootstrap|^core$|internals/i.test(name)), []);
    const found = names.filter((name) => {
      try {
        return scope[name]?.core?.ops !== undefined;
      } catch {
        return false;
      }
    });
    is(found, []);
  },
  self: () => is([self === globalThis, scope.global === globalThis, scope instanceof EventTarget], [true, true, true]),
  navigator: () => is(navigator.userAgent, "Cloudflare-Workers"),
  async "code-from-strings"() {
    is(await failure(() => (0, eval)("1")), "EvalError: Code generation from strings disallowed for this context");
    is(await failure(() => new Function("return 1")), "EvalError: Code generation from strings disallowed for this context");
  },
  async "timers-give-numbers"() {
    const id = setTimeout(() => {}, 1) as unknown as number;
    is([typeof id, typeof setInterval(() => {}, 1e6)], ["number", "number"]);
    clearTimeout(id);
    clearTimeout(undefined);
    clearTimeout(123456);
    const order: string[] = [];
    setTimeout((...all: unknown[]) => order.push(`b${all}`), 5, 1, 2);
    setTimeout(() => order.push("a"), 0);
    queueMicrotask(() => order.push("micro"));
    await pause(20);
    is(order, ["micro", "a", "b1,2"]);
  },
  async "scheduler.wait"() {
    const before = Date.now();
    await scheduler.wait(10);
    is(Date.now() - before >= 9, true);
    is(await failure(() => scheduler.wait(1e6, { signal: AbortSignal.timeout(5) })), "TimeoutError: The operation was aborted due to timeout");
  },
  async "abort-signal"() {
    is((await failure(() => AbortSignal.abort().throwIfAborted())).split(":")[0], "AbortError");
    is(AbortSignal.abort("why").reason, "why");
    const controller = new AbortController();
    const any = AbortSignal.any([new AbortController().signal, controller.signal]);
    const seen: string[] = [];
    any.addEventListener("abort", (event) => seen.push(event.type, any.reason));
    any.onabort = () => seen.push("on");
    controller.abort("reason");
    is([any.aborted, seen], [true, ["abort", "reason", "on"]]);
    const signal = AbortSignal.timeout(5);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    is(signal.reason.name, "TimeoutError");
  },
  events() {
    const target = new EventTarget();
    const seen: unknown[] = [];
    target.addEventListener("x", (event) => seen.push((event as CustomEvent).detail), { once: true });
    target.addEventListener("x", { handleEvent: (event) => event.preventDefault() });
    is(target.dispatchEvent(new CustomEvent("x", { detail: 1, cancelable: true })), false);
    is(target.dispatchEvent(new CustomEvent("x", { detail: 2 })), true);
    is(seen, [1]);
    is(new MessageEvent("m", { data: 1 }).data, 1);
    is(new CloseEvent("c", { code: 4000, reason: "r", wasClean: true }).code, 4000);
    is(new ErrorEvent("e", { message: "m", error: 1 }).message, "m");
    is(new scope.PromiseRejectionEvent("unhandledrejection", { promise: Promise.resolve(), reason: 1 }).reason, 1);
    is(new scope.ExtendableEvent("e") instanceof Event, true);
  },
  reportError() {
    const seen: unknown[] = [];
    const listener = (event: any) => {
      seen.push(event.error.message);
      event.preventDefault();
    };
    addEventListener("error", listener);
    reportError(new Error("reported"));
    removeEventListener("error", listener);
    is(seen, ["reported"]);
  },
  async "unhandled-rejections-are-told"() {
    const seen: unknown[] = [];
    const listener = (event: any) => {
      seen.push(event.reason.message);
      event.preventDefault();
    };
    addEventListener("unhandledrejection", listener);
    Promise.reject(new Error("nobody"));
    await pause(5);
    removeEventListener("unhandledrejection", listener);
    is(seen, ["nobody"]);
  },
  async structuredClone() {
    const buffer = new ArrayBuffer(4);
    const moved = structuredClone(buffer, { transfer: [buffer] });
    is([buffer.byteLength, moved.byteLength], [0, 4]);
    const value: any = {
      date: new Date(5), map: new Map([[1, new Set([2])]]), re: /a/gi, big: 5n, error: new RangeError("r"), undefined,
      typed: Float32Array.of(1.5), nested: [[1]], boxed: new Number(3), holes: [, 1],
    };
    value.self = value;
    const copy = structuredClone(value);
    is([copy.self === copy, copy !== value, copy.date.getTime(), copy.map.get(1).has(2), `${copy.re}`, copy.big], [true, true, 5, true, "/a/gi", 5n]);
    is([copy.error.name, copy.error.message, copy.error instanceof RangeError], ["RangeError", "r", true]);
    is([copy.typed[0], "undefined" in copy, 0 in copy.holes], [1.5, true, false]);
    is(new Uint8Array(structuredClone(new Uint8Array([1, 2]).buffer)), [1, 2]);
    is((await failure(() => structuredClone(() => {}))).split(":")[0], "DataCloneError");
    is((await failure(() => structuredClone(Symbol()))).split(":")[0], "DataCloneError");
    is((await failure(() => structuredClone(new WeakMap()))).split(":")[0], "DataCloneError");
    class Point { x = 1; }
    is(Object.getPrototypeOf(structuredClone(new Point())) === Object.prototype, true);
    const stream = new ReadableStream({ start: (c) => (c.enqueue(1), c.close()) });
    const outcome = await failure(async () => structuredClone(stream, { transfer: [stream as never] }));
    is(["nothing was thrown", "DataCloneError"].includes(outcome.split(":")[0]!), true, outcome);
  },
  "dom-exception"() {
    const error = new DOMException("m", "AbortError");
    is([error.name, error.code, error instanceof Error, `${error}`, DOMException.DATA_CLONE_ERR], ["AbortError", 20, true, "AbortError: m", 25]);
    is(typeof error.stack, "string");
  },
  performance() {
    is([typeof performance.now(), typeof performance.timeOrigin, typeof performance.toJSON()], ["number", "number", "object"]);
    const a = performance.now();
    is(performance.now() >= a && Math.abs(performance.timeOrigin + a - Date.now()) < 1000, true);
    is([typeof performance.mark, typeof performance.measure, typeof performance.getEntriesByName], ["function", "function", "function"]);
    performance.mark("m");
    is(performance.measure("n", "m").duration >= 0, true);
  },
  console() {
    const missing = `log info warn error debug trace table group groupCollapsed groupEnd dir dirxml count countReset
      time timeLog timeEnd assert clear`.split(/\s+/).filter((name) => typeof (console as any)[name] !== "function");
    is(missing, []);
    const cycle: any = { big: 1n, fn() {}, map: new Map([[{}, new Set([1])]]), symbol: Symbol("s") };
    cycle.self = cycle;
    console.debug(cycle, "%s %d %o", "a", 1, {});
    console.table([{ a: 1 }]);
    console.group("g");
    console.groupEnd();
    console.log(new Proxy({}, { get() { throw new Error("no"); }, ownKeys() { throw new Error("no"); } }));
  },
  async wasm() {
    is([module instanceof WebAssembly.Module, WebAssembly.Module.exports(module)[0]!.name], [true, "add"]);
    is((new WebAssembly.Instance(module).exports as any).add(40, 2), 42);
    is(((await WebAssembly.instantiate(module)).exports as any).add(1, 2), 3);
    // More than PartyKit allows: packages that carry their WASM inside of a string work.
    const empty = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
    is([WebAssembly.validate(empty), new WebAssembly.Module(empty) instanceof WebAssembly.Module], [true, true]);
    is((await failure(() => WebAssembly.compile(Uint8Array.of(1)))).split(":")[0], "CompileError");
    is([new WebAssembly.Memory({ initial: 1 }).buffer.byteLength, new WebAssembly.Table({ initial: 1, element: "anyfunc" }).length], [65536, 1]);
    is(new WebAssembly.Global({ value: "i32", mutable: true }, 5).value, 5);
  },
  async "shared-memory"() {
    const shared = new SharedArrayBuffer(8);
    const view = new Int32Array(shared);
    is([Atomics.add(view, 0, 5), Atomics.load(view, 0), Atomics.compareExchange(view, 0, 5, 9), view[0]], [0, 5, 5, 9]);
    is(Atomics.notify(view, 0, 1), 0);
  },
  intl() {
    const number = (locale: string) => new Intl.NumberFormat(locale, { style: "currency", currency: "EUR" }).format(1234.5);
    is([number("de-DE"), number("en-US"), number("hi-IN")], ["1.234,50\u00a0\u20ac", "\u20ac1,234.50", "\u20ac1,234.50"]);
    const date = (locale: string) => new Intl.DateTimeFormat(locale, { dateStyle: "full", timeZone: "UTC" }).format(new Date(0));
    is([date("fr"), date("ja"), date("ar-EG").length > 10], ["jeudi 1 janvier 1970", "1970\u5e741\u67081\u65e5\u6728\u66dc\u65e5", true]);
    is(["z", "\u00e4", "a"].sort(new Intl.Collator("sv").compare), ["a", "z", "\u00e4"]);
    is(["z", "\u00e4", "a"].sort(new Intl.Collator("de").compare), ["a", "\u00e4", "z"]);
    is(new Intl.PluralRules("pl").select(22), "few");
    is(new Intl.RelativeTimeFormat("es", { numeric: "auto" }).format(-1, "day"), "ayer");
    is(new Intl.ListFormat("en").format(["a", "b", "c"]), "a, b, and c");
    is([...new Intl.Segmenter("ja", { granularity: "word" }).segment("\u4eca\u65e5\u306f")].length, 2);
    is(new Intl.DisplayNames("it", { type: "region" }).of("DE"), "Germania");
    is("I\u0130".toLocaleLowerCase("tr"), "\u0131i");
    is("\u1e9b\u0323".normalize("NFKC"), "\u1e69");
    is(new Date(0).toLocaleString("en-US", { timeZone: "America/New_York" }), "12/31/1969, 7:00:00 PM");
    is(Intl.supportedValuesOf("timeZone").length > 300, true);
  },
  async base64() {
    is([btoa("\u0000\xff"), atob(" A P 8 = ")], ["AP8=", "\u0000\xff"]);
    is((await failure(() => btoa("\u0100"))).split(":")[0], "InvalidCharacterError");
    is((await failure(() => atob("a"))).split(":")[0], "InvalidCharacterError");
  },
  url() {
    const url = new URL("../x?a=1#h", "https://u:p@h.example:8080/y/z");
    is([url.href, url.origin, URL.canParse("nope"), (URL as any).parse("nope")], ["https://u:p@h.example:8080/x?a=1#h", "https://h.example:8080", false, null]);
    url.searchParams.append("b", "\u00e4 &");
    is(url.search, "?a=1&b=%C3%A4+%26");
    const params = new URLSearchParams([["b", "1"], ["a", "2"], ["b", "3"]]);
    params.sort();
    is([`${params}`, params.size, params.has("b", "3"), params.getAll("b")], ["a=2&b=1&b=3", 3, true, ["1", "3"]]);
    params.delete("b", "1");
    is([...params], [["a", "2"], ["b", "3"]]);
  },
  async "text-decoder"() {
    const decode = (label: string, ...list: number[]) => new TextDecoder(label).decode(Uint8Array.from(list));
    is(decode("shift_jis", 0x82, 0xa0), "\u3042");
    is(decode("euc-kr", 0xb0, 0xa1), "\uac00");
    is(decode("gb18030", 0x84, 0x31, 0xa4, 0x37), "\ufffd");
    is(decode("big5", 0xa4, 0x40), "\u4e00");
    is(decode("koi8-r", 0xc1), "\u0430");
    is(decode("iso-2022-jp", 0x1b, 0x24, 0x42, 0x24, 0x22), "\u3042");
    is(decode("windows-1252", 0x80), "\u20ac");
    is(decode("utf-16be", 0, 0x41), "A");
    is(decode("x-user-defined", 0x80), "\uf780");
    is(await failure(() => new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.of(0xff))), "TypeError: The encoded data is not valid");
    const stream = new TextDecoder();
    is([stream.decode(Uint8Array.of(0xf0, 0x9f), { stream: true }), stream.decode(Uint8Array.of(0x98, 0x80), { stream: true }), stream.decode()], ["", "\u{1f600}", ""]);
    is([new TextDecoder().decode(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))], ["a", "\ufeffa"]);
    is(new TextDecoder().decode(new SharedArrayBuffer(1) as never), "\u0000");
    is((await failure(() => new TextDecoder("nope"))).split(":")[0], "RangeError");
    const into = new Uint8Array(3);
    is([new TextEncoder().encodeInto("a\u00e9\u00e9", into), into], [{ read: 2, written: 3 }, [97, 195, 169]]);
    is(new TextEncoder().encode("\ud800"), [239, 191, 189]);
  },
});
