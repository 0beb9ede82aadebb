/*
 * The page of presence: joins as a player or a watcher and shows who the room says is here.
 *
 * The room keeps "away" on the connection: whoever loses it comes back as here.
 */

import { join } from "./room.js";

const $ = (id) => document.getElementById(id);
const away = $("away").querySelector("input");
let connection = null;

function player({ name, status }) {
  const item = document.createElement("li");
  item.dataset.status = status;
  const avatar = document.createElement("span");
  avatar.className = "avatar";
  avatar.setAttribute("aria-hidden", "true");
  avatar.textContent = [...name][0].toUpperCase();
  avatar.style.setProperty("--hue", [...name].reduce((hue, letter) => (hue * 31 + letter.codePointAt(0)) % 360, 0));
  const words = document.createElement("span");
  words.textContent = name;
  const note = document.createElement("small");
  note.textContent = status === "away" ? "away" : "";
  item.append(avatar, words, note);
  return item;
}

$("join").addEventListener("submit", (event) => {
  event.preventDefault();
  const role = event.submitter.value;
  $("join").hidden = true;
  $("inside").hidden = false;
  $("away").hidden = role !== "player";
  connection = join((data) => {
    const { players, watchers } = JSON.parse(data);
    $("players").replaceChildren(...players.map(player));
    $("watchers").textContent = watchers === 1 ? "1 is watching" : `${watchers} are watching`;
  }, { role, name: $("name").value.trim() || "Somebody" });
});
away.addEventListener("change", () => connection.send(away.checked ? "away" : "here"));
