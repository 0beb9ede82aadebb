/*
 * Making and taking apart Request and Response without their constructors: what the host has is a
 * method, a URL, header pairs and bytes, and what it wants back is the same. Uses the inner objects of
 * the platform's fetch family, as a server built on it does.
 */

import { core } from "ext:core/mod.js";

import { gated } from "ext:houseparty/completion.js";
import { warnOnce } from "ext:houseparty/log.js";

const { ReadableStream } = core.loadExtScript("ext:deno_web/06_streams.js");
const { InnerBody } = core.loadExtScript("ext:deno_fetch/22_body.js");
const {
  Request: PlatformRequest,
  abortRequest,
  fromInnerRequest,
  newInnerRequest,
  toInnerRequest,
} = core.loadExtScript("ext:deno_fetch/23_request.js");
const {
  Response: PlatformResponse,
  fromInnerResponse,
  newInnerResponse,
  toInnerResponse,
} = core.loadExtScript("ext:deno_fetch/23_response.js");

const BODY_USED =
  "Body has already been used. It can only be used once. Use tee() first if you need to read it twice.";

// In PartyKit's words.
const { consume } = InnerBody.prototype;
InnerBody.prototype.consume = function () {
  if (this.unusable()) throw new TypeError(BODY_USED);
  return Reflect.apply(consume, this, []);
};

/** Streams of bodies that somebody has looked at. */
const bodies = new WeakSet();

for (const { prototype } of [PlatformRequest, PlatformResponse]) {
  const { get } = Object.getOwnPropertyDescriptor(prototype, "body");
  Object.defineProperty(prototype, "body", {
    get() {
      const stream = Reflect.apply(get, this, []);
      if (stream !== null) bodies.add(stream);
      return stream;
    },
    enumerable: true,
    configurable: true,
  });
}

/** The rest of a stream as one that can be read into a buffer. */
function byteStreamOf(reader) {
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const { done, value } = await reader.read();
      if (!done) return controller.enqueue(value);
      controller.close();
      controller.byobRequest?.respond(0);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

// Every body can be read into a buffer, whatever it was made of; those that were given whole are no byte streams here.
const { getReader } = ReadableStream.prototype;
Object.defineProperty(ReadableStream.prototype, "getReader", {
  value: function (options = undefined) {
    if (options?.mode !== "byob" || !bodies.has(this) || this.locked) {
      return Reflect.apply(getReader, this, arguments);
    }
    try {
      return Reflect.apply(getReader, this, [options]);
    } catch {
      return Reflect.apply(getReader, byteStreamOf(Reflect.apply(getReader, this, [])), [options]);
    }
  },
  writable: true,
  enumerable: true,
  configurable: true,
});
Object.defineProperty(ReadableStream.prototype.getReader, "name", { value: "getReader" });

/** Response → the WebSocket it was constructed with (G-08). */
const webSockets = new WeakMap();
/** Request → its `cf` object. */
const places = new WeakMap();

/** Readable side of a FixedLengthStream → its length. */
export const lengths = new WeakMap();

const NULL_BODY_STATUSES = new Set([101, 204, 205, 304]);

/**
 * Whether a body is given where HTTP has none, and is empty. PartyKit takes `new Response("", { status:
 * 204 })`; the platform's Response refuses it.
 */
function isEmptyForNothing(body, status) {
  if (body === undefined || body === null || !NULL_BODY_STATUSES.has(Number(status))) return false;
  return body === "" || body.byteLength === 0 || body.size === 0;
}

/** What a status must be, in PartyKit's words (L-40). */
function checkStatus(body, status, webSocket) {
  if (status === undefined) return;
  const number = Number(status);
  if ((number < 200 || number > 599) && !(number === 101 && webSocket)) {
    throw new RangeError("Responses may only be constructed with status codes in the range 200 to 599, inclusive.");
  }
  if (body !== undefined && body !== null && NULL_BODY_STATUSES.has(number)) {
    throw new TypeError("Response with null body status (101, 204, 205, or 304) cannot have a body.");
  }
}

/** The platform's Response, which also takes `webSocket` with status 101. */
const Response = new Proxy(PlatformResponse, {
  construct(target, args, newTarget) {
    if (isEmptyForNothing(args[0], args[1]?.status)) {
      warnOnce(
        `a response with the status ${args[1].status} has no body: pass null instead of an empty one`,
      );
      args = [null, ...args.slice(1)];
    }
    const webSocket = args[1]?.webSocket;
    checkStatus(args[0], args[1]?.status, webSocket);
    const response = Reflect.construct(target, args, newTarget);
    if (webSocket !== undefined && webSocket !== null) webSockets.set(response, webSocket);
    return response;
  },
});
Object.defineProperty(PlatformResponse.prototype, "constructor", {
  value: Response,
  writable: true,
  configurable: true,
});
const REDIRECT_STATUSES = new Set([301, 302, 303, 307, 308]);

export const isRedirect = (status) => REDIRECT_STATUSES.has(status);

const { redirect } = PlatformResponse;
const redirects = {
  /** In PartyKit's words. */
  redirect(url, status = 302) {
    if (arguments.length > 0 && !isRedirect(Number(status))) {
      throw new RangeError(
        `${status} is not a redirect status code. It must be one of: 301, 302, 303, 307, or 308.`,
      );
    }
    return Reflect.apply(redirect, this, arguments);
  },
};
Object.defineProperty(PlatformResponse, "redirect", {
  value: redirects.redirect,
  writable: true,
  enumerable: true,
  configurable: true,
});
/** The words of a status, for a response that was given none (RFC 9110, section 15). */
function phraseOf(status) {
  const phrases = {
    101: "Switching Protocols", 200: "OK", 201: "Created", 202: "Accepted", 203: "Non-Authoritative Information",
    204: "No Content", 205: "Reset Content", 206: "Partial Content", 207: "Multi-Status", 208: "Already Reported",
    226: "IM Used", 300: "Multiple Choices", 301: "Moved Permanently", 302: "Found", 303: "See Other",
    304: "Not Modified", 305: "Use Proxy", 307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request",
    401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout", 409: "Conflict", 410: "Gone",
    411: "Length Required", 412: "Precondition Failed", 413: "Payload Too Large", 414: "URI Too Long",
    415: "Unsupported Media Type", 416: "Range Not Satisfiable", 417: "Expectation Failed", 418: "I'm a teapot",
    421: "Misdirected Request", 422: "Unprocessable Entity", 423: "Locked", 424: "Failed Dependency",
    426: "Upgrade Required", 428: "Precondition Required", 429: "Too Many Requests",
    431: "Request Header Fields Too Large", 451: "Unavailable For Legal Reasons", 500: "Internal Server Error",
    501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
    505: "HTTP Version Not Supported", 506: "Variant Also Negotiates", 507: "Insufficient Storage",
    508: "Loop Detected", 510: "Not Extended", 511: "Network Authentication Required",
  };
  const classes = { 2: "Successful", 3: "Redirection", 4: "Client Error", 5: "Server Error" };
  return phrases[status] ?? classes[Math.trunc(status / 100)] ?? "";
}

const { get: statusTextOf } = Object.getOwnPropertyDescriptor(PlatformResponse.prototype, "statusText");
Object.defineProperty(PlatformResponse.prototype, "statusText", {
  get() {
    return Reflect.apply(statusTextOf, this, []) || phraseOf(this.status);
  },
  enumerable: true,
  configurable: true,
});
Object.defineProperty(PlatformResponse.prototype, "webSocket", {
  get() {
    return webSockets.get(this) ?? null;
  },
  enumerable: true,
  configurable: true,
});
/** The platform's Request; `cf` is taken from the init, else from the request it copies. */
const Request = new Proxy(PlatformRequest, {
  construct(target, args, newTarget) {
    const request = Reflect.construct(target, args, newTarget);
    const place = args[1]?.cf ?? places.get(args[0]);
    if (place !== undefined) places.set(request, place);
    return request;
  },
});
Object.defineProperty(PlatformRequest.prototype, "constructor", {
  value: Request,
  writable: true,
  configurable: true,
});
const cloneRequest = PlatformRequest.prototype.clone;
Object.defineProperty(PlatformRequest.prototype, "clone", {
  value: function clone() {
    const copy = Reflect.apply(cloneRequest, this, []);
    const place = places.get(this);
    if (place !== undefined) places.set(copy, place);
    return copy;
  },
  writable: true,
  enumerable: true,
  configurable: true,
});
Object.defineProperty(PlatformRequest.prototype, "cf", {
  get() {
    return places.get(this);
  },
  enumerable: true,
  configurable: true,
});

export { abortRequest, Request, Response };

function innerBody(body) {
  if (body === null) return null;
  if (typeof body === "string" || body instanceof Uint8Array) {
    const inner = new InnerBody({ body, consumed: false });
    inner.source = body;
    inner.length = body.byteLength ?? null;
    return inner;
  }
  return new InnerBody(body);
}

/** A Request of the host; `guard` is that of its headers. */
export function makeRequest({ method, url, headers, body, guard, cf }) {
  const inner = newInnerRequest(method, url, () => headers, innerBody(body), false);
  inner.redirectMode = "manual";
  const request = fromInnerRequest(inner, guard);
  places.set(request, cf);
  return request;
}

/** A body for the wire: null, text or bytes, or a stream. Marks it used. */
function takeBody(inner) {
  if (inner === null || inner === undefined) return null;
  if (inner.unusable()) throw new TypeError(BODY_USED);
  const { streamOrStatic } = inner;
  if (streamOrStatic instanceof ReadableStream) return streamOrStatic;
  streamOrStatic.consumed = true;
  return streamOrStatic.body;
}

/** Method, URL, header pairs and body of a Request. */
export function takeRequest(request) {
  const inner = toInnerRequest(request);
  return {
    method: request.method,
    url: inner.url(),
    headers: [...request.headers],
    body: takeBody(inner.body),
  };
}

export function makeResponse({ status, statusText, headers, body, url, guard }) {
  const inner = newInnerResponse(status, statusText);
  inner.headerList = headers;
  inner.body = innerBody(body);
  if (url !== "") inner.urlList.push(url);
  return fromInnerResponse(inner, guard);
}

/** Status, reason, header pairs, body and WebSocket of a Response. */
export function takeResponse(response) {
  const inner = toInnerResponse(response);
  return {
    status: inner.status,
    statusText: inner.statusMessage,
    headers: inner.headerList,
    body: takeBody(inner.body),
    webSocket: webSockets.get(response) ?? null,
  };
}

/** Makes each chunk of a fetched body an event of the room (GATE-01). */
export function gateBody(response) {
  const inner = toInnerResponse(response);
  const stream = inner.body?.streamOrStatic;
  if (!(stream instanceof ReadableStream)) return response;
  let reader;
  const source = {
    type: "bytes",
    async pull(controller) {
      reader ??= stream.getReader();
      const { done, value } = await gated(reader.read).call(reader);
      if (!done) return controller.enqueue(value);
      controller.close();
      controller.byobRequest?.respond(0);
    },
    cancel(reason) {
      return (reader ?? stream).cancel(reason);
    },
  };
  inner.body = new InnerBody(new ReadableStream(source, { highWaterMark: 0 }));
  return response;
}
