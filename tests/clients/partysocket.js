/*
 * Drives examples/multiparty with the real `partysocket` client: node partysocket.js <host>
 *
 * Run by tests/examples. Ends with 0 if everything came as it must, else with 1 and what was missing.
 */

import assert from "node:assert/strict";
import { PartySocket } from "partysocket";
import { WebSocket } from "ws";

const DEADLINE_MS = 30_000;
const [host] = process.argv.slice(2);

/** A socket whose messages are kept until somebody asks for them. */
function open(options) {
  const socket = new PartySocket({ host, WebSocket, minReconnectionDelay: 50, maxReconnectionDelay: 200, ...options });
  const messages = [];
  socket.addEventListener("message", ({ data }) => messages.push(JSON.parse(data)));
  return Object.assign(socket, { messages });
}

async function until(what, probe) {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const found = await probe();
    if (found) return found;
    assert(Date.now() < end, `not within ${DEADLINE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const isOpen = (socket) => until("the socket opens", () => socket.readyState === WebSocket.OPEN);
const last = (socket) => socket.messages.at(-1);

const counts = open({ party: "connections", room: "active-connections" });
await isOpen(counts);

const renamed = await PartySocket.fetch(
  { host, party: "user", room: "ann-id" },
  { method: "PUT", body: JSON.stringify({ name: "Ann", hue: 20 }) },
);
assert.equal(renamed.status, 200);

const ann = open({ room: "node-room", query: { user: "ann-id" }, id: "ann" });
const ben = open({ room: "node-room", query: { user: "ben-id" }, id: "ben" });
await isOpen(ann);
await isOpen(ben);
await until("both are counted", () => last(counts)?.["node-room"] === 2);

ann.send("hello from partysocket");
await until("the other gets the message", () => ben.messages.length > 0);
assert.deepEqual(ben.messages[0], { type: "message", name: "Ann", hue: 20, text: "hello from partysocket" });

ben.send("hello back");
await until("the answer arrives", () => ann.messages.length > 0);
assert.equal(ann.messages[0].text, "hello back");
assert.equal(ben.messages.length, 1, "nobody gets what they said themselves");

// Nobody asks for it: the client comes back by itself when its connection breaks.
ben.reconnect();
await until("one left and came back", () => last(counts)?.["node-room"] === 2 && ben.readyState === WebSocket.OPEN);
ann.send("after the reconnect");
await until("messages go on", () => ben.messages.some(({ text }) => text === "after the reconnect"));

ben.close(1000);
await until("one has left", () => last(counts)?.["node-room"] === 1);
ann.close(1000);
await until("all have left", () => last(counts) && !("node-room" in last(counts)));
const over = await PartySocket.fetch({ host, party: "connections", room: "active-connections" });
assert.equal("node-room" in (await over.json()), false);
counts.close(1000);
console.log("partysocket: all as it must be");
