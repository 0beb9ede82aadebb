/*
 * Requests and responses between the host and the party's objects. Heads travel as one Latin-1 string
 * of alternating names and values, one a line; small bodies as bytes, others as the number of a
 * stream whose chunks the host moves with back-pressure.
 */

import { core } from "ext:core/mod.js";
import { completion } from "ext:houseparty/completion.js";
import {
  abortRequest,
  lengths,
  makeRequest,
  makeResponse,
  takeRequest,
  takeResponse,
} from "ext:houseparty/platform/http.js";

const { ReadableStream } = core.loadExtScript("ext:deno_web/06_streams.js");
const { op_body_open, op_body_write, op_body_end, op_body_abort, op_body_read, op_body_cancel } =
  core.ops;

/**
 * Clients whose request has no complete answer yet: visit → { request, reader }. The reader is that of
 * the streamed body which the client is being sent, once there is one.
 */
const visits = new Map();

/** Remembers whose request this is. `visit` 0 or undefined: nobody who could leave. */
export function beginVisit(visit, request) {
  if (visit) visits.set(visit, { request, reader: null });
}

/** The answer is complete, or is somebody else's affair. */
export function endVisit(visit) {
  visits.delete(visit);
}

/** The client has left: aborts `request.signal` and ends a body that nobody reads any more. */
export function leaveVisit(visit) {
  const known = visits.get(visit);
  if (known === undefined) return;
  visits.delete(visit);
  abortRequest(known.request);
  known.reader?.cancel(new Error("The client disconnected.")).catch(() => {});
}

/** Sockets that are not connections of the room: socket number → WebSocket. */
const sockets = new Map();

export function addSocket(number, socket) {
  sockets.set(number, socket);
}

export function socketOf(number) {
  return sockets.get(number);
}

export function removeSocket(number) {
  sockets.delete(number);
}

/** What a program may learn about where a request came from; a neutral local place. */
const CF = {
  colo: "LOCAL",
  country: "XX",
  city: "Local",
  continent: "XX",
  region: "Local",
  regionCode: "LO",
  postalCode: "00000",
  metroCode: "0",
  latitude: "0.00000",
  longitude: "0.00000",
  timezone: "UTC",
  asn: 0,
  asOrganization: "Houseparty",
  httpProtocol: "HTTP/1.1",
  requestPriority: "",
  clientAcceptEncoding: "br, gzip",
  tlsVersion: "",
  tlsCipher: "",
  clientTcpRtt: 0,
  isEUCountry: "0",
  clientTrustScore: 0,
  edgeRequestKeepAliveStatus: 1,
  botManagement: {},
};

function headerList(flat) {
  if (flat === "") return [];
  const parts = flat.split("\n");
  const list = [];
  for (let i = 0; i + 1 < parts.length; i += 2) list.push([parts[i], parts[i + 1]]);
  return list;
}

function flatten(list) {
  let flat = "";
  for (let i = 0; i < list.length; i++) {
    flat += i === 0 ? `${list[i][0]}\n${list[i][1]}` : `\n${list[i][0]}\n${list[i][1]}`;
  }
  return flat;
}

/** A stream over the chunks of a body that the host holds. */
function bodyStream(number) {
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const chunk = await completion(op_body_read(number));
      if (chunk === undefined) {
        controller.close();
        controller.byobRequest?.respond(0);
      } else {
        controller.enqueue(chunk);
      }
    },
    cancel() {
      op_body_cancel(number);
    },
  }, { highWaterMark: 0 });
}

function incomingBody(body) {
  if (body === undefined || body === null) return null;
  return typeof body === "number" ? bodyStream(body) : body;
}

/** A client that says how long its body is sends one, even if that is nothing. */
function emptyBody(method, list) {
  if (method === "GET" || method === "HEAD") return null;
  return list.some(([name]) => name === "content-length") ? new Uint8Array(0) : null;
}

/** The Request of an event. `guard`: "immutable" for handlers, "request" for hooks (G-07, R-22). */
export function incomingRequest(method, url, headers, body, guard) {
  const list = headerList(headers);
  return makeRequest({
    method,
    url,
    headers: list,
    body: incomingBody(body) ?? emptyBody(method, list),
    guard,
    cf: { ...CF },
  });
}

/** The Response that a room or an asset gave: [status, reason, headers, body]. */
export function incomingResponse([status, statusText, headers, body], url) {
  return makeResponse({
    status,
    statusText,
    headers: headerList(headers),
    body: incomingBody(body),
    url,
    guard: "immutable",
  });
}

/** Sends the chunks of `stream` through the host's body `number`, to the client of `visit` if any. */
async function pump(number, stream, visit) {
  let reader;
  try {
    reader = stream.getReader();
    const known = visits.get(visit);
    if (known !== undefined) known.reader = reader;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        op_body_end(number);
        return;
      }
      if (!(value instanceof Uint8Array)) {
        throw new TypeError("This ReadableStream did not return bytes.");
      }
      if (value.byteLength === 0) continue;
      const wanted = await completion(op_body_write(number, value));
      if (!wanted) {
        await reader.cancel(new Error("The client disconnected."));
        return;
      }
    }
  } catch (error) {
    op_body_abort(number, `${error?.message ?? error}`);
    reader?.cancel(error).catch(() => {});
  } finally {
    endVisit(visit);
  }
}

/** A body as ops take it: null, a string, bytes, or the number of a stream that is being sent. */
function outgoingBody(body, visit = 0) {
  if (body === null || body === undefined || typeof body === "string" || body instanceof Uint8Array) {
    endVisit(visit);
    return body ?? null;
  }
  const number = op_body_open();
  pump(number, body, visit);
  return number;
}

/** Takes a request apart for an op. */
export function outgoing(request) {
  const { method, url, headers, body } = takeRequest(request);
  return { method, url, headers: flatten(headers), body: outgoingBody(body) };
}

/** Takes a response apart for an op; its body goes to the client of `visit`. */
export function outgoingResponse(response, visit = 0) {
  const { status, statusText, headers, body, webSocket } = takeResponse(response);
  if (webSocket !== null && webSocket !== undefined) {
    endVisit(visit);
    return { status, statusText, headers: flatten(headers), body: null, webSocket };
  }
  const length = lengths.get(body);
  const sized = length === undefined || headers.some(([name]) => name.toLowerCase() === "content-length")
    ? headers
    : [...headers, ["content-length", `${length}`]];
  return { status, statusText, headers: flatten(sized), body: outgoingBody(body, visit), webSocket: null };
}
