/*
 * `Party.Room` and `Party.Connection`: what a party's handlers get (spec 3.1, 3.4, 3.5).
 *
 * The list of connections lives in the host, which alone knows who is still there; the objects here
 * are faces of it. In a hibernating room they are made again after each wake-up, with the id, uri,
 * tags and state that the host kept (L-63).
 */

import { core } from "ext:core/mod.js";
import { hostSocket, bytesOf, CLOSING, OPEN, socketParts } from "ext:houseparty/connection.js";
import { LEVEL, log, warnOnce } from "ext:houseparty/log.js";
import { section } from "ext:houseparty/section.js";
import { createStorage } from "ext:houseparty/storage.js";
import { createContext, analytics } from "ext:houseparty/lobby.js";

const {
  op_broadcast_text,
  op_broadcast_binary,
  op_broadcast_except,
  op_connection_attach,
  op_serialize_value,
  op_deserialize_value,
} = core.ops;

const ATTACHMENT_BYTES_MAX = 16384;
const TAGS_MAX = 10;
const TAG_CHARS_MAX = 256;

/** Hibernating rooms keep the state of connections in the host. */
let hibernate = false;
/** Whether the room's instance has been made; before that there are no connections to see. */
let started = false;
/** socket number → { socket, id, tags } in the order of acceptance. */
const connections = new Map();
/** id → socket, once a party of a room that does not hibernate has asked for `room.connections`. */
let byId = null;

/** Fixes the connection mode of this instance (L-15). */
export function startConnections(mode) {
  hibernate = mode;
  started = true;
}

/** As before the first start. */
export function forgetConnections() {
  hibernate = started = false;
  connections.clear();
  byId = null;
}

export function isHibernating() {
  return hibernate;
}

/** Checks the tags a party gave (A-70..A-73): an error text, or null. */
function tagProblem(tags) {
  if (tags.length > TAGS_MAX) {
    return `A connection can only have ${TAGS_MAX} tags, including the default id tag.`;
  }
  for (const tag of tags) {
    if (typeof tag !== "string") return `A connection tag must be a string. Received: ${tag}`;
    if (tag === "") return "A connection tag must not be an empty string.";
    if (tag.length > TAG_CHARS_MAX) {
      return `A connection tag must not exceed ${TAG_CHARS_MAX} characters`;
    }
  }
  return null;
}

/** The full tag list of a connection: its id first. */
export function tagsOf(id, tags) {
  const all = [id, ...tags.filter((tag) => tag !== id)];
  const problem = tagProblem(all);
  if (problem !== null) {
    // PartyKit checks only hibernating rooms; a program that works must go on working.
    if (hibernate) throw new Error(problem);
    warnOnce(`getConnectionTags: ${problem}`);
  }
  return all.map((tag) => `${tag}`);
}

function serializable(value) {
  const bytes = op_serialize_value(value === undefined ? null : value);
  if (bytes.length > ATTACHMENT_BYTES_MAX) {
    throw new Error(
      `A WebSocket 'attachment' cannot be larger than ${ATTACHMENT_BYTES_MAX} bytes.'attachment' was ${bytes.length} bytes.`,
    );
  }
  return bytes;
}

/** Makes the connection object of a socket. `state`: what the host kept of it, or undefined. */
export function createConnection(number, id, uri, state = undefined) {
  const socket = hostSocket(number, { silent: hibernate });
  let current = state ?? null;
  let attachment = state ?? null;

  const setState = (next) => {
    const value = typeof next === "function" ? next(current) : next;
    if (hibernate) {
      // The old state stays if the new one cannot be kept.
      const bytes = serializable(value);
      op_connection_attach(number, bytes);
      current = value === undefined ? null : value;
      return current;
    }
    current = value;
    return value;
  };
  const stateProperty = hibernate
    ? { get: () => current }
    : { get: () => current, set: (value) => (current = value) };

  Object.defineProperties(socket, {
    id: { value: id, enumerable: true },
    uri: { value: uri, enumerable: true },
    socket: { get: () => socket },
    state: { ...stateProperty, configurable: true, enumerable: true },
    setState: { value: setState },
    serializeAttachment: {
      value(value) {
        warnOnce(
          "WebSocket.serializeAttachment is deprecated in PartyKit. Use Connection.setState() instead.",
        );
        const bytes = serializable(value);
        if (hibernate) setState(value);
        else attachment = op_deserialize_value(bytes);
      },
    },
    deserializeAttachment: {
      value() {
        warnOnce(
          "WebSocket.deserializeAttachment is deprecated in PartyKit. Use Connection.state instead.",
        );
        return hibernate ? current : attachment;
      },
    },
  });
  return socket;
}

export function addConnection(number, socket, tags) {
  connections.set(number, { socket, id: socket.id, tags });
  byId?.set(socket.id, socket);
}

export function removeConnection(number) {
  const entry = connections.get(number);
  connections.delete(number);
  if (byId === null || entry === undefined || byId.get(entry.id) !== entry.socket) return;
  byId.delete(entry.id);
  // Another socket with the same id is found again.
  for (const { id, socket } of connections.values()) if (id === entry.id) byId.set(id, socket);
}

/** `room.connections`: one map that lives, or a new one each time in a hibernating room. */
function connectionMap() {
  if (!started) {
    log(
      LEVEL.warn,
      "Party.connections was invoked before first connection. This will always return an empty Map.",
    );
    return new Map();
  }
  if (byId !== null) return byId;
  const map = new Map();
  for (const { id, socket } of connections.values()) {
    if (!hibernate || socket.readyState === OPEN) map.set(id, socket);
  }
  if (!hibernate) byId = map;
  return map;
}

export function connectionOf(number) {
  return connections.get(number)?.socket;
}

/** Open connections, one pass, live over the list: who joins meanwhile is seen. */
function* iterate(tag) {
  for (const { socket, tags } of connections.values()) {
    if (socket.readyState !== OPEN) continue;
    if (!tag || tags.includes(tag)) yield socket;
  }
}

/**
 * The same in hibernating rooms: who is there at the first look, the newest first without a tag. A loop that
 * is left early can be gone on with.
 */
function iterateSnapshot(tag) {
  let sockets = null;
  let at = 0;
  return {
    next() {
      if (sockets === null) {
        const all = [...connections.values()];
        sockets = tag === undefined ? all.reverse() : all.filter(({ tags }) => tags.includes(tag));
      }
      while (at < sockets.length) {
        const { socket } = sockets[at++];
        if (socket.readyState === OPEN) return { done: false, value: socket };
      }
      return { done: true, value: undefined };
    },
    [Symbol.iterator]() {
      return this;
    },
  };
}

function getConnection(id) {
  if (!started) {
    log(
      LEVEL.warn,
      ".getConnection was invoked before first connection. This will always return undefined.",
    );
    return undefined;
  }
  let found;
  for (const entry of connections.values()) {
    if (entry.id !== id || entry.socket.readyState >= CLOSING) continue;
    if (found !== undefined && hibernate) {
      throw new Error(
        `More than one connection found for id ${id}. Did you mean to use getConnections(tag) instead?`,
      );
    }
    found = entry.socket;
  }
  return found;
}

function getConnections(tag = undefined) {
  if (!started) {
    log(
      LEVEL.warn,
      "Party.getConnections was invoked before first connection. This will always return an empty list.",
    );
    return [][Symbol.iterator]();
  }
  return hibernate ? iterateSnapshot(tag) : iterate(tag);
}

function broadcast(message, without = undefined) {
  if (!started) return;
  let mode = 0;
  let single = "";
  if (without !== undefined && without !== null) {
    const ids = Array.from(without);
    if (ids.length === 1) {
      mode = 1;
      single = `${ids[0]}`;
    } else if (ids.length > 1) {
      mode = 2;
      for (const id of ids) op_broadcast_except(`${id}`);
    }
  }
  const bytes = bytesOf(message);
  if (bytes === undefined) op_broadcast_text(`${message}`, single, mode);
  else op_broadcast_binary(bytes, single, mode);
}

/** The room object of this instance. Own members in PartyKit's order (spec 3.1). */
export function createRoom(info) {
  const context = createContext(info);
  return {
    get id() {
      return info.id;
    },
    internalID: info.internalID,
    name: info.party,
    env: info.env,
    storage: createStorage(),
    blockConcurrencyWhile: (callback) => {
      if (typeof callback !== "function") {
        throw new TypeError(
          "Failed to execute 'blockConcurrencyWhile' on 'DurableObjectState': parameter 1 is not of type 'function'.",
        );
      }
      return section(callback, true);
    },
    broadcast,
    context,
    getConnection,
    getConnections,
    analytics,
    get connections() {
      warnOnce(
        "Party.connections is deprecated and will be removed in a future version of PartyKit. Use Party.getConnections() instead.",
      );
      return connectionMap();
    },
    get parties() {
      warnOnce(
        "Party.parties is deprecated and will be removed in a future version of PartyKit. Use Party.context.parties instead.",
      );
      return context.parties;
    },
  };
}

/** Rebuilds the connections that stayed open while the room slept. */
export function restoreConnections(list) {
  for (const { socket: number, id, uri, tags, closing, attachment } of list) {
    const state = attachment === null ? undefined : op_deserialize_value(Uint8Array.fromBase64(attachment));
    const socket = createConnection(number, id, uri, state);
    if (closing) socketParts.setState(socket, CLOSING);
    addConnection(number, socket, tags);
  }
}
