/*
 * The page of the reminders: POSTs new ones, counts down to those that wait, and shows each as it comes over the
 * WebSocket. What fell due while nobody was connected is no longer waiting and was shown to nobody.
 */

import { join, room } from "./room.js";

const $ = (id) => document.getElementById(id);
let waiting = [];

function line(text, time) {
  const item = document.createElement("li");
  const words = document.createElement("span");
  words.textContent = text;
  const when = document.createElement("time");
  when.textContent = time;
  item.append(words, when);
  return item;
}

function show() {
  const left = (at) => Math.max(0, Math.ceil((at - Date.now()) / 1000));
  $("waiting").replaceChildren(...waiting.map(({ text, at }) => line(text, `in ${left(at)} s`)));
}

async function ask(init) {
  waiting = await (await fetch(`/party/${room}`, init)).json();
  show();
}

join((data) => {
  const { text } = JSON.parse(data);
  $("arrived").prepend(line(text, new Date().toLocaleTimeString()));
  void ask();
});
void ask();
setInterval(show, 1000);

$("add").addEventListener("submit", (event) => {
  event.preventDefault();
  const body = JSON.stringify({ text: $("text").value, seconds: Number($("seconds").value) });
  void ask({ method: "POST", body });
  $("text").value = "";
});
