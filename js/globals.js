/*
 * The global scope of party code: the web platform as spec section 8 lists it, and nothing else.
 *
 * What nearly every room uses is in the snapshot; the rest (crypto, compression, fetch, the WebSocket
 * client …) is loaded by the first access of an isolate, so that a room that uses only sockets and
 * storage stays small. `openGlobals` runs once per isolate before party code and removes every path
 * to `core`: after it nobody can reach an op.
 */

import { core, internals } from "ext:core/mod.js";
import { completion, gated, hold, later } from "ext:houseparty/completion.js";
import { messageOf, withoutHost } from "ext:houseparty/errors.js";
import { LEVEL, report, reportRejection } from "ext:houseparty/log.js";
import { setDialer, WebSocket, WebSocketPair } from "ext:houseparty/connection.js";
import { wait, setTimeout, setInterval, clearTimeout, clearInterval } from "ext:houseparty/timers.js";
import { gateBody, lengths, Request, Response } from "ext:houseparty/platform/http.js";
import { dialServer, openSocket } from "ext:houseparty/platform/client_socket.js";

const { op_keys_used } = core.ops;

const load = (name) => core.loadExtScript(name);
const webidl = load("ext:deno_webidl/00_webidl.js");
const event = load("ext:deno_web/02_event.js");
const { DOMException } = load("ext:deno_web/01_dom_exception.js");
const url = load("ext:deno_web/00_url.js");
const encoding = load("ext:deno_web/08_text_encoding.js");
const base64 = load("ext:deno_web/05_base64.js");
const abort = load("ext:deno_web/03_abort_signal.js");
const streams = load("ext:deno_web/06_streams.js");
const file = load("ext:deno_web/09_file.js");
const formdata = load("ext:deno_fetch/21_formdata.js");
const headers = load("ext:deno_fetch/20_headers.js");
const { Console, inspect, inspectArgs } = load("ext:deno_web/01_console.js");
const { structuredClone: clonePlain } = load("ext:deno_web/02_structured_clone.js");
const performance = load("ext:deno_web/15_performance.js");

// The fetch implementation wants a tracer; there is none here.
internals.__telemetry = {
  TRACING_ENABLED: false,
  METRICS_ENABLED: false,
  PROPAGATORS: [],
  DID_NOT_ENTER: Symbol("did not enter"),
  builtinTracer: () => null,
  enterSpan: () => null,
  exitSpan: () => undefined,
  restoreSnapshot: () => undefined,
  ContextManager: { active: () => undefined },
};
internals.kKeyObject = Symbol("key object");
internals.__telemetryUtil = {
  updateSpanFromClientResponse: () => undefined,
  updateSpanFromError: () => undefined,
  updateSpanFromRequest: () => undefined,
};

for (
  const name of [
    "NotFound", "PermissionDenied", "ConnectionRefused", "ConnectionReset", "ConnectionAborted",
    "NotConnected", "AddrInUse", "AddrNotAvailable", "BrokenPipe", "AlreadyExists", "InvalidData",
    "TimedOut", "WriteZero", "UnexpectedEof", "Http", "Busy", "NotSupported", "FilesystemLoop",
    "IsADirectory", "NetworkUnreachable", "NotADirectory", "WouldBlock",
  ]
) {
  core.registerErrorClass(name, class extends Error {});
}
for (
  const name of [
    "OperationError", "QuotaExceededError", "NotSupportedError", "NetworkError", "AbortError",
    "InvalidCharacterError", "DataError", "InvalidStateError", "InvalidAccessError", "SyntaxError",
    "DataCloneError", "NotFoundError", "TypeMismatchError", "NoModificationAllowedError",
  ]
) {
  core.registerErrorBuilder(`DOMException${name}`, (message) => new DOMException(message, name));
}

const value = (it) => ({ value: it, writable: true, configurable: true, enumerable: false });

/**
 * Marks the objects of a class as the platform's: they cannot be cloned, and are refused where they would be
 * taken for plain objects without members (structuredClone, storage, connection state).
 */
function uncloneable(type) {
  if (!Object.hasOwn(type.prototype, core.hostObjectBrand)) {
    Object.defineProperty(type.prototype, core.hostObjectBrand, { value: type.name });
  }
  return type;
}

for (
  const type of [
    abort.AbortController, event.EventTarget, event.Event, formdata.FormData, headers.Headers, Request, Response,
    encoding.TextDecoder, encoding.TextEncoder, url.URL, url.URLSearchParams, WebSocketPair,
  ]
) {
  uncloneable(type);
}

/** A global that is loaded when it is first used. */
function lazy(name, loader) {
  return {
    get() {
      const loaded = loader();
      Object.defineProperty(globalThis, name, value(loaded));
      return loaded;
    },
    set(replacement) {
      Object.defineProperty(globalThis, name, value(replacement));
    },
    configurable: true,
    enumerable: false,
  };
}

/*
 * The platform keeps the symbols that mark its keys once per thread, for the isolate that registered
 * last. A shard's thread has many: the host calls `claim` whenever this isolate gets its turn after
 * another one that uses keys (runtime/engine/instance.rs).
 */
function claimKeys(Crypto) {
  const { registerSymbols } = Crypto;
  Object.defineProperty(Crypto, "registerSymbols", {
    value(...symbols) {
      delete Crypto.registerSymbols;
      const claim = () => Reflect.apply(registerSymbols, Crypto, symbols);
      op_keys_used(claim);
      return claim();
    },
    configurable: true,
  });
}

function crypto() {
  const parts = load("ext:deno_crypto/00_crypto.js");
  claimKeys(parts.Crypto);
  // The first look at `crypto` registers the symbols.
  const { crypto: platform, CryptoKey, Crypto, SubtleCrypto } = parts;
  uncloneable(CryptoKey);
  const subtle = platform.subtle;
  const prototype = Object.getPrototypeOf(subtle);
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const method = prototype[name];
    if (name === "constructor" || typeof method !== "function") continue;
    Object.defineProperty(prototype, name, value(gated(method)));
  }
  Object.defineProperty(
    prototype,
    "timingSafeEqual",
    value(function timingSafeEqual(a, b) {
      for (const view of [a, b]) {
        if (!ArrayBuffer.isView(view) && !(view instanceof ArrayBuffer)) {
          throw new TypeError("timingSafeEqual takes two buffers: ArrayBuffers or views of one.");
        }
      }
      const bytes = (view) =>
        ArrayBuffer.isView(view)
          ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
          : new Uint8Array(view);
      const [left, right] = [bytes(a), bytes(b)];
      if (left.byteLength !== right.byteLength) {
        throw new TypeError("Input buffers must have the same byte length.");
      }
      let difference = 0;
      for (let i = 0; i < left.length; i++) difference |= left[i] ^ right[i];
      return difference === 0;
    }),
  );
  const { DigestStream, digestOf } = load("ext:houseparty/platform/digest_stream.js");
  const { digest } = prototype;
  const named = function (algorithm, data) {
    const known = arguments.length > 1 ? digestOf(algorithm, data) : undefined;
    return known === undefined ? Reflect.apply(digest, this, arguments) : Promise.resolve(known);
  };
  Object.defineProperty(named, "name", { value: "digest" });
  Object.defineProperty(prototype, "digest", value(named));
  Object.defineProperty(Crypto.prototype, "DigestStream", value(DigestStream));
  return { platform, CryptoKey, Crypto, SubtleCrypto };
}
let cryptoLoaded;
const cryptoParts = () => (cryptoLoaded ??= crypto());

const cacheParts = () => load("ext:houseparty/platform/caches.js");
let identityLoaded;
const identityParts = () => (identityLoaded ??= load("ext:houseparty/platform/identity.js").create(lengths));
const compression = () => load("ext:deno_web/14_compression.js");
function urlpattern() {
  const parts = load("ext:deno_web/01_urlpattern.js");
  const { prototype } = parts.URLPattern;
  for (const name of ["test", "exec"]) {
    const method = prototype[name];
    // Without an argument the input is empty.
    const optional = { [name]: function (input = {}, ...base) {
      return Reflect.apply(method, this, [input, ...base]);
    } };
    Object.defineProperty(prototype, name, { ...value(optional[name]), enumerable: true });
  }
  return parts;
}

/** Most clones transfer nothing; what they need is small. */
function structuredClone(value, options = undefined) {
  if (arguments.length > 0 && options === undefined) return clonePlain(value);
  const moved = [...(options?.transfer ?? [])];
  const buffersOnly = moved.every((it) => core.isArrayBuffer(it) && !it.detached);
  if (moved.length > 0) {
    if (!buffersOnly || new Set(moved).size !== moved.length) {
      throw new DOMException("Only ArrayBuffers can be transferred, and each only once.", "DataCloneError");
    }
    const copy = clonePlain(value);
    // What was transferred is gone for its sender.
    for (const buffer of moved) buffer.transfer();
    return copy;
  }
  return Reflect.apply(load("ext:deno_web/13_message_port.js").structuredClone, undefined, arguments);
}

/** An answer that a hibernating socket gives by itself; here every message wakes its room. */
class WebSocketRequestResponsePair {
  #request;
  #response;

  constructor(request, response) {
    [this.#request, this.#response] = [`${request}`, `${response}`];
  }

  get request() {
    return this.#request;
  }

  get response() {
    return this.#response;
  }
}

// The platform's own timeout fires outside of a turn of the room.
Object.defineProperty(
  abort.AbortSignal,
  "timeout",
  value(function timeout(delay) {
    const ms = webidl.converters["unsigned long long"](
      delay,
      "Failed to execute 'AbortSignal.timeout'",
      "Argument 1",
      { enforceRange: true },
    );
    const controller = new abort.AbortController();
    const late = () =>
      controller.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError"));
    setTimeout(late, ms);
    return controller.signal;
  }),
);

Object.defineProperty(
  streams.ReadableStreamBYOBReader.prototype,
  "readAtLeast",
  value(function readAtLeast(min, view) {
    return this.read(view, { min });
  }),
);
// Older than `getSetCookie`, and still in use.
Object.defineProperty(
  headers.Headers.prototype,
  "getAll",
  value(function getAll(name) {
    if (`${name}`.toLowerCase() !== "set-cookie") {
      throw new TypeError('getAll() can only be used with the header name "Set-Cookie".');
    }
    return this.getSetCookie();
  }),
);

// In PartyKit's words (G-07).
for (const name of ["append", "delete", "set"]) {
  const method = headers.Headers.prototype[name];
  const told = { [name](...args) {
    try {
      return Reflect.apply(method, this, args);
    } catch (error) {
      if (!`${error?.message}`.endsWith("headers are immutable")) throw error;
      throw new TypeError("Can't modify immutable headers.");
    }
  } };
  Object.defineProperty(headers.Headers.prototype, name, { ...value(told[name]), enumerable: true });
}

class ExtendableEvent extends event.Event {
  waitUntil(promise) {
    Promise.resolve(promise).catch(() => {});
  }
}

class Navigator {
  get userAgent() {
    return "Cloudflare-Workers";
  }
}

const scheduler = Object.freeze({ wait });

function navigatorOf() {
  return new Navigator();
}

/** `console.trace` comes at a level of its own, with its line end apart. */
const TRACE = 4;

const consoleOf = () =>
  new Console((text, level) => {
    if (level === TRACE && text === "\n") return;
    core.ops.op_log(level === TRACE ? LEVEL.info : level, withoutHost(text).replace(/\n$/, ""));
  });

const table = {
  AbortController: value(abort.AbortController),
  AbortSignal: value(abort.AbortSignal),
  Blob: value(file.Blob),
  ByteLengthQueuingStrategy: value(streams.ByteLengthQueuingStrategy),
  CloseEvent: value(event.CloseEvent),
  CountQueuingStrategy: value(streams.CountQueuingStrategy),
  CustomEvent: value(event.CustomEvent),
  DOMException: value(DOMException),
  ErrorEvent: value(event.ErrorEvent),
  Event: value(event.Event),
  EventTarget: value(event.EventTarget),
  ExtendableEvent: value(ExtendableEvent),
  File: value(file.File),
  FormData: value(formdata.FormData),
  Headers: value(headers.Headers),
  MessageEvent: value(event.MessageEvent),
  Navigator: value(Navigator),
  Performance: value(performance.Performance),
  PromiseRejectionEvent: value(event.PromiseRejectionEvent),
  ReadableByteStreamController: value(streams.ReadableByteStreamController),
  ReadableStream: value(streams.ReadableStream),
  ReadableStreamBYOBReader: value(streams.ReadableStreamBYOBReader),
  ReadableStreamBYOBRequest: value(streams.ReadableStreamBYOBRequest),
  ReadableStreamDefaultController: value(streams.ReadableStreamDefaultController),
  ReadableStreamDefaultReader: value(streams.ReadableStreamDefaultReader),
  Request: value(Request),
  Response: value(Response),
  TextDecoder: value(encoding.TextDecoder),
  TextDecoderStream: value(encoding.TextDecoderStream),
  TextEncoder: value(encoding.TextEncoder),
  TextEncoderStream: value(encoding.TextEncoderStream),
  TransformStream: value(streams.TransformStream),
  TransformStreamDefaultController: value(streams.TransformStreamDefaultController),
  URL: value(url.URL),
  URLSearchParams: value(url.URLSearchParams),
  WebSocket: value(WebSocket),
  WebSocketPair: value(WebSocketPair),
  WebSocketRequestResponsePair: value(WebSocketRequestResponsePair),
  WritableStream: value(streams.WritableStream),
  WritableStreamDefaultController: value(streams.WritableStreamDefaultController),
  WritableStreamDefaultWriter: value(streams.WritableStreamDefaultWriter),
  atob: value(base64.atob),
  btoa: value(base64.btoa),
  clearInterval: value(clearInterval),
  clearTimeout: value(clearTimeout),
  performance: value(performance.performance),
  queueMicrotask: value(globalThis.queueMicrotask),
  scheduler: value(scheduler),
  setInterval: value(setInterval),
  setTimeout: value(setTimeout),
  structuredClone: value(structuredClone),
  CompressionStream: lazy("CompressionStream", () => compression().CompressionStream),
  DecompressionStream: lazy("DecompressionStream", () => compression().DecompressionStream),
  Crypto: lazy("Crypto", () => cryptoParts().Crypto),
  CryptoKey: lazy("CryptoKey", () => cryptoParts().CryptoKey),
  SubtleCrypto: lazy("SubtleCrypto", () => cryptoParts().SubtleCrypto),
  crypto: lazy("crypto", () => cryptoParts().platform),
  FixedLengthStream: lazy("FixedLengthStream", () => identityParts().FixedLengthStream),
  IdentityTransformStream: lazy("IdentityTransformStream", () => identityParts().IdentityTransformStream),
  HTMLRewriter: lazy("HTMLRewriter", () => load("ext:houseparty/platform/html_rewriter.js").HTMLRewriter),
  EventSource: lazy("EventSource", () => load("ext:houseparty/platform/event_source.js").create({ hold, later })),
  URLPattern: lazy("URLPattern", () => urlpattern().URLPattern),
  Cache: lazy("Cache", () => cacheParts().Cache),
  CacheStorage: lazy("CacheStorage", () => cacheParts().CacheStorage),
  caches: lazy("caches", () => cacheParts().caches),
  fetch: lazy("fetch", () => {
    const { create } = load("ext:houseparty/platform/fetch.js");
    return create({ gated, gateBody, openSocket, Request, Response });
  }),
  navigator: lazy("navigator", navigatorOf),
};

/** What party code must not find (spec section 8, "absent"). */
export const ABSENT = [
  "Deno", "Bun", "WeakRef", "FinalizationRegistry", "MessageChannel", "BroadcastChannel", "Worker",
  "setImmediate", "clearImmediate", "localStorage", "window", "document", "XMLHttpRequest",
  "FileReader", "Notification", "__bootstrap",
];

/** Whether a party keeps values in the async context; only then it must be cleared between events. */
let contextUsed = false;

let sockets;

/**
 * What modules of js/node need and a party must not have. The first module of a bundle takes it away
 * before any code of the party runs (js/node/process.js).
 */
const platform = Object.freeze({
  asyncContext: Object.freeze({
    get AsyncVariable() {
      contextUsed = true;
      return core.AsyncVariable;
    },
    get: core.getAsyncContext,
    set: core.setAsyncContext,
  }),
  inspect,
  inspectArgs,
  get sockets() {
    return (sockets ??= load("ext:houseparty/platform/tcp.js").create(completion));
  },
});

/** An event starts without the values of the one before it. */
export function clearAsyncContext() {
  if (contextUsed) core.setAsyncContext(undefined);
}

/** Events that say what nobody caught: what prevents them is the party's, the rest is logged. */
const told = new WeakSet();

function tell(type, report, error, promise = undefined) {
  const init = { cancelable: true };
  const said = promise === undefined
    ? new event.ErrorEvent(type, { ...init, error, message: `Uncaught ${messageOf(error)}` })
    : new event.PromiseRejectionEvent(type, { ...init, promise, reason: error });
  told.add(said);
  globalThis.dispatchEvent(said);
  if (!said.defaultPrevented) report(error);
}

/** What party code finds on `globalThis`. Part of the snapshot. */
export function installGlobals() {
  event.setEventTargetData(globalThis);
  event.saveGlobalThisReference(globalThis);
  // The global scope is an event target, as in a worker.
  Object.setPrototypeOf(globalThis, event.EventTarget.prototype);
  Object.defineProperty(globalThis, webidl.brand, { value: webidl.brand });
  Object.defineProperties(globalThis, table);
  // What a listener throws ends here; unprevented it would stop the isolate.
  globalThis.addEventListener("error", (thrown) => {
    if (told.has(thrown)) return;
    thrown.preventDefault();
    report(thrown.error);
  });
  Object.defineProperties(globalThis, {
    console: value(consoleOf()),
    reportError: value(function reportError(error) {
      tell("error", report, error);
    }),
    self: value(globalThis),
  });
  setDialer(dialServer);
}

/** Prepares the isolate for party code: what the snapshot cannot hold, or the host needs until now. */
export function openGlobals(absent) {
  core.setUnhandledPromiseRejectionHandler((promise, reason) => {
    tell("unhandledrejection", reportRejection, reason, promise);
    return true;
  });
  core.setReportExceptionCallback(report);
  performance.setTimeOrigin();
  Object.defineProperty(globalThis, "__houseparty_platform", value(platform));
  for (const name of absent) delete globalThis[name];
}
