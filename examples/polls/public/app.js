/*
 * The page of the poll: shows the room's poll, or a form to make one; sends votes as they are clicked.
 *
 * Which answer is one's own is what the room confirms, not what was clicked: a refused vote changes nothing here. The
 * voter id is made once and kept in this browser.
 */

import { join, room } from "./room.js";

const $ = (id) => document.getElementById(id);
const voter = localStorage.getItem("voter") ?? newVoter();
let yours = null;
let options = "";

function newVoter() {
  // `crypto.randomUUID` exists on secure pages only; a phone in the same network has plain HTTP.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const id = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  localStorage.setItem("voter", id);
  return id;
}

const votes = join((data) => {
  const event = JSON.parse(data);
  $("problem").textContent = event.error ?? "";
  if (event.yours !== undefined) yours = event.yours;
  if (event.poll !== undefined) show(event);
  mark();
}, { voter });

function show({ poll, counts }) {
  $("new").hidden = poll !== null;
  $("poll").hidden = poll === null;
  if (poll === null) return;
  $("question").textContent = poll.question;
  if (options !== poll.options.join("\n")) {
    options = poll.options.join("\n");
    $("options").replaceChildren(...poll.options.map(button));
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  [...$("options").children].forEach((button, index) => {
    button.style.setProperty("--share", total === 0 ? 0 : counts[index] / total);
    button.lastChild.textContent = counts[index];
  });
  $("total").textContent = total === 1 ? "1 vote" : `${total} votes`;
}

function button(text, index) {
  const made = document.createElement("button");
  made.append(document.createElement("span"), document.createElement("span"));
  made.firstChild.textContent = text;
  made.addEventListener("click", () => votes.send(String(index)));
  return made;
}

function mark() {
  [...$("options").children].forEach((button, index) => button.setAttribute("aria-pressed", index === yours));
}

$("new").addEventListener("submit", async (event) => {
  event.preventDefault();
  const question = $("new-question").value;
  const answers = $("new-options").value.split("\n").filter((line) => line.trim() !== "");
  const body = JSON.stringify({ question, options: answers });
  const answer = await fetch(`/party/${room}`, { method: "POST", body });
  $("problem").textContent = answer.ok ? "" : await answer.text();
});
