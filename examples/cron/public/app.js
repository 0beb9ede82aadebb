/*
 * The page of the logbook: shows what the room sends and counts down to the next minute. The button asks the address
 * that runs a cron by hand; hosts that are open to the world refuse it, and the page says so.
 */

import { join } from "./room.js";

const $ = (id) => document.getElementById(id);
let newest = Infinity;

join((data) => {
  const entries = JSON.parse(data);
  $("entries").replaceChildren(...entries.map(line));
  newest = entries[0]?.at ?? 0;
});

function line({ cron, at, scheduled }) {
  const item = document.createElement("li");
  item.className = at > newest ? "new" : "";
  const time = document.createElement("time");
  time.textContent = new Date(at).toLocaleTimeString();
  const name = document.createElement("strong");
  name.textContent = cron;
  const late = document.createElement("span");
  late.className = "dim";
  late.textContent = `${Math.max(0, at - scheduled)} ms late`;
  item.append(time, name, late);
  return item;
}

function countDown() {
  const left = 60 - new Date().getSeconds();
  $("next").textContent = `Next entry in ${left} s`;
}
countDown();
setInterval(countDown, 1000);

$("run").addEventListener("click", async () => {
  const answer = await fetch("/__scheduled__?cron=minute", { method: "POST" });
  $("problem").textContent = answer.ok ? "" : `This host does not let pages run crons (${answer.status}).`;
});
