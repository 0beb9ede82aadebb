/*
 * Lines of the log, as they come: of the whole host, or of one room.
 *
 * The host keeps the newest lines and sends those of before first; this keeps a bounded number of elements. While the
 * pointer of the reader is above the end, new lines do not move what is read.
 */

import { clear, h, say } from "./dom.js";
import { clock, duration, whole } from "./format.js";
import { chip, roomLink } from "./overview.js";

const LINES_MAX = 1_000;

/** A colour or weight of terminals, and what ends it. */
const PAINT = /\u001b\[([\d;]*)m/;
const SHADES = {
  31: "red",
  32: "green",
  33: "yellow",
  34: "blue",
  35: "magenta",
  36: "cyan",
  90: "gray",
  1: "bold",
  2: "gray",
};

/** A text that may have been painted for a terminal, as elements. */
function painted(text) {
  const parts = text.split(PAINT);
  const shown = [parts[0]];
  for (let at = 1; at < parts.length; at += 2) {
    const shade = SHADES[parts[at].split(";").find((code) => code in SHADES)];
    if (parts[at + 1] !== "") shown.push(shade ? h("span", { class: `ansi ${shade}` }, parts[at + 1]) : parts[at + 1]);
  }
  return shown;
}
const LEVELS = ["debug", "log", "warn", "error", "request"];

/** One line. `rooms`: say of which room it is. */
function line(it, rooms) {
  const time = h("time", { title: new Date(it.at).toISOString() }, clock(it.at));
  if (it.level === "request") {
    const level = it.status >= 500 ? "error" : it.status >= 400 ? "warn" : "";
    return h(
      "li",
      { data: { level: "request", shade: level } },
      time,
      h("span", { class: "who" }, h("b", {}, it.method)),
      h("span", { class: "text" }, it.path),
      h("small", {}, `${it.status} · ${duration(it.ms)}`),
    );
  }
  const who =
    it.id === null
      ? h("span", { class: "who" }, chip(it.party), "lobby")
      : h("span", { class: "who" }, chip(it.party), h("a", { href: roomLink(it.party, it.id) }, it.id));
  return h(
    "li",
    { data: { level: it.level } },
    time,
    rooms ? who : null,
    h("span", { class: "text" }, ...painted(it.text)),
    it.level === "log" ? null : h("small", {}, it.level),
  );
}

/** A box of lines: `{ element, take(event) }`. */
export function lines(rooms) {
  const list = h("ol", { class: rooms ? "lines" : "lines own", tabindex: "0", "aria-label": "Log", role: "log" });
  const empty = h("p", { class: "empty" }, "Nothing was said yet.");
  const shown = new Set(["log", "warn", "error", "request"]);
  let search = "";
  let follows = true;
  list.addEventListener("scroll", () => {
    follows = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  });

  const fits = (it) => shown.has(it.dataset.level) && (search === "" || it.textContent.toLowerCase().includes(search));

  function refresh() {
    for (const it of list.children) it.hidden = !fits(it);
    list.scrollTop = list.scrollHeight;
  }

  const levels = LEVELS.filter((level) => rooms || level !== "request").map((level) =>
    h(
      "button",
      {
        "aria-pressed": String(shown.has(level)),
        onclick: (event) => {
          const on = !shown.has(level);
          if (on) shown.add(level);
          else shown.delete(level);
          event.currentTarget.setAttribute("aria-pressed", String(on));
          refresh();
        },
      },
      level,
    ),
  );
  const find = h("input", {
    type: "search",
    placeholder: "Find in the log",
    "aria-label": "Find in the log",
    oninput: () => {
      search = find.value.toLowerCase();
      refresh();
    },
  });
  const tools = h(
    "div",
    { class: "row tools" },
    h("div", { class: "segments" }, ...levels),
    find,
    h("button", { onclick: () => (clear(list), (empty.hidden = false)) }, "Clear"),
  );

  function take(event) {
    if (event.missed > 0)
      list.append(h("li", { class: "gap", data: { level: "log" } }, `${whole(event.missed)} lines were not kept`));
    for (const it of event.lines) {
      const element = line(it, rooms);
      element.hidden = !fits(element);
      list.append(element);
    }
    while (list.children.length > LINES_MAX) list.firstElementChild.remove();
    empty.hidden = list.children.length > 0;
    if (follows) list.scrollTop = list.scrollHeight;
  }
  return { element: h("div", { class: "log" }, tools, h("div", { class: "paper" }, list, empty)), take };
}

export function log(main) {
  document.title = "Log · Houseparty";
  const box = lines(true);
  let last = 0;
  const status = h("p", { class: "about" });
  main.append(h("h1", {}, "Log"), box.element, status);
  return {
    stream: () => ({ since: last }),
    on: {
      log: (event) => {
        last = event.last;
        box.take(event);
        say(status, "The newest 2,000 lines are kept. Click a room to see its own.");
      },
    },
  };
}
