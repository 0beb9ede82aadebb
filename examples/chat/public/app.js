/*
 * The page of the chat. On each connection the room sends its history, then every message as it comes; what is shown is
 * what the room has said, also of one's own messages. Names and texts of others are only put in as text.
 */

import { join } from "./room.js";

const $ = (id) => document.getElementById(id);

const chat = join((data) => {
  const { history, message } = JSON.parse(data);
  if (history) $("messages").replaceChildren();
  for (const each of history ?? [message]) add(each);
  $("empty").hidden = $("messages").children.length > 0;
  $("messages").scrollTop = $("messages").scrollHeight;
});

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function hueOf(name) {
  let hue = 0;
  for (const character of name) hue = (hue * 31 + character.codePointAt(0)) % 360;
  return hue;
}

function add({ name, text, at }) {
  const avatar = element("span", "avatar", [...name][0].toUpperCase());
  avatar.style.setProperty("--hue", hueOf(name));
  avatar.setAttribute("aria-hidden", "true");
  const head = element("p", "head");
  const time = new Date(at).toLocaleTimeString([], { timeStyle: "short" });
  head.append(element("strong", "", name), element("time", "dim", time));
  const item = element("li", "message");
  item.append(avatar, head, element("p", "text", text));
  $("messages").append(item);
}

$("name").value = localStorage.getItem("name") ?? "";
$("send").addEventListener("submit", (event) => {
  event.preventDefault();
  const [name, text] = [$("name").value, $("text").value];
  localStorage.setItem("name", name);
  if (text.trim() !== "" && chat.send(JSON.stringify({ name, text }))) $("text").value = "";
  $("text").focus();
});
