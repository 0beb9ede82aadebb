/*
 * The page of the quiz: sends answers and shows the points. When the room says another `wokenAt` than before, it had left
 * memory in between, and the page says so.
 */

import { join } from "./room.js";

const $ = (id) => document.getElementById(id);
let awakeSince = null;

const quiz = join((data) => {
  if (!data.startsWith("{")) {
    $("question").textContent = data;
    return;
  }
  const { points, wokenAt } = JSON.parse(data);
  $("points").textContent = points;
  const line = document.createElement("li");
  const woken = awakeSince !== null && awakeSince !== wokenAt;
  line.className = woken ? "woken" : "";
  const since = new Date(wokenAt).toLocaleTimeString();
  line.textContent = woken ? `The room had left memory. It woke at ${since}.` : `The room is awake since ${since}.`;
  awakeSince = wokenAt;
  $("log").prepend(line);
});

$("answer").addEventListener("submit", (event) => {
  event.preventDefault();
  if (quiz.send($("text").value)) $("text").value = "";
});
