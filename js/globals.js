/*
 * The global scope of party code: the web platform as spec section 8 lists it, and nothing else.
 *
 * What nearly every room uses is in the snapshot; the rest (crypto, compression, fetch, the WebSocket
 * client …) is loaded by the first access of an isolate, so that a room that uses only sockets and
 * storage stays small. `installGlobals` runs once per isolate before party code and removes every path
 * to `core`: after it nobody can reach an op.
 */

import { core, internals } from "ext:core/mod.js";
import { gated } from "ext:houseparty/completion.js";
import { setDialer, WebSocket, WebSocketPair } from "ext:houseparty/connection.js";
import { wait, setTimeout, setInterval, clearTimeout, clearInterval } from "ext:houseparty/timers.js";
import { gateBody, Request, Response } from "ext:houseparty/platform/http.js";
import { dialServer } from "ext:houseparty/platform/client_socket.js";
import { createCaches } from "ext:houseparty/platform/caches.js";

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
const { structuredClone } = load("ext:deno_web/02_structured_clone.js");
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
  return { platform, CryptoKey, Crypto, SubtleCrypto };
}
let cryptoLoaded;
const cryptoParts = () => (cryptoLoaded ??= crypto());

const compression = () => load("ext:deno_web/14_compression.js");
const urlpattern = () => load("ext:deno_web/01_urlpattern.js");

/** Streams of a fixed or of any length whose sides need no transformer (workerd's own). */
class IdentityTransformStream extends streams.TransformStream {}
class FixedLengthStream extends streams.TransformStream {
  constructor(length) {
    const expected = Number(length);
    let seen = 0;
    super({
      transform(chunk, controller) {
        seen += chunk.byteLength;
        if (seen > expected) {
          throw new TypeError("Attempt to write too many bytes through a FixedLengthStream.");
        }
        controller.enqueue(chunk);
      },
      flush() {
        if (seen < expected) {
          throw new TypeError("FixedLengthStream did not see all expected bytes before close().");
        }
      },
    });
  }
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

const consoleOf = () => new Console((text, level) => core.ops.op_log(level, text.replace(/\n$/, "")));

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
  FixedLengthStream: value(FixedLengthStream),
  FormData: value(formdata.FormData),
  Headers: value(headers.Headers),
  IdentityTransformStream: value(IdentityTransformStream),
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
  EventSource: lazy("EventSource", () => load("ext:deno_fetch/27_eventsource.js").EventSource),
  URLPattern: lazy("URLPattern", () => urlpattern().URLPattern),
  caches: lazy("caches", createCaches),
  fetch: lazy("fetch", () => {
    const platformFetch = gated(load("ext:deno_fetch/26_fetch.js").fetch);
    return async function fetch(input, init = undefined) {
      return gateBody(await platformFetch(input, init));
    };
  }),
  navigator: lazy("navigator", navigatorOf),
};

/** What party code must not find (spec section 8, "absent"). */
const ABSENT = [
  "Deno", "Bun", "WeakRef", "FinalizationRegistry", "MessageChannel", "BroadcastChannel", "Worker",
  "setImmediate", "clearImmediate", "localStorage", "window", "document", "XMLHttpRequest",
  "FileReader", "Notification", "__bootstrap",
];

/** Whether a party keeps values in the async context; only then it must be cleared between events. */
let contextUsed = false;

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
});

/** An event starts without the values of the one before it. */
export function clearAsyncContext() {
  if (contextUsed) core.setAsyncContext(undefined);
}

/** Prepares the isolate for party code. */
export function installGlobals({ report, reportRejection }) {
  core.setUnhandledPromiseRejectionHandler((_promise, reason) => {
    reportRejection(reason);
    return true;
  });
  core.setReportExceptionCallback(report);
  performance.setTimeOrigin();
  event.setEventTargetData(globalThis);
  event.saveGlobalThisReference(globalThis);
  // The global scope is an event target, as in a worker.
  Object.setPrototypeOf(globalThis, event.EventTarget.prototype);
  Object.defineProperty(globalThis, webidl.brand, { value: webidl.brand });
  Object.defineProperties(globalThis, table);
  // What a listener throws ends here; unprevented it would stop the isolate.
  globalThis.addEventListener("error", (thrown) => {
    thrown.preventDefault();
    report(thrown.error);
  });
  Object.defineProperties(globalThis, {
    console: value(consoleOf()),
    reportError: value((error) => report(error)),
    self: value(globalThis),
    __houseparty_platform: value(platform),
  });
  setDialer(dialServer);
  for (const name of ABSENT) delete globalThis[name];
}
