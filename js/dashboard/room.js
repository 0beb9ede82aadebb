/*
 * The page of one room: what it is doing, its connections, alarm, storage, log, and a console to talk with it.
 *
 * A room that does not exist has a page, too: joining it, or storing something in it, makes it exist.
 */

import { change, reopen } from "./api.js";
import { ask, attempt, h, reconcile, refill, say } from "./dom.js";
import { ago, bytes, count, duration, moment, until, whole } from "./format.js";
import { messages, socketUrl } from "./console.js";
import { lines } from "./log.js";
import { chip, meaning, pill, setPill } from "./overview.js";
import { storage } from "./storage.js";

function panel(name, title, ...content) {
  const head = h("header", {}, h("h2", {}, title), h("span", { class: "extra" }));
  const element = h("section", { class: "panel", "aria-label": title, data: { name } }, head, ...content);
  return { element, extra: (text) => say(head.lastElementChild, text) };
}

function facts() {
  const names = ["Connections", "Inbox", "Turns", "Time in turns", "Memory", "Timers", "Started", "Last active"];
  const values = names.map((name) => h("dd", {}, "–"));
  const element = h("dl", { class: "facts" }, ...names.map((name, at) => h("div", {}, h("dt", {}, name), values[at])));
  const update = (it) => {
    const texts =
      it === null
        ? []
        : [
            whole(it.connections) + (it.rawSockets ? ` and ${it.rawSockets} of its own` : ""),
            it.inbox === undefined ? "–" : whole(it.inbox),
            it.turns === undefined ? "–" : count(it.turns),
            duration(it.time),
            it.heap ? bytes(it.heap.total + it.heap.buffers) : "–",
            it.timers === undefined ? "–" : whole(it.timers),
            it.sinceAt ? ago(it.sinceAt) : "–",
            ago(it.activeAt),
          ];
    values.forEach((value, at) => say(value, texts[at] ?? "–"));
    values[4].title = it?.heap ? `${bytes(it.heap.used)} of objects, ${bytes(it.heap.buffers)} of buffers` : "";
    values[6].title = it?.sinceAt ? moment(it.sinceAt) : "";
  };
  return { element, update };
}

/** Since when a connection is there, and what has gone through it. */
function trafficOf(it) {
  if (!it.sinceAt) return it.room ? `from the room ${it.room}` : "being accepted";
  const unread = it.unread ? ` · ${bytes(it.unread)} unread` : "";
  return `${ago(it.sinceAt).replace(" ago", "")} · ↓ ${bytes(it.received)} ↑ ${bytes(it.sent)}${unread}`;
}

function connections(room, page) {
  const list = h("ul", { class: "connections" });
  const empty = h("p", { class: "empty" }, "Nobody is connected.");
  const pager = h("div", { class: "row pager" });
  const close = (it) =>
    attempt(async () => {
      if (!(await ask("Close this connection?", `${it.id} is closed with code 1000.`, "Close it", "danger"))) return;
      await change("POST", "room/close", { ...room, socket: it.socket, code: 1000, reason: "closed by the operator" });
    });
  function create(it) {
    const shut = h("button", { class: "danger small", onclick: () => close(it) }, "Close");
    return h(
      "li",
      {},
      h("b", { class: "id" }, it.id),
      shut,
      h("p", { class: "tags" }),
      h("p", { class: "about" }),
      h("code", { class: "state" }),
    );
  }
  function update(row, it) {
    const [, , tags, about, state] = row.children;
    row.dataset.phase = it.phase;
    const own = it.tags.filter((tag) => tag !== it.id);
    if (tags.childElementCount !== own.length)
      tags.replaceChildren(...own.map((tag) => h("span", { class: "tag" }, tag)));
    tags.hidden = own.length === 0;
    const traffic = trafficOf(it);
    say(about, it.phase === "open" ? traffic : `${it.phase} · ${traffic}`);
    about.title = it.uri;
    state.hidden = it.state === null;
    say(state, it.state ?? "");
  }
  return {
    content: [list, empty, pager],
    update(it) {
      reconcile(list, it.list, (one) => one.socket, create, update);
      empty.hidden = it.list.length > 0;
      const { offset = 0 } = it;
      pager.hidden = it.connections <= page.limit && offset === 0;
      if (pager.hidden) return;
      const turn = (text, label, to, able) =>
        h("button", { "aria-label": label, disabled: !able, onclick: () => page.set(to) }, text);
      refill(pager, [offset, it.list.length, it.connections], () => [
        h("span", {}, `${whole(offset + 1)}–${whole(offset + it.list.length)} of ${whole(it.connections)}`),
        turn("←", "Previous connections", Math.max(0, offset - page.limit), offset > 0),
        turn("→", "Next connections", offset + page.limit, offset + it.list.length < it.connections),
      ]);
    },
  };
}

function alarm(room) {
  const text = h("p", { class: "when" }, "No alarm is set.");
  const ring = h(
    "button",
    { onclick: () => attempt(() => change("POST", "alarm/ring", room), "The alarm rings") },
    "Ring now",
  );
  const drop = h(
    "button",
    { class: "danger", onclick: () => attempt(() => change("DELETE", "alarm", room), "Alarm deleted") },
    "Delete",
  );
  const seconds = h("input", {
    type: "number",
    min: "0",
    max: "31536000",
    value: "60",
    required: true,
    "aria-label": "Seconds from now",
  });
  const form = h(
    "form",
    {
      class: "row",
      onsubmit: (event) => {
        event.preventDefault();
        attempt(
          () => change("PUT", "alarm", { ...room, at: Date.now() + Math.round(seconds.value * 1_000) }),
          "Alarm set",
        );
      },
    },
    h("span", {}, "in"),
    seconds,
    h("span", {}, "seconds"),
    h("button", {}, "Set"),
  );
  return {
    content: [h("div", { class: "row" }, text, ring, drop), form],
    update({ alarm: row }) {
      ring.hidden = drop.hidden = row === null;
      const retry = row?.retry ? `, attempt ${row.retry + 1}` : "";
      say(text, row === null ? "No alarm is set." : `${until(row.dueAt)}${retry}`);
      text.title = row === null ? "" : moment(row.dueAt);
    },
  };
}

export function room(main, parameters) {
  const party = parameters.get("party") ?? "main";
  const id = parameters.get("id") ?? "";
  const address = { party, id };
  document.title = `${id} · ${party} · Houseparty`;
  const state = pill("stored");
  const page = { limit: 20, offset: 0 };
  const url = socketUrl(party, id);
  const note = h("p", { class: "banner", hidden: true });
  const restart = h(
    "button",
    {
      onclick: async () => {
        const text =
          "Its isolate goes, and the next event starts it again. Connections of a hibernating room stay open; " +
          "others close with 1012 and come back by themselves if they are partysockets.";
        if (!(await ask("Restart this room?", text, "Restart"))) return;
        try {
          await change("POST", "room/restart", address);
        } catch (error) {
          const force =
            error.status === 409 && (await ask("It is at work", `${error.message}.`, "Restart anyway", "danger"));
          if (!force) {
            if (error.status !== 409) await attempt(() => Promise.reject(error));
            return;
          }
          await attempt(() => change("POST", "room/restart", { ...address, force: 1 }), "Restarted");
        }
      },
    },
    "Restart",
  );
  const copy = h(
    "button",
    { onclick: () => attempt(() => navigator.clipboard.writeText(url), "Copied"), title: url ?? "" },
    "Copy address",
  );
  const top = facts();
  const people = connections(address, page);
  const bell = alarm(address);
  const talk = messages(party, id);
  const kept = storage(address);
  const said = lines(false);
  const panels = {
    connections: panel("connections", "Connections", ...people.content),
    console: panel("console", "Console", talk.element),
    storage: panel("storage", "Storage", kept.element),
    log: panel("log", "Log", said.element),
    alarm: panel("alarm", "Alarm", ...bell.content),
  };
  main.append(
    h("p", { class: "crumbs" }, h("a", { href: "#/" }, "Rooms"), " / ", chip(party)),
    h(
      "div",
      { class: "row title" },
      h("h1", {}, id),
      meaning(id),
      state,
      h("div", { class: "row actions" }, url === null ? null : copy, restart),
    ),
    note,
    top.element,
    h(
      "div",
      { class: "columns" },
      h("div", {}, panels.console.element, panels.log.element, panels.alarm.element),
      h("div", {}, panels.connections.element, panels.storage.element),
    ),
  );
  let last = 0;

  function trouble(problem) {
    note.hidden = problem === null || problem.status === 404;
    say(note, problem?.error ?? "");
    if (problem?.busy) setPill(state, "stuck");
  }
  const nothing = { connections: 0, list: [], alarm: null, keys: 0 };
  page.set = (offset) => {
    page.offset = offset;
    reopen();
  };
  return {
    leave: () => {
      talk.leave();
      kept.leave();
    },
    stream: () => ({ room: 1, ...address, offset: page.offset || null, limit: page.limit, since: last }),
    on: {
      room: (it) => {
        trouble(null);
        setPill(state, it.state);
        restart.disabled = it.state === "stored";
        top.update(it);
        people.update(it);
        bell.update(it);
        panels.connections.extra(it.connections ? whole(it.connections) : "");
        panels.storage.extra(it.keys ? `${whole(it.keys)}${it.moreKeys ? "+" : ""} keys` : "");
      },
      problem: (problem) => {
        trouble(problem);
        if (problem.status !== 404) return;
        setPill(state, "asleep");
        say(state, "not there yet");
        restart.disabled = true;
        top.update(null);
        people.update(nothing);
        bell.update(nothing);
        panels.connections.extra("");
      },
      log: (event) => {
        last = event.last;
        said.take(event);
      },
    },
  };
}
