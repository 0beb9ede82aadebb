/*
 * The page of the counter: requests change the number, and the room tells every page the new one over a WebSocket.
 */

import { join, room } from "./room.js";

join((count) => {
  document.getElementById("count").textContent = count;
});

const ask = (method) => fetch(`/party/${room}`, { method });
document.getElementById("add").addEventListener("click", () => ask("POST"));
document.getElementById("reset").addEventListener("click", () => ask("DELETE"));
