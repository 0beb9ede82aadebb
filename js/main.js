/*
 * The door between the host and a party: one function, `dispatch`, which the host calls once per turn
 * with an event; everything a party answers goes back through ops.
 *
 * Order of life in an isolate: the snapshot holds this file evaluated; the host calls `boot()` once,
 * evaluates the party's module, calls `load(default export)`, then `dispatch(START, …)` when the
 * isolate gets its room (or its lobby), then one `dispatch` per event.
 *
 * Nothing a party throws leaves `dispatch`: failures become responses, closes or log lines as
 * spec 2.5 says. The numbers of the events are those of runtime/engine/turn.rs.
 */

import { core } from "ext:core/mod.js";
import { settle } from "ext:houseparty/completion.js";
import { bindToHost, socketParts, WebSocketPair } from "ext:houseparty/connection.js";
import { describe, hasMessage, messageOf, placeOf, statusOf } from "ext:houseparty/errors.js";
import { ABSENT, clearAsyncContext, installGlobals, openGlobals } from "ext:houseparty/globals.js";
import {
  addSocket,
  beginVisit,
  endVisit,
  incomingRequest,
  leaveVisit,
  outgoing,
  outgoingResponse,
  removeSocket,
  socketOf,
} from "ext:houseparty/http.js";
import { createLobby } from "ext:houseparty/lobby.js";
import { logError, mirror, reportRejection } from "ext:houseparty/log.js";
import { define } from "ext:houseparty/party.js";
import { Request, Response } from "ext:houseparty/platform/http.js";
import {
  addConnection,
  connectionOf,
  createConnection,
  createRoom,
  forgetConnections,
  isHibernating,
  removeConnection,
  restoreConnections,
  startConnections,
  tagsOf,
} from "ext:houseparty/room.js";
import { beginSection, sectionsIdle } from "ext:houseparty/section.js";
import { fire } from "ext:houseparty/timers.js";

const {
  op_respond,
  op_fail,
  op_upgrade,
  op_upgrade_raw,
  op_continue,
  op_pass,
  op_loaded,
  op_load_failed,
  op_started,
  op_start_failed,
  op_connection_add,
  op_connection_drop,
  op_connection_key,
  op_alarm_done,
} = core.ops;

const START = 1;
const REQUEST = 2;
const CONNECT = 3;
const MESSAGE = 4;
const CLOSED = 5;
const TIMER = 6;
const COMPLETION = 7;
const SECTION = 8;
const HOOK = 9;
const ALARM = 10;
const LEFT = 11;

const NOT_A_RESPONSE =
  "Incorrect type for Promise: the Promise did not resolve to 'Response'.";

let definition = null;
let info = null;
let worker = null;

/** Prepares the isolate for party code; called once by the host, before the party's module. */
function boot(inspected, absent = ABSENT) {
  openGlobals(absent);
  if (inspected) mirror();
}

/** Imports the party's module and tells the host its shape, or why it cannot be served. */
function load(specifier) {
  import(specifier).then((module) => {
    if (!("default" in module)) throw new Error("the party has no default export");
    definition = define(module.default);
    op_loaded(JSON.stringify(definition.shape));
  }).catch((error) => op_load_failed(describe(error)));
}

function dispatch(kind, a, b, c, d, e, f, g, h) {
  clearAsyncContext();
  switch (kind) {
    case MESSAGE:
      return onMessage(a, b);
    case COMPLETION:
      return onCompletion(a, b, c, d, e, f);
    case TIMER:
      return fire(a);
    case REQUEST:
      return void onRequest(a, b, c, d, e, f, g);
    case CONNECT:
      return void onConnect(a, b, c, d, e);
    case CLOSED:
      return onClosed(a, b, c, d, e);
    case SECTION:
      return beginSection(a);
    case HOOK:
      return void onHook(a, b, c, d, e, f, g, h);
    case ALARM:
      return void onAlarm();
    case LEFT:
      return leaveVisit(a);
    case START:
      return start(a);
  }
}

// ---- start ------------------------------------------------------------------------------------

function start(json) {
  info = JSON.parse(json);
  if (info.lobby) {
    op_started(false);
    return;
  }
  startRoom().then(
    () => op_started(isHibernating()),
    (error) => {
      logError("onStart error", error);
      op_start_failed(statusOf(error), messageOf(error, "Uncaught exception when starting"));
    },
  );
}

async function startRoom() {
  worker = definition.create(createRoom(info));
  startConnections(worker.hibernate);
  restoreConnections(info.sockets);
  await worker.onStart();
  // `blockConcurrencyWhile` in the constructor belongs to the start (GATE-20).
  await sectionsIdle();
}

// ---- HTTP -------------------------------------------------------------------------------------

/** `visit` is the client's number, by which the host says that it left; 0 for calls of other rooms. */
async function onRequest(id, method, url, headers, body, internal, visit) {
  try {
    if (!worker.has("onRequest")) {
      op_fail(id, 500, internal ? "Invalid onRequest handler" : "No onRequest handler", "");
      return;
    }
    const request = incomingRequest(method, url, headers, body, "immutable");
    beginVisit(visit, request);
    respond(id, await worker.onRequest(request), visit);
  } catch (error) {
    endVisit(visit);
    logError("onRequest error", error);
    op_fail(
      id,
      statusOf(error),
      messageOf(error, "Uncaught exception when making a request"),
      placeOf(error),
    );
  }
}

/** Answers a request with what a handler gave; throws if that is not a Response (L-41). */
function respond(id, response, visit) {
  if (!(response instanceof Response)) throw new TypeError(NOT_A_RESPONSE);
  const { status, statusText, headers, body, webSocket } = outgoingResponse(response, visit);
  if (webSocket !== null) {
    upgradeRaw(id, webSocket, response.headers.get("sec-websocket-protocol") ?? "");
    return;
  }
  op_respond(id, status, statusText, headers, body);
}

/** Answers an upgrade with one end of a `WebSocketPair` (G-08). */
function upgradeRaw(id, webSocket, protocol) {
  const number = op_upgrade_raw(id, protocol);
  addSocket(number, bindToHost(webSocket, number));
}

// ---- connections ------------------------------------------------------------------------------

async function onConnect(id, number, url, headers, visit) {
  let socket;
  try {
    const request = incomingRequest("GET", url, headers, null, "immutable");
    beginVisit(visit, request);
    const key = new globalThis.URL(url).searchParams.get("_pk") || op_connection_key();
    socket = createConnection(number, key, url);
    const context = { request };
    const given = worker.has("getConnectionTags")
      ? await worker.getConnectionTags(socket, context)
      : [];
    const tags = tagsOf(key, given);
    op_connection_add(number, key, url, JSON.stringify(tags));
    addConnection(number, socket, tags);
    if (worker.has("onConnect")) await worker.onConnect(socket, context);
    op_upgrade(id, number);
  } catch (error) {
    logError("Error when connecting", error);
    // The client is told why: 101 and then 1011 (2.5); nothing of it stays listed (L-44).
    removeConnection(number);
    op_upgrade(id, number);
    if (socket !== undefined && socket.readyState < 2) {
      socket.close(1011, messageOf(error, "Uncaught exception when connecting"));
    }
    op_connection_drop(number);
  } finally {
    endVisit(visit);
  }
}

/** Calls a handler whose failure is only logged (2.5). */
function quietly(what, call) {
  try {
    const result = call();
    if (typeof result?.then === "function") {
      result.then(undefined, (error) => logError(what, error));
    }
  } catch (error) {
    logError(what, error);
  }
}

function onMessage(number, data) {
  const connection = connectionOf(number);
  if (connection === undefined) {
    const socket = socketOf(number);
    if (socket !== undefined) socketParts.receive(socket, "message", data);
    return;
  }
  // A party's own listeners come after its handler (W-11); those it adds there hear of the next message.
  const heard = socketParts.listening(connection);
  if (heard) socketParts.hold(connection);
  if (worker.has("onMessage")) {
    quietly("onMessage error", () => worker.onMessage(data, connection));
  }
  if (heard) {
    socketParts.receive(connection, "message", data);
    socketParts.release(connection);
  }
}

function onClosed(number, code, reason, clean, error) {
  const connection = connectionOf(number);
  if (connection === undefined) {
    const socket = socketOf(number);
    removeSocket(number);
    if (socket === undefined) return;
    if (error !== undefined) socketParts.receive(socket, "error", error);
    socketParts.receive(socket, "close", code, reason, clean);
    return;
  }
  removeConnection(number);
  socketParts.setState(connection, 3);
  const heard = socketParts.listening(connection);
  if (error !== undefined && worker.has("onError")) {
    quietly("onError error", () => worker.onError(connection, new Error(error)));
  }
  if (worker.has("onClose")) {
    quietly("onClose error", () => worker.onClose(connection, code, reason, clean));
  }
  if (heard) {
    if (error !== undefined) socketParts.receive(connection, "error", error);
    socketParts.receive(connection, "close", code, reason, clean);
  }
}

// ---- completions, alarms ----------------------------------------------------------------------

const DONE = 0;
const CHUNK = 1;
const RESPONSE = 2;
const SOCKET = 3;
const NOTHING = 4;
const FAILED = 5;
const TEXT = 6;

function onCompletion(id, kind, a, b, c, d) {
  switch (kind) {
    case DONE:
      return settle(id, false, true);
    case CHUNK:
    case SOCKET:
    case TEXT:
      return settle(id, false, a);
    case RESPONSE:
      return settle(id, false, [a, b, c, d]);
    case NOTHING:
      return settle(id, false, undefined);
    case FAILED:
      return settle(id, true, new Error(a));
  }
}

async function onAlarm() {
  try {
    if (worker.has("onAlarm")) await worker.onAlarm();
    op_alarm_done(true);
  } catch (error) {
    logError("onAlarm error", error);
    op_alarm_done(false);
  }
}

// ---- static hooks -----------------------------------------------------------------------------

const HOOKS = ["onBeforeConnect", "onBeforeRequest", "onFetch", "onSocket", "onCron"];

function createContext() {
  return {
    waitUntil(promise) {
      Promise.resolve(promise).then(undefined, reportRejection);
    },
    passThroughOnException() {},
  };
}

async function onHook(id, hook, method, url, headers, body, extra, visit) {
  const name = HOOKS[hook];
  try {
    const guard = hook < 2 ? "request" : "immutable";
    const request = incomingRequest(method, url, headers, body, guard);
    beginVisit(visit, request);
    switch (name) {
      case "onBeforeConnect":
      case "onBeforeRequest":
        return await before(id, name, request, extra, visit);
      case "onFetch":
        return await onFetch(id, request, visit);
      case "onSocket":
        await onSocket(id, request);
        return endVisit(visit);
      case "onCron":
        await onCron(id, JSON.parse(extra));
        return endVisit(visit);
    }
  } catch (error) {
    endVisit(visit);
    logError("fetch error", error);
    op_fail(id, 500, messageOf(error), placeOf(error));
  }
}

async function before(id, name, request, room, visit) {
  const { party } = definition;
  let result;
  try {
    result = await party[name](request, createLobby(info, room), createContext());
  } catch (error) {
    logError(`${name} error`, error);
    endVisit(visit);
    // The fallback applies to what is not an Error.
    op_fail(id, 401, messageOf(error) || (hasMessage(error) ? "" : "Unauthorised"), placeOf(error));
    return;
  }
  if (result instanceof Response) {
    respond(id, result, visit);
    return;
  }
  // From here on the client is the room's.
  endVisit(visit);
  if (result instanceof Request) {
    const out = outgoing(result);
    op_continue(id, out.method, out.url, out.headers, out.body);
  } else if (name === "onBeforeConnect") {
    op_continue(id, "", "", "", null);
  } else {
    op_fail(id, 500, `Invalid URL: ${messageOf(result)}`, "");
  }
}

async function onFetch(id, request, visit) {
  const { party } = definition;
  const handler = party.onFetch ?? party.unstable_onFetch;
  const result = await Reflect.apply(handler, undefined, [
    request,
    createLobby(info),
    createContext(),
  ]);
  if (result) {
    respond(id, result, visit);
    return;
  }
  endVisit(visit);
  op_pass(id);
}

async function onSocket(id, request) {
  const pair = new WebSocketPair();
  const server = pair[1];
  server.accept();
  server.request = request;
  await definition.party.onSocket(server, createLobby(info), createContext());
  upgradeRaw(id, pair[0], "");
}

async function onCron(id, { name, cron, scheduledTime }) {
  const { onCron: handler } = definition.party;
  const event = { scheduledTime, cron, name, noRetry() {} };
  await Reflect.apply(handler, undefined, [event, createLobby(info), createContext()]);
  op_respond(id, 200, "", "content-type\ntext/plain;charset=UTF-8", `ran cron ${name}: ${cron}`);
}

// ---- the snapshot -----------------------------------------------------------------------------

/** A party that does nothing. */
class Rehearsal {
  onStart() {}
  onConnect() {}
  onMessage() {}
  onClose() {}
  onRequest() {
    return new Response("");
  }
}

/**
 * Plays the first events of a room while the snapshot is made, where ops do nothing: the snapshot then holds
 * the bytecode of what every room runs, and no isolate compiles it. Nothing else of the play stays.
 */
async function rehearse() {
  boot(false, []);
  definition = define(Rehearsal);
  const room = { id: "", party: "", parties: [""], host: "", env: {}, internalID: "", sockets: [] };
  const head = ["http://host/?_pk=1", "host\nhost"];
  const events = [
    [START, JSON.stringify(room)],
    [CONNECT, 1, 1, ...head, 1],
    [MESSAGE, 1, ""],
    [CLOSED, 1, 1000, "", true],
    [REQUEST, 2, "GET", ...head, null, false, 2],
  ];
  for (const event of events) {
    dispatch(...event);
    // More steps than a handler has.
    for (let step = 0; step < 20; step++) await undefined;
  }
  definition = info = worker = null;
  forgetConnections();
}

installGlobals();
rehearse();
// The host takes these at start-up and removes the name (runtime/engine/instance.rs).
globalThis.__houseparty = { boot, load, dispatch };
