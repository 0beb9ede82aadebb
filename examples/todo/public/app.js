/*
 * The page of the to-do list. It changes nothing by itself: it sends what somebody wants and shows what the room says,
 * so all pages show the same. Entries are only ever put in as text.
 */

import { join } from "./room.js";

const $ = (id) => document.getElementById(id);
let entries = new Map();

const list = join((data) => {
  const event = JSON.parse(data);
  $("problem").textContent = event.error ?? "";
  if (event.entries) entries = new Map(event.entries.map((entry) => [entry.id, entry]));
  if (event.changed) entries.set(event.changed.id, event.changed);
  if (event.removed) entries.delete(event.removed);
  show();
});

const ask = (wish) => list.send(JSON.stringify(wish));

function show() {
  const focused = document.activeElement?.id;
  $("entries").replaceChildren(...[...entries.values()].map(line));
  if (focused) $(focused)?.focus();
  const left = [...entries.values()].filter(({ done }) => !done).length;
  $("left").textContent = entries.size === 0 ? "Nothing to do." : `${left} of ${entries.size} left to do`;
}

function line({ id, text, done }) {
  const item = document.createElement("li");
  item.innerHTML = '<label><input type="checkbox"><span></span></label><button class="remove">×</button>';
  const [box, words, remove] = [item.querySelector("input"), item.querySelector("span"), item.querySelector("button")];
  words.textContent = text;
  box.id = `done ${id}`;
  box.checked = done;
  box.addEventListener("change", () => ask({ id, done: box.checked }));
  remove.setAttribute("aria-label", `Remove ${text}`);
  remove.addEventListener("click", () => ask({ remove: id }));
  return item;
}

$("add").addEventListener("submit", (event) => {
  event.preventDefault();
  if ($("text").value.trim() !== "" && ask({ add: $("text").value })) $("text").value = "";
  $("text").focus();
});
