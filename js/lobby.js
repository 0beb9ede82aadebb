/*
 * What rooms and static hooks see of the rest of the project: `context.parties` and its stubs, assets,
 * analytics, the `Lobby` objects (spec 3.2, 3.3).
 */

import { core } from "ext:core/mod.js";
import { completion } from "ext:houseparty/completion.js";
import { hostSocket } from "ext:houseparty/connection.js";
import { addSocket, incomingResponse, outgoing } from "ext:houseparty/http.js";
import { warnOnce } from "ext:houseparty/log.js";
import { isRedirect, Request, Response } from "ext:houseparty/platform/http.js";

const { Headers } = core.loadExtScript("ext:deno_fetch/20_headers.js");
const { op_stub_fetch, op_stub_dial, op_asset_fetch, op_body_cancel } = core.ops;
const REDIRECTS_MAX = 20;

export const analytics = {
  writeDataPoint() {
    warnOnce("⚠️  analytics.writeDataPoint is not implemented in local development.");
  },
};

/**
 * The room id as it stands in a URL: what a URL parser would change is percent-encoded, so that a stub
 * and a client that mean the same room meet in it. `%` stays: the id is a raw path segment.
 */
function segmentOf(id) {
  return id.replace(/[^\x21\x24-\x2e\x30-\x3b\x3d\x40-\x5b\x5d-\x5f\x61-\x7a\x7c\x7e%]/gu, (character) => {
    try {
      return encodeURIComponent(character);
    } catch {
      return "%EF%BF%BD";
    }
  });
}

function checkPath(path) {
  if (!path.startsWith("/")) throw new Error("Path must start with /");
  return path;
}

/** The request a stub's `fetch` or `socket` means. */
function requestFor(base, first, init) {
  if (!first) return new Request(base, init);
  if (typeof first === "string") return new Request(base + checkPath(first), init);
  // A Request's own URL is dropped; method, headers and body are kept.
  return new Request(base, first);
}

async function fetchStub(party, id, request) {
  let current = request;
  for (let hops = 0; ; hops++) {
    const { method, url, headers, body } = outgoing(current);
    const answer = await completion(op_stub_fetch(party, id, method, url, headers, body));
    // As on the wire: the answer to a HEAD has no body.
    if (method === "HEAD") {
      if (typeof answer[3] === "number") op_body_cancel(answer[3]);
      answer[3] = null;
    }
    const response = incomingResponse(answer, url);
    if (hops > 0) Object.defineProperty(response, "redirected", { value: true, configurable: true });
    const location = response.headers.get("location");
    const follow = current.redirect !== "manual" && location !== null && isRedirect(response.status);
    if (!follow) return response;
    if (current.redirect === "error" || hops >= REDIRECTS_MAX) {
      throw new TypeError(
        hops >= REDIRECTS_MAX ? "Too many redirects." : "Unexpected redirect.",
      );
    }
    const keep = response.status === 307 || response.status === 308 ||
      current.method === "GET" || current.method === "HEAD";
    // Redirects are followed inside the same room.
    current = new Request(new URL(location, url).href, {
      method: keep ? current.method : "GET",
      headers: current.headers,
      body: keep && typeof body !== "number" && body !== null ? body : undefined,
      redirect: current.redirect,
    });
  }
}

/** `promise`, unless `signal` aborts first. */
function abortable(promise, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort);
    promise.then(resolve, reject).then(() => signal.removeEventListener("abort", abort));
  });
}

async function dialStub(party, id, request) {
  // A room without an id answers with an error, which is no socket.
  if (id === "") throw new Error("Expected a websocket response");
  const { url, headers } = outgoing(request);
  const number = await completion(op_stub_dial(party, id, url, headers));
  const socket = hostSocket(number);
  addSocket(number, socket);
  return socket;
}

function createStub(party, id, host) {
  const base = `http://${host}/parties/${party}/${segmentOf(id)}`;
  const target = segmentOf(id);
  return {
    fetch(first, init) {
      const request = requestFor(base, first, init);
      if (`${request.headers.get("upgrade")}`.toLowerCase() === "websocket") {
        return dialStub(party, target, request).then(
          (webSocket) => new Response(null, { status: 101, webSocket }),
        );
      }
      const signal = init?.signal ?? (typeof first === "object" ? first?.signal : undefined);
      if (signal?.aborted) return Promise.reject(signal.reason);
      const answer = fetchStub(party, target, request);
      return signal ? abortable(answer, signal) : answer;
    },
    connect() {
      warnOnce("stub.connect() is deprecated. Use stub.socket() instead.");
      return new globalThis.WebSocket(`ws://${host}/parties/${party}/${target}`);
    },
    async socket(first, init) {
      const options = (typeof first === "string" || !first ? init : first) ?? {};
      const path = typeof first === "string" && first !== "" ? checkPath(first) : "";
      const headers = new Headers(options.headers ?? {});
      return dialStub(party, target, new Request(base + path, { headers }));
    },
  };
}

/** `parties`: one own member per party, `main` last. */
function createParties(names, host) {
  const parties = {};
  for (const party of names) {
    Object.defineProperty(parties, party, {
      value: { get: (id) => createStub(party, `${id}`, host) },
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return parties;
}

const assets = {
  /** a Response, or null if there is no such file. */
  async fetch(path) {
    const text = `${path}`;
    checkPath(text);
    const answer = await completion(op_asset_fetch(text));
    return answer === undefined ? null : incomingResponse(answer, "");
  },
};

const unavailable = (what) => () => {
  throw new Error(`${what} is not available in Houseparty`);
};

function vectorizeOf(names) {
  const clients = {};
  for (const name of names) {
    const methods = ["insert", "upsert", "query", "describe", "deleteByIds", "getByIds"];
    clients[name] = Object.fromEntries(
      methods.map((method) => [method, unavailable(`vectorize.${name}.${method}`)]),
    );
  }
  return clients;
}

/** `room.context`. */
export function createContext(info) {
  let parties;
  return {
    get parties() {
      return (parties ??= createParties(info.parties, info.host));
    },
    vectorize: vectorizeOf(info.vectorize ?? []),
    ai: info.ai ?? undefined,
    assets,
    bindings: { r2: {}, kv: {} },
  };
}

/** The lobby of a hook; `id` for those of a room. A new one for every call. */
export function createLobby(info, id = undefined) {
  const { parties, vectorize, ai, bindings } = createContext(info);
  const lobby = {
    env: structuredClone(info.env),
    ai,
    parties,
    assets,
    vectorize,
    analytics,
    bindings,
  };
  return id === undefined ? lobby : { id, ...lobby };
}
