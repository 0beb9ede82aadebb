/*
 * The message console of a room's page: joins the room as a client would, with a WebSocket of its own.
 *
 * It is a client like others: the party sees it connect, and it counts among the connections. Everything it receives is
 * shown as text; the newest messages are kept.
 */

import { clear, h, say, toast } from "./dom.js";
import { bytes, clock, hex, pretty } from "./format.js";

const MESSAGES_MAX = 300;
const SHOWN_MAX = 20_000;

/** The path under which clients reach a room; none if no address leads to it. */
function pathOf(party, id) {
  const path = `/parties/${party}/${id}`;
  try {
    const url = new URL(path, location.origin);
    const reached = url.pathname === path && url.search === "" && url.hash === "" && !/[/\\?#]/.test(id);
    return reached ? path : null;
  } catch {
    return null;
  }
}

/** Where a room's clients connect, for people. */
export function socketUrl(party, id) {
  const path = pathOf(party, id);
  return path === null ? null : `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
}

export function messages(party, id) {
  const url = socketUrl(party, id);
  const list = h("ol", { class: "lines talk", tabindex: "0", role: "log", "aria-label": "Messages" });
  const empty = h("p", { class: "empty" });
  if (url === null) {
    say(empty, "No address leads to this id, so only other rooms can reach it.");
    return { element: h("div", { class: "console" }, empty), leave: () => {} };
  }
  say(empty, "Join the room as a client: what it sends appears here.");
  let socket = null;

  function add(kind, text, note) {
    const cut = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)} …` : text;
    const mark = { in: "↓", out: "↑", note: "·", bad: "!" }[kind];
    const time = h("time", {}, clock(Date.now()));
    list.append(
      h(
        "li",
        { data: { kind } },
        time,
        h("b", { "aria-hidden": "true" }, mark),
        h("span", { class: "text" }, cut),
        h("small", {}, note ?? ""),
      ),
    );
    while (list.children.length > MESSAGES_MAX) list.firstElementChild.remove();
    empty.hidden = true;
    list.scrollTop = list.scrollHeight;
  }

  const state = h("span", { class: "pill", data: { state: "stored" } }, "not joined");
  const query = h("input", {
    placeholder: "query, such as _pk=me",
    "aria-label": "Query of the connection",
    spellcheck: "false",
  });
  const joining = h(
    "button",
    { class: "primary", onclick: () => (socket === null ? join() : socket.close(1000, "left")) },
    "Join",
  );
  const text = h("textarea", {
    rows: 2,
    placeholder: "Message. Enter sends it, Shift and Enter breaks the line",
    "aria-label": "Message to the room",
    disabled: true,
    onkeydown: (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        send();
      }
    },
  });
  const sending = h("button", { class: "primary", disabled: true, onclick: () => send() }, "Send");

  function tell(name, word) {
    state.dataset.state = name;
    say(state, word);
    const open = name === "running";
    text.disabled = sending.disabled = !open;
    query.disabled = socket !== null;
    say(joining, socket === null ? "Join" : "Leave");
    if (open) text.focus({ preventScroll: true });
  }

  function join() {
    const wanted = query.value.replace(/^\?/, "");
    try {
      socket = new WebSocket(wanted === "" ? url : `${url}?${wanted}`);
    } catch (error) {
      toast(error.message, "bad");
      return;
    }
    const own = socket;
    own.binaryType = "arraybuffer";
    tell("starting", "joining");
    own.onopen = () => {
      add("note", "joined");
      tell("running", "joined");
    };
    own.onmessage = ({ data }) => {
      if (typeof data === "string") add("in", pretty(data), bytes(new Blob([data]).size));
      else add("in", hex(data), `binary, ${bytes(data.byteLength)}`);
    };
    own.onclose = ({ code, reason }) => {
      if (socket !== own) return;
      socket = null;
      const why =
        code === 1006
          ? "closed without a word; the log may say why"
          : `closed with ${code}${reason ? `: ${reason}` : ""}`;
      add(code === 1000 || code === 1005 ? "note" : "bad", why);
      tell("stored", "not joined");
    };
  }

  function send() {
    if (socket === null || socket.readyState !== WebSocket.OPEN || text.value === "") return;
    socket.send(text.value);
    add("out", text.value, bytes(new Blob([text.value]).size));
    text.value = "";
  }

  const element = h(
    "div",
    { class: "console" },
    h("div", { class: "row tools" }, joining, state, query, h("button", { onclick: () => clear(list) }, "Clear")),
    h("div", { class: "paper" }, list, empty),
    h("div", { class: "row compose" }, text, sending),
  );
  const leave = () => {
    const own = socket;
    socket = null;
    own?.close(1000, "left");
  };
  return { element, leave };
}
