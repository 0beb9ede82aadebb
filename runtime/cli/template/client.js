/*
 * The page's side of the chat: one WebSocket to the room that the URL names behind `#`.
 *
 * Opens the socket again when it is lost, sooner at first and later after a while. Texts of others are never HTML. The
 * npm package `partysocket` does the connecting for pages that are bundled.
 */

const RETRY_MS = 500;
const RETRY_MS_MAX = 10_000;

const element = (id) => document.getElementById(id);
const room = decodeURIComponent(location.hash.slice(1)) || "lobby";
const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const mine = new Set(JSON.parse(sessionStorage.getItem("mine") ?? "[]"));

let socket;
let retry = RETRY_MS;

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  show("connecting");
  socket = new WebSocket(`${scheme}://${location.host}/party/${encodeURIComponent(room)}`);
  socket.addEventListener("open", () => {
    retry = RETRY_MS;
    show("open");
  });
  socket.addEventListener("message", (event) => take(JSON.parse(event.data)));
  socket.addEventListener("close", () => {
    show("lost");
    setTimeout(connect, retry);
    retry = Math.min(retry * 2, RETRY_MS_MAX);
  });
}

function show(state) {
  element("status").dataset.state = state;
  element("status").textContent = { open: "connected", lost: "trying again" }[state] ?? state;
}

function take(said) {
  if (said.type === "people") {
    element("people").textContent = said.count === 1 ? "You are alone here" : `${said.count} people here`;
  } else if (said.type === "history") {
    element("messages").replaceChildren(...said.messages.map(item));
    scroll();
  } else if (said.type === "message") {
    element("messages").append(item(said.message));
    scroll();
  }
  element("empty").hidden = element("messages").childElementCount > 0;
}

function item({ name, text, at }) {
  const by = document.createElement("p");
  by.className = "by";
  const who = document.createElement("strong");
  who.textContent = name;
  const when = document.createElement("time");
  when.dateTime = new Date(at).toISOString();
  when.textContent = time.format(at);
  by.append(who, " ", when);
  const words = document.createElement("p");
  words.className = "text";
  words.textContent = text;
  const entry = document.createElement("li");
  entry.classList.toggle("mine", mine.has(name));
  entry.append(by, words);
  return entry;
}

function scroll() {
  element("messages").lastElementChild?.scrollIntoView({ block: "end" });
}

element("room").textContent = `#${room}`;
element("name").value = localStorage.getItem("name") ?? `Guest ${Math.floor(Math.random() * 900) + 100}`;
element("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const [name, text] = [element("name").value.trim(), element("text").value];
  if (socket.readyState !== WebSocket.OPEN || !name || !text.trim()) return;
  localStorage.setItem("name", name);
  mine.add(name);
  sessionStorage.setItem("mine", JSON.stringify([...mine]));
  socket.send(JSON.stringify({ name, text }));
  element("text").value = "";
});
window.addEventListener("hashchange", () => location.reload());
connect();
