/*
 * `new WebSocket(url)`: a client socket to another server, as a link of our WebSocket class. The
 * platform's own class does the work; its events pass through the room's inbox.
 */

import { hold, later } from "ext:houseparty/completion.js";
import { linkedSocket, socketParts } from "ext:houseparty/connection.js";
import { core } from "ext:core/mod.js";

const { URL } = core.loadExtScript("ext:deno_web/00_url.js");

const { op_outbound_check } = core.ops;

/** Why the operator does not let parties connect there, if so. */
function refused(address) {
  if (!URL.canParse(address)) return undefined;
  const { hostname, port, protocol } = new URL(address);
  try {
    op_outbound_check(hostname, Number(port) || (protocol === "ws:" ? 80 : 443));
    return undefined;
  } catch (error) {
    return error.message;
  }
}

class ClientLink {
  #platform;
  constructor(platform) {
    this.#platform = platform;
    this.url = platform.url;
  }
  send(data) {
    this.#platform.send(data);
  }
  close(code, reason) {
    // A server may close with any code, a client only with these.
    if (code === 1000 || code >= 3000) this.#platform.close(code, reason);
    else this.#platform.close();
  }
}

/** The platform's socket to a server; its events go to `receive`, each as an event of the room. */
function dial(url, options, receive) {
  const address = `${url}`.replace(/^http/, "ws");
  const refusal = refused(address);
  if (refusal !== undefined) {
    later(() => receive("error", refusal));
    later(() => receive("close", 1006, "", false));
    return { url: address, send() {}, close() {} };
  }
  const { WebSocket } = core.createLazyLoader("ext:deno_websocket/01_websocket.js")();
  const platform = options === undefined ? new WebSocket(address) : new WebSocket(address, options);
  platform.binaryType = "arraybuffer";
  const release = hold();
  const arrived = (...event) => later(() => receive(...event));
  platform.onopen = () => arrived("open", platform.protocol);
  platform.onmessage = ({ data }) => arrived("message", data);
  platform.onerror = (event) => arrived("error", event.message ?? "connection failed");
  platform.onclose = ({ code, reason, wasClean }) => {
    arrived("close", code === 0 ? 1006 : code, reason, wasClean);
    release();
  };
  return platform;
}

/** Opens a client socket for `socket`; gives its link. */
export function dialServer(socket, url, protocols) {
  return new ClientLink(dial(url, protocols, (...event) => socketParts.receive(socket, ...event)));
}

/** Opens a socket that the party accepts later (`fetch` with an upgrade); resolves when it is open. */
export function openSocket(url, protocols, headers, signal) {
  return new Promise((resolve, reject) => {
    let socket;
    const stop = () => {
      reject(signal.reason);
      platform.close();
    };
    const platform = dial(url, { protocols, headers }, (kind, a, b, c) => {
      if (socket !== undefined) return socketParts.receive(socket, kind, a, b, c);
      signal.removeEventListener("abort", stop);
      if (kind !== "open") {
        return reject(new TypeError(`the server did not open a WebSocket: ${kind === "error" ? a : "it closed"}`));
      }
      const link = new ClientLink(platform);
      link.protocol = a ?? "";
      socket = linkedSocket(link);
      resolve(socket);
    });
    signal.addEventListener("abort", stop);
  });
}
