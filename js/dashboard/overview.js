/*
 * The overview: figures of the host, its parties, and the table of rooms, live or stored. And the page of crons.
 */

import { change, reopen } from "./api.js";
import { attempt, clear, h, reconcile, refill, say, sparkline, toast } from "./dom.js";
import { ago, bytes, count, decoded, duration, hue, moment, until, whole } from "./format.js";

export const roomLink = (party, id) => `#/room?${new URLSearchParams({ party, id })}`;

/** A party's name in its colour. */
export function chip(party) {
  const element = h("span", { class: "chip" }, party);
  element.style.setProperty("--hue", hue(party));
  return element;
}

/** Beside a raw id: what its percent signs stand for. */
export function meaning(id) {
  const text = decoded(id);
  return text === null ? null : h("small", { class: "meaning" }, text);
}

export const STATES = {
  running: "awake",
  starting: "starting",
  hibernated: "hibernated",
  asleep: "asleep",
  stored: "stored",
  stuck: "busy",
};

export const pill = (state) => h("span", { class: "pill", data: { state } }, STATES[state] ?? state);

export function setPill(element, state) {
  element.dataset.state = state;
  say(element, STATES[state] ?? state);
}

// ---- figures ---------------------------------------------------------------------------------------------------------

function tile(name, title) {
  const value = h("strong", {}, "–");
  const note = h("small", {}, " ");
  const spark = sparkline();
  const element = h("div", { class: "tile", title, data: { name } }, h("span", {}, name), value, note, spark.chart);
  return { element, set: (text, more) => (say(value, text), say(note, more)), push: spark.push };
}

function meter(name) {
  const bar = h("i");
  const text = h("span");
  const element = h("div", { class: "meter" }, h("span", {}, name), h("b", {}, bar), text);
  return {
    element,
    set({ used, limit }) {
      const share = used === null || !limit ? 0 : Math.min(1, used / limit);
      bar.style.setProperty("--share", share);
      element.dataset.level = share > 0.9 ? "high" : share > 0.7 ? "middle" : "low";
      say(text, used === null ? "unknown" : `${whole(used)} of ${limit ? whole(limit) : "unlimited"}`);
    },
  };
}

function figures() {
  const tiles = {
    rooms: tile("Rooms", "Rooms with an isolate, and rooms that hibernate"),
    connections: tile("Connections", "Open WebSockets of all rooms"),
    turns: tile("Turns a second", "Events that rooms have handled"),
    commits: tile("Commits a second", "Transactions of the store, each with its fsync"),
    cpu: tile("Processor", "Time on processors, of all threads; one core is 100 %"),
    memory: tile("Memory", "Resident memory of the process"),
  };
  const meters = { isolates: meter("Isolates"), descriptors: meter("File descriptors"), mappings: meter("Mappings") };
  const about = h("p", { class: "about" }, " ");
  const element = h(
    "section",
    { class: "figures", "aria-label": "The host" },
    h("div", { class: "tiles" }, ...Object.values(tiles).map((it) => it.element)),
    h("div", { class: "meters" }, ...Object.values(meters).map((it) => it.element)),
    about,
  );
  let before = null;
  function update(host) {
    const now = performance.now();
    const { rooms, store, process } = host;
    tiles.rooms.set(count(rooms.awake), rooms.hibernated ? `and ${count(rooms.hibernated)} hibernated` : "awake");
    tiles.connections.set(
      count(rooms.connections),
      rooms.inbox ? `${count(rooms.inbox)} events wait` : "nothing waits",
    );
    tiles.memory.set(bytes(process.memory), `${bytes(process.memoryPeak)} at most`);
    tiles.rooms.push(rooms.awake);
    tiles.connections.push(rooms.connections);
    tiles.memory.push(process.memory ?? 0);
    if (before !== null) {
      const seconds = (now - before.at) / 1_000;
      const rate = (from, to) => Math.max(0, (to - from) / seconds);
      const turns = rate(before.host.rooms.turns, rooms.turns);
      const commits = rate(before.host.store.commits, store.commits);
      const groups = store.commits - before.host.store.commits;
      const took = groups > 0 ? (store.time - before.host.store.time) / groups : 0;
      const cpu = rate(before.host.process.cpu ?? 0, process.cpu ?? 0) / 10;
      tiles.turns.set(turns < 10 ? turns.toFixed(1) : count(Math.round(turns)), `${count(rooms.turns)} so far`);
      tiles.turns.push(turns);
      const fsync = groups > 0 ? `${duration(took)} each` : `longest ${duration(store.longest)}`;
      tiles.commits.set(commits < 10 ? commits.toFixed(1) : count(Math.round(commits)), fsync);
      tiles.commits.push(commits);
      tiles.cpu.set(`${cpu < 10 ? cpu.toFixed(1) : Math.round(cpu)} %`, `${host.shards} shards`);
      tiles.cpu.push(cpu);
    }
    before = { at: now, host };
    meters.isolates.set(host.isolates);
    meters.descriptors.set(process.descriptors);
    meters.mappings.set(process.mappings);
    say(about, `houseparty ${host.version} · up ${duration(Date.now() - host.startedAt)} · process ${process.pid}`);
  }
  return { element, update };
}

// ---- rooms -----------------------------------------------------------------------------------------------------------

const LIVE = [
  ["name", "Room"],
  [null, "State"],
  ["connections", "Connections", "number"],
  ["inbox", "Inbox", "number wide"],
  ["heap", "Memory", "number"],
  ["time", "Turn time", "number", "Time its shard has spent in its turns"],
  ["turns", "Turns", "number wide"],
  ["active", "Active", "number"],
];
const STORED = [
  [null, "Room"],
  [null, "State"],
  [null, "Keys", "number"],
  [null, "Alarm", "number"],
];
const ROWS = 50;

function liveRow(row, it) {
  const [, state, connections, inbox, memory, time, turns, active] = row.children;
  setPill(state.firstElementChild, it.stuck ? "stuck" : it.state);
  row.dataset.state = it.stuck ? "stuck" : it.state;
  row.classList.toggle("stale", it.stale);
  say(connections, count(it.connections));
  say(inbox, count(it.inbox));
  say(memory, it.heap ? bytes(it.heap.total + it.heap.buffers) : "–");
  memory.title = it.heap ? `${bytes(it.heap.used)} of objects, ${bytes(it.heap.buffers)} of buffers` : "";
  say(time, it.stuck ? `${duration(it.stuck)} now` : duration(it.time));
  say(turns, count(it.turns));
  say(active, ago(it.activeAt));
}

function storedRow(row, it) {
  const [, state, keys, alarm] = row.children;
  setPill(state.firstElementChild, it.state);
  row.dataset.state = it.state;
  say(keys, it.moreKeys ? `${whole(it.keys)}+` : whole(it.keys));
  say(alarm, it.alarm ? until(it.alarm.dueAt) : "–");
}

function table(query) {
  const head = h("tr");
  const body = h("tbody");
  const empty = h("p", { class: "empty" });
  const pager = h("div", { class: "row pager" });
  const element = h("div", { class: "sheet" }, h("table", {}, h("thead", {}, head), body), empty, pager);
  let kind = null;
  let columns = [];

  function setKind(next) {
    if (kind === next) return;
    kind = next;
    columns = kind === "live" ? LIVE : STORED;
    clear(body);
  }

  function headers() {
    refill(head, [kind, query.sort], () =>
      columns.map(([sort, text, place = "", title = null]) => {
        const sorted = sort !== null && query.sort === sort;
        const inside = sort === null ? text : h("button", { onclick: () => query.set({ sort, offset: 0 }) }, text);
        return h(
          "th",
          { class: place, title, "aria-sort": sorted ? (sort === "name" ? "ascending" : "descending") : null },
          inside,
        );
      }),
    );
  }

  function create(it) {
    const name = h(
      "td",
      { class: "name" },
      chip(it.party),
      h("a", { href: roomLink(it.party, it.id) }, it.id),
      meaning(it.id),
    );
    const cells = columns.slice(2).map(([, text, place = ""]) => h("td", { class: place, data: { title: text } }));
    const row = h("tr", {}, name, h("td", {}, pill(it.state)), ...cells);
    row.addEventListener("click", (event) => {
      if (event.target.closest("a") === null && getSelection().isCollapsed) location.hash = roomLink(it.party, it.id);
    });
    return row;
  }

  function turnPages(answer) {
    const step = (text, label, to, enabled) =>
      h("button", { "aria-label": label, disabled: !enabled, onclick: () => query.set(to) }, text);
    if (kind === "live") {
      const { total, offset, rooms } = answer;
      const from = total === 0 ? 0 : offset + 1;
      const where = h("span", {}, `${whole(from)}–${whole(offset + rooms.length)} of ${whole(total)}`);
      const back = step("←", "Previous page", { offset: Math.max(0, offset - ROWS) }, offset > 0);
      const on = step("→", "Next page", { offset: offset + ROWS }, offset + rooms.length < total);
      refill(pager, [offset, rooms.length, total], () => [where, back, on]);
      pager.hidden = total <= ROWS && offset === 0;
    } else {
      const first = step("⇤", "First page", { after: null }, query.after !== null);
      const on = step("→", "Next page", { after: answer.next }, answer.next !== null);
      refill(pager, [query.after, answer.next], () => [first, on]);
      pager.hidden = query.after === null && answer.next === null;
    }
  }

  function update(answer) {
    const next = answer.total === undefined ? "stored" : "live";
    if (next !== query.state) return;
    setKind(next);
    headers();
    const key = (it) => `${it.party}/${it.id}`;
    reconcile(body, answer.rooms, key, create, kind === "live" ? liveRow : storedRow);
    empty.hidden = answer.rooms.length > 0;
    const nothing =
      kind === "live" ? "No room is alive. Open one, or visit a page that joins one." : "No room has stored anything.";
    say(empty, query.search || query.party ? "No room is like that." : nothing);
    turnPages(answer);
  }
  return { element, update };
}

/** What is looked for among the rooms; survives a look at something else. */
const query = { state: "live", party: null, search: "", sort: "active", offset: 0, after: null };

export function overview(main) {
  document.title = "Houseparty";
  const top = figures();
  let parties = [];
  query.set = (changes) => {
    Object.assign(query, changes);
    if (!("offset" in changes)) query.offset = 0;
    if (!("after" in changes)) query.after = null;
    draw();
    reopen();
  };
  const list = table(query);
  const segments = ["live", "stored"].map((state) =>
    h("button", { data: { state }, onclick: () => query.set({ state }) }, state === "live" ? "Live" : "Stored"),
  );
  let typing = null;
  const search = h("input", {
    type: "search",
    placeholder: "Search rooms",
    "aria-label": "Search rooms by id",
    oninput: () => {
      clearTimeout(typing);
      typing = setTimeout(() => query.set({ search: search.value }), 150);
    },
  });
  search.value = query.search;
  const strip = h("div", { class: "parties", role: "group", "aria-label": "Parties" });
  const party = h("select", { "aria-label": "Party of the room" });
  const id = h("input", { placeholder: "room id", "aria-label": "Id of the room", required: true });
  const join = h(
    "form",
    {
      class: "row open",
      onsubmit: (event) => {
        event.preventDefault();
        location.hash = roomLink(party.value, id.value);
      },
    },
    party,
    id,
    h("button", {}, "Open"),
  );
  const note = h("p", { class: "banner", hidden: true });

  function drawParties() {
    const all = { name: null };
    const keyOf = (it) => it.name ?? "";
    reconcile(
      strip,
      [all, ...parties],
      keyOf,
      (it) => {
        const button = h(
          "button",
          { onclick: () => query.set({ party: query.party === it.name ? null : it.name }) },
          it.name === null ? "All parties" : chip(it.name),
          h("small"),
        );
        return button;
      },
      (button, it) => {
        button.setAttribute("aria-pressed", String(query.party === it.name));
        if (it.name === null) return;
        const { awake, hibernated } = it.rooms;
        say(button.lastElementChild, awake + hibernated === 0 ? "" : count(awake + hibernated));
      },
    );
    if (party.children.length !== parties.length) {
      party.replaceChildren(...parties.map((it) => h("option", {}, it.name)));
    }
  }

  function draw() {
    for (const button of segments) button.setAttribute("aria-pressed", String(button.dataset.state === query.state));
    drawParties();
  }

  main.append(
    h("h1", { class: "hidden" }, "Overview"),
    top.element,
    note,
    h(
      "section",
      { class: "rooms", "aria-label": "Rooms" },
      h(
        "div",
        { class: "row tools" },
        h("h2", {}, "Rooms"),
        h("div", { class: "segments" }, ...segments),
        search,
        join,
      ),
      strip,
      list.element,
    ),
  );
  draw();
  return {
    leave: () => clearTimeout(typing),
    stream: () => ({
      host: 1,
      rooms: 1,
      state: query.state,
      party: query.party,
      search: query.search || null,
      sort: query.sort,
      offset: query.offset || null,
      after: query.after,
      limit: ROWS,
    }),
    on: {
      host: (host) => {
        parties = host.parties;
        top.update(host);
        drawParties();
        note.hidden = host.busy.length === 0;
        say(
          note,
          host.busy
            .map(
              (it) =>
                `A turn of ${it.party}/${it.id ?? "(lobby)"} has been running for ${duration(it.time)}; ` +
                "the rooms of its shard wait.",
            )
            .join(" "),
        );
      },
      rooms: (answer) => list.update(answer),
      problem: (problem) => toast(problem.error, "bad"),
    },
  };
}

// ---- crons -----------------------------------------------------------------------------------------------------------

export function crons(main) {
  document.title = "Crons · Houseparty";
  const list = h("div", { class: "cards" });
  const empty = h(
    "p",
    { class: "empty", hidden: true },
    "The project has no crons: name some under `crons` in partykit.json.",
  );
  main.append(h("h1", {}, "Crons"), list, empty);

  async function run(name, outcome) {
    say(outcome, "running …");
    const good = await attempt(async () => {
      const { status, text } = await change("POST", "cron", { name });
      say(outcome, `${status ?? ""} ${text}`.trim());
      outcome.dataset.level = status !== null && status >= 400 ? "error" : "";
    });
    if (!good) say(outcome, "");
  }

  return {
    stream: { host: 1 },
    on: {
      host: (host) => {
        empty.hidden = host.crons.length > 0;
        reconcile(
          list,
          host.crons,
          (it) => it.name,
          (it) => {
            const outcome = h("output");
            return h(
              "article",
              { class: "card cron" },
              h("h2", {}, it.name),
              h("code", {}, it.cron),
              h("p"),
              h("div", { class: "row" }, h("button", { onclick: () => run(it.name, outcome) }, "Run now"), outcome),
            );
          },
          (card, it) => {
            say(card.children[1], it.cron);
            const text = card.children[2];
            say(text, it.nextAt === null ? "never again" : `next ${until(it.nextAt)}`);
            text.title = it.nextAt === null ? "" : moment(it.nextAt);
          },
        );
      },
    },
  };
}
