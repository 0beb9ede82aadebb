/*
 * From the default export of a party to one table of handlers, whatever its style (spec 2.2, 2.3).
 *
 * A class gets a fresh instance per room; an object is shared and gets the room as an argument. Handlers
 * are looked up when they are called (L-17), so that they may be assigned later.
 */

import { LEVEL, log } from "ext:houseparty/log.js";

const HANDLERS = ["onConnect", "onRequest", "onMessage", "onClose", "onError", "onAlarm"];
const HOOKS = ["unstable_onFetch", "onFetch", "onBeforeConnect", "onBeforeRequest"];

/** L-10: a function whose prototype is an object is a class. */
function isClass(value) {
  return typeof value === "function" && typeof value.prototype === "object" &&
    value.prototype !== null;
}

/** Checks a default export as PartyKit does before it serves anything (L-20, L-21); throws. */
function validate(party) {
  for (const name of HANDLERS) {
    if (name in party && typeof party[name] !== "function") {
      throw new Error(`.${name} should be a function`);
    }
  }
  const place = isClass(party) ? party.prototype : party;
  for (const name of HOOKS) {
    if (!(name in place)) continue;
    if (isClass(party)) {
      log(
        LEVEL.warn,
        `.${name} is present on the class instance, but it should be defined as a static method`,
      );
    }
    // The static onBefore* of a class are not looked at here: they are answered per request.
    if (typeof place[name] !== "function") throw new Error(`.${name} should be a function`);
  }
  warnOfOthers(party);
}

/** What PartyKit does not check and would only find out at the first call (L-22). */
function warnOfOthers(party) {
  const warn = (where, name) => {
    const { [name]: member } = where;
    if (member === undefined || member === null || typeof member === "function") return;
    log(LEVEL.warn, `.${name} should be a function, not ${typeof member}`);
  };
  for (const name of ["onSocket", "onCron"]) warn(party, name);
  if (!isClass(party)) return;
  for (const name of ["onStart", "getConnectionTags"]) warn(party.prototype, name);
  // A static member has no effect: the option is read from the instance (L-13).
  if (party.options !== undefined) {
    log(LEVEL.warn, "static `options` have no effect: write `options = { … }` without `static`");
  }
}

/** A class: methods of the instance (L-11). */
function classWorker(Party, room) {
  const instance = new Party(room);
  return {
    hibernate: instance.options?.hibernate === true,
    has: (name) => Boolean(instance[name]),
    onStart: () => instance.onStart?.(),
    getConnectionTags: (connection, context) => instance.getConnectionTags(connection, context),
    onConnect: (connection, context) => instance.onConnect(connection, context),
    onMessage: (message, connection) => instance.onMessage(message, connection),
    onClose: (connection, code, reason, clean) =>
      instance.onClose(connection, code, reason, clean),
    onError: (connection, error) => instance.onError(connection, error),
    onRequest: (request) => instance.onRequest(request),
    onAlarm: () => instance.onAlarm(),
  };
}

/** An object: its functions, with the room among their arguments (L-12, L-14). */
function objectWorker(party, room) {
  return {
    hibernate: Boolean(party.onMessage) || !party.onConnect,
    has: (name) => name !== "onStart" && name !== "getConnectionTags" && Boolean(party[name]),
    onStart: () => undefined,
    onConnect: (connection, context) => party.onConnect(connection, room, context),
    onMessage: (message, connection) => party.onMessage(message, connection, room),
    onClose: (connection) => party.onClose(connection, room),
    onError: (connection, error) => party.onError(connection, error, room),
    onRequest: (request) => party.onRequest(request, room),
    onAlarm: () => party.onAlarm(room),
  };
}

function hookShape(party, name) {
  if (!(name in party)) return "absent";
  return typeof party[name] === "function" ? "function" : "invalid";
}

/** Checks a default export and gives what the host needs to know of it. */
export function define(party) {
  const kind = typeof party;
  if ((kind !== "object" && kind !== "function") || party === null) {
    throw new Error(
      `the default export of a party is a class or an object with handlers, not ${
        party === null ? "null" : kind
      }`,
    );
  }
  validate(party);
  const classStyle = isClass(party);
  return {
    party,
    create: (room) => (classStyle ? classWorker(party, room) : objectWorker(party, room)),
    shape: {
      beforeConnect: hookShape(party, "onBeforeConnect"),
      beforeRequest: hookShape(party, "onBeforeRequest"),
      // A handler in a class field shows only on an instance; let the room decide then.
      onRequest: classStyle || "onRequest" in party,
      onFetch: Boolean(party.onFetch ?? party.unstable_onFetch),
      onSocket: Boolean(party.onSocket),
      onCron: typeof party.onCron === "function",
    },
  };
}
