/*
 * The page of the chat, with Socket.IO's own client.
 *
 * Built by the host (`serve.build`) to /dist/client.js. The client is told where a room is by `path`, and to use
 * WebSockets from the start. It comes back by itself after a loss; then the page joins again under the same name.
 */

import { io } from "socket.io-client";

type Message = { name: string; text: string };

const TYPING_MS = 2_000;
const $ = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

const room = location.hash.slice(1) || "lobby";
const socket = io({ path: `/party/${room}`, addTrailingSlash: false, transports: ["websocket"] });
const typing = new Map<string, ReturnType<typeof setTimeout>>();
let name = sessionStorage.getItem("name") ?? "";
let lastTyped = 0;

function line(text: string, className: string, by = "") {
  const item = document.createElement("li");
  item.className = className;
  if (by !== "") item.append(Object.assign(document.createElement("strong"), { textContent: by }), " ");
  item.append(text);
  $("messages").append(item);
  $("messages").scrollTop = $("messages").scrollHeight;
}

function showTyping(who: string, now: boolean) {
  clearTimeout(typing.get(who));
  typing.delete(who);
  if (now) typing.set(who, setTimeout(() => showTyping(who, false), TYPING_MS));
  const names = [...typing.keys()].join(", ");
  $("typing").textContent = names === "" ? "" : `${names} ${typing.size === 1 ? "is" : "are"} typing…`;
}

function join() {
  $("join").hidden = name !== "";
  $("send").hidden = name === "";
  if (name === "" || !socket.connected) return;
  socket.emit("join", name, ({ here, error }: { here?: string[]; error?: string }) => {
    line(error ?? `Here now: ${here?.join(", ")}`, "notice");
  });
}

function showState(state: string, text: string) {
  $("status").dataset.state = state;
  $("status").textContent = text;
}

socket.on("connect", () => {
  showState("open", "Connected");
  join();
});
socket.on("disconnect", () => showState("lost", "Offline, trying again…"));
socket.on("joined", (who: string) => line(`${who} came in`, "notice"));
socket.on("left", (who: string) => line(`${who} left`, "notice"));
socket.on("typing", showTyping);
socket.on("said", ({ name, text }: Message) => {
  showTyping(name, false);
  line(text, "message", name);
});

$("join").addEventListener("submit", (event) => {
  event.preventDefault();
  name = $<HTMLInputElement>("name").value.trim();
  sessionStorage.setItem("name", name);
  join();
  $("text").focus();
});
$("send").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = $<HTMLInputElement>("text");
  if (field.value.trim() === "" || !socket.connected) return;
  socket.emit("say", field.value, ({ name, text, error }: Partial<Message> & { error?: string }) => {
    if (error !== undefined) line(error, "notice");
    else line(text ?? "", "message mine", name);
  });
  field.value = "";
});
$("text").addEventListener("input", () => {
  if (Date.now() - lastTyped < TYPING_MS / 2) return;
  lastTyped = Date.now();
  socket.emit("typing", true);
});
addEventListener("hashchange", () => location.reload());
showState("connecting", "Connecting…");
join();
