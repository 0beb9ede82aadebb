/*
 * A WebSocket that comes back: it opens again after every loss, first quickly, then less often.
 * `app.js` keeps one to the chat room and one to `connections`. It queues nothing: `send` says
 * whether the text has left.
 */

const DELAY_MIN_MS = 300;
const DELAY_MAX_MS = 10_000;
/** A connection that lasted this long is taken for a good one. */
const GOOD_AFTER_MS = 5_000;

export class LastingSocket {
  #url;
  #onMessage;
  #onState;
  #socket = null;
  #timer = 0;
  #losses = 0;
  #ended = false;

  /** `onState` gets "connecting", "open" or "lost". */
  constructor(path, { onMessage, onState = () => {} }) {
    this.#url = new URL(path, location.href.replace(/^http/, "ws"));
    this.#onMessage = onMessage;
    this.#onState = onState;
    this.#open();
    addEventListener("online", this.#now);
    document.addEventListener("visibilitychange", this.#now);
  }

  send(text) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(text);
    return true;
  }

  end() {
    this.#ended = true;
    clearTimeout(this.#timer);
    removeEventListener("online", this.#now);
    document.removeEventListener("visibilitychange", this.#now);
    this.#socket?.close();
  }

  #open() {
    let openedAt = Infinity;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    if (this.#losses === 0) this.#onState("connecting");
    socket.addEventListener("open", () => {
      openedAt = Date.now();
      if (!this.#ended) this.#onState("open");
    });
    socket.addEventListener("message", ({ data }) => {
      if (!this.#ended) this.#onMessage(JSON.parse(data));
    });
    socket.addEventListener("close", () => {
      this.#socket = null;
      if (this.#ended) return;
      if (Date.now() - openedAt >= GOOD_AFTER_MS) this.#losses = 0;
      const delay = Math.min(DELAY_MAX_MS, DELAY_MIN_MS * 2 ** this.#losses++);
      // Up to half as much again, so that a crowd does not come back in the same instant.
      this.#timer = setTimeout(() => this.#open(), delay * (1 + Math.random() / 2));
      this.#onState("lost");
    });
  }

  /** Does not wait for the delay when the network is back or somebody looks at the page again. */
  #now = () => {
    if (this.#ended || this.#socket !== null || document.hidden) return;
    clearTimeout(this.#timer);
    this.#open();
  };
}
