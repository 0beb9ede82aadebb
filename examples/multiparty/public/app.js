/*
 * The page of the example: join rooms, chat, choose a name, watch how many are in every room.
 *
 * It talks to all three parties and to nothing else: a WebSocket to `/party/<room>` for the chat,
 * one to `/parties/connections/active-connections` for the counts, and GET and PUT on
 * `/parties/user/<id>`. The room is in the URL's hash, so that a link leads into it. The user id is
 * in this tab's session storage: two tabs are two people, and a reload does not change who you are.
 *
 * Texts from others are only ever put in as text, never as HTML. Without a connection the page says
 * so and leaves what was typed where it is.
 */

import { LastingSocket } from "./socket.js";

const STANDARD_ROOMS = ["lobby", "kitchen", "balcony"];
const MESSAGES_MAX = 500;

const $ = (id) => document.getElementById(id);
const user = sessionStorage.getItem("user") ?? newUser();
const userUrl = `/parties/user/${user}`;

let room = null;
let chat = null;
let counts = {};
/** The rooms in the list and the one that was current when it was last scrolled. */
let shownRooms = "";
let me = { name: "", hue: 0 };

function newUser() {
  // `crypto.randomUUID` exists on secure pages only; a phone in the same network has plain HTTP.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const id = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  sessionStorage.setItem("user", id);
  return id;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// Rooms

/** A room's name as it stands in URLs: "Tea Room" becomes "tea-room". */
function roomFrom(text) {
  const name = text.trim().toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
  return encodeURIComponent(name);
}

/** The readable name of a room in a URL or in the counts. */
function titleOf(id) {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

function enterRoomOfHash() {
  const wanted = roomFrom(titleOf(location.hash.slice(1))) || STANDARD_ROOMS[0];
  if (wanted === room) return;
  room = wanted;
  document.title = `${titleOf(room)} · Houseparty`;
  $("room-title").textContent = titleOf(room);
  $("messages").replaceChildren();
  $("empty").hidden = false;
  chat?.end();
  chat = new LastingSocket(`/party/${room}?user=${user}`, {
    onMessage: showEvent,
    onState: showState,
  });
  showCounts();
}

function people(count) {
  return count === 1 ? "1 person here" : `${count} people here`;
}

function showCounts() {
  // In an order that does not depend on the counts, so that nothing moves under a finger.
  const others = [room, ...Object.keys(counts)].sort((a, b) => a.localeCompare(b));
  const names = [...new Set([...STANDARD_ROOMS, ...others])];
  const focused = $("rooms").contains(document.activeElement)
    ? document.activeElement.dataset.room
    : null;
  const links = names.map((name) => roomLink(name, counts[name] ?? 0));
  $("rooms").replaceChildren(...links.map((link) => wrapped("li", link)));
  links.find((link) => link.dataset.room === focused)?.focus({ preventScroll: true });
  if (`${names} ${room}` !== shownRooms) {
    shownRooms = `${names} ${room}`;
    const current = links.find((link) => link.dataset.room === room);
    current.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  $("room-count").textContent = people(counts[room] ?? 0);
}

function wrapped(tag, inner) {
  const made = element(tag);
  made.append(inner);
  return made;
}

function roomLink(name, count) {
  const link = element("a", count > 0 ? "room" : "room nobody");
  link.href = `#${name}`;
  link.dataset.room = name;
  if (name === room) link.setAttribute("aria-current", "page");
  const number = element("span", "count", String(count));
  number.setAttribute("aria-hidden", "true");
  const spoken = element("span", "hidden", `, ${people(count)}`);
  link.append(element("span", "room-name", titleOf(name)), spoken, number);
  return link;
}

// Messages

function showState(state) {
  const texts = { connecting: "Connecting…", open: "Connected", lost: "Offline, trying again…" };
  $("status").textContent = texts[state];
  $("status").dataset.state = state;
  $("send-button").disabled = state !== "open";
}

function showEvent(event) {
  if (event.type === "message") addMessage(event);
  else if (event.type === "renamed") addNotice(`${event.from} is now ${event.to}`);
}

function addMessage({ name, hue, text }, mine = false) {
  const item = element("li", mine ? "message mine" : "message");
  const avatar = element("span", "avatar", initialOf(name));
  avatar.style.setProperty("--hue", hue);
  avatar.setAttribute("aria-hidden", "true");
  const time = element("time", "dim", new Date().toLocaleTimeString([], { timeStyle: "short" }));
  const head = element("p", "message-head");
  head.append(element("strong", "", mine ? "You" : name), " ", time);
  const body = element("div", "bubble");
  body.append(head, element("p", "message-text", text));
  item.append(avatar, body);
  append(item, mine);
}

function addNotice(text) {
  append(element("li", "notice dim", text), false);
}

/** Adds a line and keeps the end in view, unless somebody is reading further up. */
function append(item, always) {
  const log = $("log");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  $("empty").hidden = true;
  $("messages").append(item);
  while ($("messages").childElementCount > MESSAGES_MAX) $("messages").firstElementChild.remove();
  if (atEnd || always) log.scrollTop = log.scrollHeight;
}

$("send").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  $("text").focus();
  if (text === "" || !chat.send(text)) return;
  // The room sends a message to everybody but its sender.
  addMessage({ ...me, text }, true);
  $("text").value = "";
});

// Preferences

function initialOf(name) {
  return ([...name][0] ?? "?").toUpperCase();
}

function paint(avatar, { name, hue }) {
  avatar.textContent = initialOf(name);
  avatar.style.setProperty("--hue", hue);
}

function showMe(preferences) {
  me = preferences;
  paint($("me").querySelector(".avatar"), me);
  $("me").querySelector(".me-name").textContent = me.name;
}

function profile() {
  return { name: $("profile-name").value.trim(), hue: Number($("profile-hue").value) };
}

function showPreview() {
  paint($("profile").querySelector(".avatar"), profile());
  $("preview-name").textContent = profile().name || "…";
}

$("me").addEventListener("click", () => {
  $("profile-name").value = me.name;
  $("profile-hue").value = me.hue;
  $("profile-problem").textContent = "";
  showPreview();
  $("profile").showModal();
  $("profile-name").select();
});
$("profile-form").addEventListener("input", showPreview);
$("profile-cancel").addEventListener("click", () => $("profile").close());
$("profile-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const response = await fetch(userUrl, { method: "PUT", body: JSON.stringify(profile()) }).catch(
    () => null,
  );
  const answer = await response?.json().catch(() => null);
  if (response?.ok) {
    showMe(answer);
    $("profile").close();
  } else {
    $("profile-problem").textContent = answer?.error ?? "Not saved: the server cannot be reached.";
  }
});

// Start

$("join").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = roomFrom($("join-name").value);
  if (name === "") return;
  location.hash = name;
  event.target.reset();
  $("text").focus();
});
addEventListener("hashchange", enterRoomOfHash);
enterRoomOfHash();
new LastingSocket("/parties/connections/active-connections", {
  onMessage(all) {
    counts = all;
    showCounts();
  },
  // Also after a loss: the server may have started anew in the meantime.
  async onState(state) {
    if (state !== "open") return;
    const preferences = await fetch(userUrl).then((it) => it.json()).catch(() => null);
    if (preferences !== null) showMe(preferences);
  },
});
