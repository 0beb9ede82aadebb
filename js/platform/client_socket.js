/*
 * `new WebSocket(url)`: a client socket to another server, as a link of our WebSocket class. The
 * platform's own class does the work; its events pass through the room's inbox.
 */

import { later } from "ext:houseparty/completion.js";
import { socketParts } from "ext:houseparty/connection.js";
import { core } from "ext:core/mod.js";

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

/** Opens a client socket for `socket`; gives its link. */
export function dialServer(socket, url, protocols) {
  const { WebSocket } = core.createLazyLoader("ext:deno_websocket/01_websocket.js")();
  const address = `${url}`.replace(/^http/, "ws");
  const platform = protocols === undefined
    ? new WebSocket(address)
    : new WebSocket(address, protocols);
  platform.binaryType = "arraybuffer";
  const receive = (...event) => later(() => socketParts.receive(socket, ...event));
  platform.onopen = () => receive("open", platform.protocol);
  platform.onmessage = ({ data }) => receive("message", data);
  platform.onerror = (event) => receive("error", event.message ?? "connection failed");
  platform.onclose = ({ code, reason, wasClean }) => receive("close", code, reason, wasClean);
  return new ClientLink(platform);
}
