/*
 * Drives the parties `document` and `history` with y-partykit's own provider: node yjs.js <host> write|read
 *
 * `write` syncs two clients, their awareness, a document above the million bytes at which y-partykit splits messages,
 * read-only rooms, `load` and `callback`. `read`, after the host has been started anew, finds what was written. Ends
 * with 0 if all was as it must be, else with 1 and what was missing.
 */

import assert from "node:assert/strict";
import { WebSocket } from "ws";
import YPartyKitProvider from "y-partykit/provider";
import * as Y from "yjs";

const DEADLINE_MS = 30_000;
const BIG = "0123456789".repeat(150_000);
const [host, phase] = process.argv.slice(2);

async function until(what, probe) {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const found = await probe();
    if (found) return found;
    assert(Date.now() < end, `not within ${DEADLINE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function join(party, room) {
  const doc = new Y.Doc();
  const provider = new YPartyKitProvider(host, room, doc, { party, WebSocketPolyfill: WebSocket, disableBc: true });
  await until(`${room} is synced`, () => provider.synced);
  return { doc, provider, awareness: provider.awareness, text: doc.getText("text") };
}

const ask = async (room, query = "") => fetch(`http://${host}/parties/document/${room}${query}`);
const shows = (client, wanted) =>
  until(`"${wanted.slice(0, 20)}" arrives`, () => client.text.toString() === wanted);

async function write() {
  const ann = await join("document", "text");
  const ben = await join("document", "text");
  ann.text.insert(0, "Hello");
  await shows(ben, "Hello");
  // Both at once, in one place: the same for both in the end, and nothing is lost.
  ann.text.insert(5, " Ann");
  ben.text.insert(5, " Ben");
  await until("both changes are with both", () => ann.text.length === 13 && ben.text.length === 13);
  assert.equal(ann.text.toString(), ben.text.toString());
  ben.text.delete(0, ben.text.length);
  ben.text.insert(0, "kept");
  await shows(ann, "kept");

  ann.awareness.setLocalStateField("name", "Ann");
  await until("Ben is aware of Ann", () => ben.awareness.getStates().get(ann.doc.clientID)?.name === "Ann");
  const told = await until("so is the room", async () => {
    const answer = await (await ask("text")).json();
    return answer.aware.some(({ name }) => name === "Ann") && answer;
  });
  assert.equal(told.text, "kept");
  ann.provider.destroy();
  await until("Ann's awareness leaves with her", () => !ben.awareness.getStates().has(ann.doc.clientID));
  ben.provider.destroy();

  const big = await join("document", "big");
  big.text.insert(0, BIG);
  const other = await join("document", "big");
  await shows(other, BIG);
  for (const client of [big, other]) client.provider.destroy();

  const reader = await join("document", "read-only-room");
  reader.text.insert(0, "not allowed");
  const witness = await join("document", "read-only-room");
  assert.equal(witness.text.toString(), "");
  for (const client of [reader, witness]) client.provider.destroy();

  const loaded = await join("document", "loaded-room");
  await shows(loaded, "loaded");
  loaded.text.insert(6, " and saved");
  await until("the callback has the text", async () =>
    (await (await ask("loaded-room", "?saved")).text()) === "loaded and saved");
  loaded.provider.destroy();

  const history = await join("history", "log");
  for (let number = 0; number < 20; number++) history.text.insert(history.text.length, `${number} `);
  const follower = await join("history", "log");
  await shows(follower, history.text.toString());
  for (const client of [history, follower]) client.provider.destroy();
}

async function read() {
  const ann = await join("document", "text");
  assert.equal(ann.text.toString(), "kept");
  const big = await join("document", "big");
  assert.equal(big.text.toString(), BIG);
  const history = await join("history", "log");
  assert.equal(history.text.toString(), Array.from({ length: 20 }, (_, at) => `${at} `).join(""));
  for (const client of [ann, big, history]) client.provider.destroy();
}

await (phase === "write" ? write() : read());
console.log("yjs: all as it must be");
process.exit(0);
