/*
 * Two clients of Socket.IO in examples/socket-io: node socket_io.js <host>
 *
 * Events, acknowledgements, refusals, a namespace that is not there, a client that comes back after its connection
 * broke. Ends with 0 if everything came as it must, else with 1 and what was missing.
 */

import assert from "node:assert/strict";
import { io } from "../../../examples/socket-io/node_modules/socket.io-client/build/esm-debug/index.js";

const DEADLINE_MS = 30_000;
const [host] = process.argv.slice(2);
const OPTIONS = { path: "/party/node", addTrailingSlash: false, transports: ["websocket"], reconnectionDelay: 50 };

const next = (socket, event) =>
  new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`not within ${DEADLINE_MS} ms: ${event}`)), DEADLINE_MS).unref();
    socket.once(event, (...values) => resolve(values));
  });

async function join(name) {
  const socket = io(`http://${host}`, { ...OPTIONS, forceNew: true });
  await next(socket, "connect");
  return { socket, answer: await socket.timeout(DEADLINE_MS).emitWithAck("join", name) };
}

const ann = await join("Ann");
assert.deepEqual(ann.answer, { here: ["Ann"] });
const came = next(ann.socket, "joined");
const ben = await join("Ben");
assert.deepEqual(ben.answer, { here: ["Ann", "Ben"] });
assert.deepEqual(await came, ["Ben"]);

const heard = next(ann.socket, "said");
const said = await ben.socket.emitWithAck("say", " Is there tea? ");
assert.deepEqual(said, { name: "Ben", text: "Is there tea?" });
assert.deepEqual(await heard, [{ name: "Ben", text: "Is there tea?" }]);
const typing = next(ann.socket, "typing");
ben.socket.emit("typing", true);
assert.deepEqual(await typing, ["Ben", true]);
// A binary argument comes as a frame of its own; it is no text.
assert.match((await ben.socket.emitWithAck("say", new Uint8Array([1, 2]))).error, /say something/);
ben.socket.emit("nobody listens to this", 1);

const elsewhere = io(`http://${host}/other`, { ...OPTIONS, forceNew: true });
assert.equal((await next(elsewhere, "connect_error"))[0].message, "Invalid namespace");
elsewhere.disconnect();

const left = next(ann.socket, "left");
const back = next(ben.socket, "connect");
ben.socket.io.engine.close();
assert.deepEqual(await left, ["Ben"]);
await back;
assert.deepEqual((await ben.socket.emitWithAck("join", "Ben")).here, ["Ann", "Ben"]);
const gone = next(ann.socket, "left");
ben.socket.disconnect();
assert.deepEqual(await gone, ["Ben"]);
ann.socket.disconnect();
console.log("socket.io: all as it must be");
process.exit(0);
