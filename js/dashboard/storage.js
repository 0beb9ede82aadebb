/*
 * What a room has stored: pages of keys, values as JSON, and changing them.
 *
 * Shows what is durable, read again after each change and when asked; it does not follow the room. A value is saved only
 * if it is still the one that is shown. What JSON cannot say is shown and can be deleted.
 */

import { change, get } from "./api.js";
import { ask, attempt, h, reconcile, say } from "./dom.js";
import { bytes, pretty } from "./format.js";

const ROWS = 50;
const PREVIEW = 300;

/** Why a value cannot be edited. */
function lock(value) {
  if (value.unreadable) return `Not readable here: ${value.unreadable}.`;
  return value.exact ? null : "More than JSON can say: read-only.";
}

export function storage(room) {
  const list = h("ul", { class: "entries" });
  const empty = h("p", { class: "empty", hidden: true }, "Nothing is stored.");
  const more = h("button", { hidden: true, onclick: () => load(true) }, "More keys");
  let entries = [];
  let next = null;
  let typing = null;
  const search = h("input", {
    type: "search",
    placeholder: "Keys that begin with",
    "aria-label": "Keys that begin with",
    spellcheck: "false",
    oninput: () => {
      clearTimeout(typing);
      typing = setTimeout(() => load(false), 150);
    },
  });

  /** Only the answer to the last question counts. */
  let asked = 0;
  async function load(further) {
    const number = (asked += 1);
    await attempt(async () => {
      const answer = await get("storage", {
        ...room,
        prefix: search.value || null,
        limit: ROWS,
        after: further ? next : null,
      });
      if (number !== asked) return;
      entries = further ? [...entries, ...answer.entries] : answer.entries;
      next = answer.next;
      draw();
    });
  }

  function draw() {
    reconcile(list, entries, (it) => it.key, create, update);
    empty.hidden = entries.length > 0;
    say(empty, search.value ? "No key begins like that." : "Nothing is stored.");
    more.hidden = next === null;
  }

  function create(entry) {
    const panel = h("div", { class: "editor", hidden: true });
    const row = h(
      "li",
      {},
      h(
        "button",
        { class: "entry", "aria-expanded": "false", onclick: () => toggle(row, entry.key) },
        h("span", { class: "key" }, entry.key),
        h("span", { class: "value" }),
        h("small"),
      ),
      panel,
    );
    return row;
  }

  function update(row, entry) {
    const [, value, size] = row.firstElementChild.children;
    const text = entry.json ?? (entry.unreadable ? `(${entry.unreadable})` : "large; open it to see it");
    say(value, text.length > PREVIEW ? `${text.slice(0, PREVIEW)} …` : text);
    value.classList.toggle("faint", entry.json === undefined);
    say(size, bytes(entry.bytes));
  }

  async function toggle(row, key) {
    const [button, panel] = row.children;
    const opens = panel.hidden;
    button.setAttribute("aria-expanded", String(opens));
    panel.hidden = !opens;
    if (opens) await attempt(async () => edit(panel, await get("storage/value", { ...room, key })));
  }

  function edit(panel, value) {
    const locked = lock(value);
    const text = h("textarea", {
      "aria-label": `Value of ${value.key}`,
      spellcheck: "false",
      readonly: locked !== null,
    });
    text.value = pretty(value.json ?? value.unreadable ?? "");
    text.rows = Math.min(16, Math.max(2, text.value.split("\n").length));
    const save = () =>
      attempt(async () => {
        const headers = { "if-match": `"${value.tag}"` };
        await change("PUT", "storage/value", { ...room, key: value.key }, text.value, headers);
        edit(panel, await get("storage/value", { ...room, key: value.key }));
        await load(false);
      }, "Saved");
    const remove = async () => {
      if (!(await ask("Delete this key?", value.key, "Delete", "danger"))) return;
      const headers = { "if-match": `"${value.tag}"` };
      const deleted = () => change("DELETE", "storage/value", { ...room, key: value.key }, undefined, headers);
      if (await attempt(deleted, "Deleted")) await load(false);
    };
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && locked === null) save();
    });
    panel.replaceChildren(
      text,
      h(
        "div",
        { class: "row" },
        locked === null ? h("button", { class: "primary", onclick: save }, "Save") : h("small", {}, locked),
        h("button", { class: "danger", onclick: remove }, "Delete"),
      ),
    );
  }

  const key = h("input", { placeholder: "new key", "aria-label": "New key", required: true, spellcheck: "false" });
  const value = h("input", {
    placeholder: "value, as JSON",
    "aria-label": "Value as JSON",
    required: true,
    spellcheck: "false",
  });
  const add = h(
    "form",
    {
      class: "row add",
      onsubmit: async (event) => {
        event.preventDefault();
        const put = () =>
          change("PUT", "storage/value", { ...room, key: key.value }, value.value, { "if-none-match": "*" });
        if (!(await attempt(put, "Stored"))) return;
        add.reset();
        await load(false);
      },
    },
    key,
    value,
    h("button", {}, "Add"),
  );
  const note = h(
    "p",
    { class: "about" },
    "A change is stored through the room. What its party has already read into variables stays as it was until it " +
      "reads again, or the room is restarted.",
  );
  load(false);
  const tools = h("div", { class: "row tools" }, search, h("button", { onclick: () => load(false) }, "Refresh"));
  return {
    element: h("div", { class: "storage" }, tools, list, empty, h("div", { class: "row" }, more), add, note),
    leave: () => clearTimeout(typing),
  };
}
