/*
 * A WebSocket to a room that opens again after every loss, and the line on the page that says how it is. The same file
 * in each example whose page needs one; a real project would use `partysocket`.
 *
 * The room is what stands behind `#` in the address of the page, so that a link leads into it. `send` says whether the
 * message has left; nothing is queued.
 */

const WAIT_MIN_MS = 300;
const WAIT_MAX_MS = 10_000;
const TEXTS = { connecting: "Connecting…", open: "Connected", lost: "Offline, trying again…" };

export const room = location.hash.slice(1) || "lobby";
addEventListener("hashchange", () => location.reload());

function show(state) {
  const status = document.getElementById("status");
  status.textContent = TEXTS[state];
  status.dataset.state = state;
}

/** `query` is added to the address, `receive` gets each message: text as it is, binary as an ArrayBuffer. */
export function join(receive, query = {}) {
  let socket = null;
  let losses = 0;
  const url = new URL(`/party/${room}?${new URLSearchParams(query)}`, location.href.replace(/^http/, "ws"));

  function open() {
    socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      losses = 0;
      show("open");
    };
    socket.onmessage = ({ data }) => receive(data);
    socket.onclose = () => {
      show("lost");
      const wait = Math.min(WAIT_MAX_MS, WAIT_MIN_MS * 2 ** losses++);
      // Up to half as much again, so that a crowd does not come back in the same instant.
      setTimeout(open, wait * (1 + Math.random() / 2));
    };
  }

  show("connecting");
  open();
  return {
    send(message) {
      if (socket.readyState !== WebSocket.OPEN) return false;
      socket.send(message);
      return true;
    },
  };
}
