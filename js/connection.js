/*
 * WebSockets as a party sees them: connections of a room, the ends of a `WebSocketPair`, sockets of
 * stubs, and sockets to other servers. One class, `WebSocket`, with PartyKit's faces of it
 * (spec section 4, A-55..A-66; durable-objects WS-*).
 *
 * A socket has a *link* that moves its data: the host (a socket number), the other end of a pair in
 * the same isolate, or the platform's own client socket. Bytes, order and back-pressure are the
 * host's affair.
 */

import { core } from "ext:core/mod.js";
import { report, warnOnce } from "ext:houseparty/log.js";

const { op_socket_send_text, op_socket_send_binary, op_socket_close } = core.ops;
const { EventTarget, Event, MessageEvent, CloseEvent, ErrorEvent } = core.loadExtScript(
  "ext:deno_web/02_event.js",
);
const { DOMException } = core.loadExtScript("ext:deno_web/01_dom_exception.js");

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;
const REASON_BYTES_MAX = 123;
const encoder = new (core.loadExtScript("ext:deno_web/08_text_encoding.js").TextEncoder)();

/** Key that lets this folder make sockets; party code calls the constructor with a URL. */
const INTERNAL = Symbol("internal");
/** Hands the private parts of a socket to this file's functions. */
let parts;

/** The bytes of a binary message, or undefined for anything that is sent as text. */
export function bytesOf(data) {
  if (ArrayBuffer.isView(data)) {
    return data instanceof Uint8Array
      ? data
      : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  if (data instanceof ArrayBuffer || isSharedBuffer(data)) return new Uint8Array(data);
  return undefined;
}

function isSharedBuffer(data) {
  return typeof SharedArrayBuffer !== "undefined" && data instanceof SharedArrayBuffer;
}

/** Checks what `close()` was given (W-05, WS-25) and gives [code or -1, reason]. */
export function closeArguments(code, reason) {
  if (code === undefined) {
    if (reason !== undefined && reason !== null && `${reason}` !== "") {
      throw new TypeError("If you specify a WebSocket close reason, you must also specify a code.");
    }
    return [-1, ""];
  }
  const given = Math.trunc(Number(code));
  const number = Number.isFinite(given) ? given : 0;
  const legal = number >= 1000 && number <= 4999 &&
    number !== 1004 && number !== 1005 && number !== 1006 && number !== 1015;
  if (!legal) {
    throw new TypeError(`Invalid WebSocket close code: ${number}.`);
  }
  return [number, cutReason(reason === undefined || reason === null ? "" : `${reason}`)];
}

/** A close reason that fits into a close frame, cut between characters (L-43). */
function cutReason(reason) {
  if (reason.length * 3 <= REASON_BYTES_MAX) return reason;
  const bytes = new Uint8Array(REASON_BYTES_MAX);
  const { read } = encoder.encodeInto(reason, bytes);
  return reason.slice(0, read);
}

class WebSocket extends EventTarget {
  #link;
  #state = OPEN;
  #listening = false;
  /** Events that came before `accept()`. */
  #early = null;
  #accepted = false;
  #handlers = null;
  /** Where the returned end of a pair passes things on to. */
  #relay = null;
  #meta;

  constructor(url, protocols = undefined) {
    super();
    if (url === INTERNAL) {
      this.#meta = protocols;
      this.#link = protocols.link;
      if (protocols.accepted) this.#accepted = true;
      else this.#early = [];
      return;
    }
    if (arguments.length === 0) {
      throw new TypeError(
        "Failed to construct 'WebSocket': 1 argument required, but only 0 present.",
      );
    }
    this.#meta = { url: null, protocol: "" };
    this.#accepted = true;
    this.#state = CONNECTING;
    this.#link = dial(this, url, protocols);
    this.#meta.url = this.#link.url;
  }

  static {
    parts = {
      accept(socket) {
        socket.#accept();
      },
      receive(socket, kind, a, b, c) {
        socket.#receive(kind, a, b, c);
      },
      link: (socket) => socket.#link,
      setLink(socket, link) {
        socket.#link = link;
      },
      state: (socket) => socket.#state,
      setState(socket, state) {
        socket.#state = state;
      },
      /** From now on what reaches this end of a pair goes on to `link`. */
      relay(socket, link) {
        socket.#relay = link;
        socket.#accept();
      },
      listening: (socket) => socket.#listening,
      hold: (socket) => socket.#hold(),
      release: (socket) => socket.#release(),
      accepted: (socket) => socket.#accepted,
      isSocket: (value) => typeof value === "object" && value !== null && #link in value,
      meta: (socket) => socket.#meta,
    };
  }

  get readyState() {
    return this.#state;
  }

  /** Always null on sockets that the party did not dial itself. */
  get url() {
    return this.#meta.url ?? null;
  }

  get protocol() {
    return this.#meta.protocol ?? "";
  }

  get extensions() {
    return "";
  }

  get bufferedAmount() {
    return 0;
  }

  get binaryType() {
    return "arraybuffer";
  }

  // Binary messages are ArrayBuffers whatever is asked for (WS-14, A-66).
  set binaryType(_type) {}

  accept() {
    this.#accept();
  }

  #accept() {
    if (this.#accepted) return;
    this.#accepted = true;
    const early = this.#early;
    this.#early = null;
    this.#link?.accept?.();
    for (const [kind, a, b, c] of early ?? []) this.#receive(kind, a, b, c);
  }

  send(data) {
    if (arguments.length === 0) {
      throw new TypeError(
        "Failed to execute 'send' on 'WebSocket': parameter 1 is not of type 'ArrayBuffer or ArrayBufferView or string'.",
      );
    }
    if (!this.#accepted) {
      throw new TypeError(
        "You must call one of accept() or state.acceptWebSocket() on this WebSocket before sending messages.",
      );
    }
    if (this.#state === CONNECTING) {
      throw new DOMException("The WebSocket is not open yet.", "InvalidStateError");
    }
    if (this.#state === CLOSING) {
      throw new TypeError("Can't call WebSocket send() after close().");
    }
    // On a connection that is gone sending is silently in vain (WS-27).
    if (this.#state === CLOSED) {
      if (this.#meta.closedHere) throw new TypeError("Can't call WebSocket send() after close().");
      return;
    }
    const bytes = bytesOf(data);
    this.#link.send(bytes === undefined ? `${data}` : bytes);
  }

  close(code = undefined, reason = undefined) {
    // A second close is ignored, whatever it says; the first one's code and reason count (W-06).
    if (this.#state === CLOSING || this.#state === CLOSED) return;
    const [number, text] = closeArguments(code, reason);
    this.#state = CLOSING;
    this.#meta.closedHere = true;
    this.#link.close(number, text);
  }

  addEventListener(type, listener, options = undefined) {
    if (this.#meta.silent) {
      warnOnce(
        "Listeners of a connection are never called in a hibernating room: use onMessage, onClose and onError.",
      );
      return;
    }
    if (this.#meta.held !== undefined) {
      this.#meta.held.push([type, listener, options]);
      return;
    }
    this.#listening = true;
    super.addEventListener(type, listener, options);
  }

  /** Until `#release`, listeners that are added do not hear of the event that is being delivered. */
  #hold() {
    this.#meta.held = [];
  }

  #release() {
    const { held } = this.#meta;
    delete this.#meta.held;
    for (const added of held) this.addEventListener(...added);
  }

  get onopen() {
    return this.#handler("open");
  }
  set onopen(handler) {
    this.#setHandler("open", handler);
  }
  get onmessage() {
    return this.#handler("message");
  }
  set onmessage(handler) {
    this.#setHandler("message", handler);
  }
  get onclose() {
    return this.#handler("close");
  }
  set onclose(handler) {
    this.#setHandler("close", handler);
  }
  get onerror() {
    return this.#handler("error");
  }
  set onerror(handler) {
    this.#setHandler("error", handler);
  }

  #handler(type) {
    return this.#handlers?.get(type)?.handler ?? null;
  }

  #setHandler(type, handler) {
    this.#handlers ??= new Map();
    const known = this.#handlers.get(type);
    if (known !== undefined) {
      known.handler = typeof handler === "function" ? handler : null;
      return;
    }
    if (typeof handler !== "function") return;
    const entry = { handler };
    this.#handlers.set(type, entry);
    this.addEventListener(type, (event) => entry.handler?.call(this, event));
  }

  /** Something came over the link: "open", "message", "close" or "error". */
  #receive(kind, a, b, c) {
    if (!this.#accepted) {
      this.#early.push([kind, a, b, c]);
      return;
    }
    if (this.#relay !== null) {
      if (kind === "message") this.#relay.send(typeof a === "string" ? a : new Uint8Array(a));
      else if (kind === "close") this.#relay.close(a === 1005 ? -1 : a, b);
      return;
    }
    switch (kind) {
      case "open":
        this.#state = OPEN;
        this.#meta.protocol = a ?? "";
        if (this.#listening) this.#dispatch(new Event("open"));
        break;
      case "message":
        if (this.#listening) this.#dispatch(new MessageEvent("message", { data: a }));
        break;
      case "close":
        // The other side's close is answered by the host; half-open sockets do not exist (WS-34).
        this.#state = CLOSED;
        if (this.#listening) {
          this.#dispatch(new CloseEvent("close", { code: a, reason: b, wasClean: c }));
        }
        break;
      case "error":
        this.#state = CLOSED;
        if (this.#listening) {
          this.#dispatch(new ErrorEvent("error", { message: a, error: new Error(a) }));
        }
        break;
    }
  }

  #dispatch(event) {
    try {
      super.dispatchEvent(event);
    } catch (error) {
      report(error);
    }
  }
}

/** A link to the host's socket with this number. */
class HostLink {
  constructor(id) {
    this.id = id;
  }
  send(data) {
    if (typeof data === "string") op_socket_send_text(this.id, data);
    else op_socket_send_binary(this.id, data);
  }
  close(code, reason) {
    op_socket_close(this.id, code, reason);
  }
}

/** A link to the other end of a pair in this isolate. Messages arrive in a later microtask. */
class PairLink {
  constructor() {
    this.peer = null;
  }
  send(data) {
    const copy = typeof data === "string" ? data : data.slice().buffer;
    queueMicrotask(() => parts.receive(this.peer, "message", copy));
  }
  close(code, reason) {
    const told = code === -1 ? 1005 : code;
    queueMicrotask(() => {
      const peer = this.peer;
      if (parts.state(peer) !== CLOSED) parts.receive(peer, "close", told, reason, true);
      const own = parts.link(peer).peer;
      if (own !== null && parts.state(own) !== CLOSED) {
        parts.receive(own, "close", told, reason, true);
      }
    });
  }
}

/** Dials another server with the platform's client socket. */
let dial = () => {
  throw new Error("WebSocket clients are not available here");
};

/** Tells this file how to open client sockets; called once by globals.js. */
export function setDialer(dialer) {
  dial = dialer;
}

/** A socket of the host. `silent`: listeners never fire (hibernating rooms, W-12). */
export function hostSocket(id, { silent = false, accepted = true } = {}) {
  return new WebSocket(INTERNAL, { link: new HostLink(id), accepted, silent });
}

/** A socket over a link that is open; nobody has accepted it. */
export function linkedSocket(link) {
  return new WebSocket(INTERNAL, { link, accepted: false, protocol: link.protocol });
}

export class WebSocketPair {
  constructor() {
    const [left, right] = [new PairLink(), new PairLink()];
    this[0] = new WebSocket(INTERNAL, { link: left, accepted: false });
    this[1] = new WebSocket(INTERNAL, { link: right, accepted: false });
    left.peer = this[1];
    right.peer = this[0];
  }
}

/**
 * Connects one end of a pair to the host's socket `id`: it was returned in a response with status 101.
 * What its peer sends goes to the wire, what comes from the wire goes to its peer, which is returned.
 */
export function bindToHost(socket, id) {
  const link = parts.isSocket(socket) ? parts.link(socket) : null;
  if (!(link instanceof PairLink)) {
    throw new TypeError("The webSocket of a response must be one end of a WebSocketPair.");
  }
  if (parts.accepted(socket)) {
    throw new TypeError("Can't return WebSocket in a Response after calling accept().");
  }
  const wire = new HostLink(id);
  parts.setLink(link.peer, wire);
  parts.relay(socket, wire);
  return link.peer;
}

export const socketParts = parts;
export { CLOSED, CLOSING, CONNECTING, OPEN, WebSocket };

for (const target of [WebSocket, WebSocket.prototype]) {
  const numbers = { CONNECTING, OPEN, CLOSING, CLOSED };
  const ready = Object.entries(numbers).map(([name, value]) => [`READY_STATE_${name}`, value]);
  for (const [name, value] of [...Object.entries(numbers), ...ready]) {
    Object.defineProperty(target, name, { value, enumerable: true });
  }
}
Object.defineProperty(WebSocket.prototype, Symbol.toStringTag, {
  value: "WebSocket",
  configurable: true,
});
