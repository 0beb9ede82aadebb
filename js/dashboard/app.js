/*
 * The dashboard's page: which view the address asks for, and what all views share.
 *
 * Views are functions `(main, parameters) → { stream, on, leave? }`: they fill `main`, say which events they want, and
 * hear of them. The address of a view is behind the `#`, so that it can be kept and sent.
 */

import { listen } from "./api.js";
import { crons, overview } from "./overview.js";
import { room } from "./room.js";
import { log } from "./log.js";

const main = document.querySelector("#main");
const errors = document.querySelector("#errors");
const VIEWS = { "": ["rooms", overview], room: ["rooms", room], log: ["log", log], crons: ["crons", crons] };

/** How often texts such as "3 s ago" are brought up to date, in ms. */
const CLOCK = 1_000;

let leave = null;
let last = {};
let hears = {};
let unseen = 0;
let lastLine = 0;

/** Errors that were logged since the log was looked at. */
function countErrors({ lines, last }, page) {
  lastLine = Math.max(lastLine, last);
  unseen = page === "log" ? 0 : unseen + lines.filter((line) => line.level === "error").length;
  errors.hidden = unseen === 0;
  errors.textContent = unseen > 99 ? "99+" : String(unseen);
}

function show() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const [page, view] = VIEWS[path] ?? VIEWS[""];
  for (const item of document.querySelectorAll("nav a")) {
    if (item.dataset.page === page) item.setAttribute("aria-current", "page");
    else item.removeAttribute("aria-current");
  }
  leave?.();
  main.replaceChildren();
  main.className = path === "" ? "overview" : path;
  const shown = view(main, new URLSearchParams(query ?? ""));
  leave = shown.leave ?? null;
  if (page === "log") countErrors({ lines: [], last: 0 }, page);
  const on = { ...shown.on };
  // A view that shows the lines of one room hears those alone; others hear all, to count errors.
  if (shown.on.log === undefined || page === "log") {
    const own = shown.on.log;
    on.log = (event) => {
      countErrors(event, page);
      own?.(event);
    };
  }
  hears = shown.on;
  last = {};
  for (const name of ["rooms", "room"]) {
    if (on[name] !== undefined) on[name] = (event) => hears[name]((last[name] = event));
  }
  if (on.problem !== undefined) {
    on.problem = (problem) => {
      last = {};
      hears.problem(problem);
    };
  }
  listen(() => {
    const parameters = typeof shown.stream === "function" ? shown.stream() : shown.stream;
    return { log: 1, since: lastLine, ...parameters };
  }, on);
}

setInterval(() => {
  if (document.hidden) return;
  for (const [name, event] of Object.entries(last)) hears[name](event);
}, CLOCK);

addEventListener("hashchange", () => {
  show();
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
});
show();
