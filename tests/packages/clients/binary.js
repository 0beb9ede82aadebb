/*
 * Drives the party `binary` with msgpackr on this side too: node binary.js <host>
 *
 * Ends with 0 if everything came as it must, else with 1 and what was missing.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { pack, unpack } from "msgpackr";
import { PartySocket } from "partysocket";
import { WebSocket } from "ws";

const [host] = process.argv.slice(2);
const open = (id) => new PartySocket({ host, party: "binary", room: "x", id, WebSocket });
const next = async (socket) => (await once(socket, "message"))[0].data;

const ann = open("ann");
const ben = open("ben");
for (const socket of [ann, ben]) {
  socket.binaryType = "arraybuffer";
  if (socket.readyState !== WebSocket.OPEN) await once(socket, "open");
}
const value = { map: new Map([["k", 1n]]), bytes: Buffer.from([1, 2, 3]), half: 0.5, text: "ü", list: [1, null, true] };
const heard = Promise.all([next(ann), next(ben)]);
ann.send(pack(value));
for (const message of await heard) {
  const { from, seen, ...rest } = unpack(new Uint8Array(message));
  assert.equal(from, "ann");
  assert.deepEqual(seen, new Date(0));
  // What is a Map or an object depends on msgpackr's settings, the same on both sides.
  const { bytes, ...others } = unpack(pack(value));
  assert.deepEqual(rest, { ...others, bytes: new Uint8Array(bytes) });
}

const broken = next(ben);
// A text of 32 bytes that ends after none.
ben.send(new Uint8Array([0xd9, 32]));
assert.match(unpack(new Uint8Array(await broken)).error, /\w/);
const refused = next(ben);
ben.send("words");
assert.equal(await refused, '"words" is not binary');
ann.close();
ben.close();
console.log("binary: all as it must be");
process.exit(0);
