/*
 * Talks to a host over https and wss as Node programs do: node tls.js <port> <certificate in PEM>
 *
 * Run by tests/tls.rs, whose party echoes. Ends with 0 if everything came as it must, else with 1 and what was missing.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import https from "node:https";
import { PartySocket } from "partysocket";
import { WebSocket } from "ws";

const [port, certificate] = process.argv.slice(2);
const ca = readFileSync(certificate);
const url = `https://localhost:${port}`;

function request(path, options = {}, body) {
  return new Promise((resolve, reject) => {
    const request = https.request(`${url}${path}`, { ca, ...options }, async (response) => {
      const [from, protocol] = [response.socket.localPort, response.socket.getProtocol()];
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString(), from, protocol });
    });
    request.on("error", reject);
    request.end(body);
  });
}

// Requests, over one connection.
const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca });
const first = await request("/party/room?a=1", { agent });
assert.deepEqual([first.status, JSON.parse(first.text).url], [200, `${url}/party/room?a=1`]);
const large = "x".repeat(3_000_000);
const second = await request("/party/room", { agent, method: "POST" }, large);
assert.equal(JSON.parse(second.text).length, large.length);
const third = await request("/party/room/large", { agent });
assert.equal(third.text.length, 5_000_000);
assert.equal(third.from, first.from, "the connection was not kept");
assert.equal(third.protocol, "TLSv1.3");
agent.destroy();
const old = await request("/party/room", { maxVersion: "TLSv1.2" });
assert.equal(old.status, 200);

// Whoever does not know the certificate is warned.
await assert.rejects(request("/party/room", { ca: undefined }), /self-signed|SELF_SIGNED/i);

// A socket: messages of all sizes, a burst, a clean close.
const socket = new WebSocket(`wss://localhost:${port}/party/room?_pk=me`, { ca });
const messages = [];
let wake = () => {};
socket.on("message", (data, binary) => {
  messages.push(binary ? data : data.toString());
  wake();
});
const next = async () => {
  while (messages.length === 0) await new Promise((resolve) => (wake = resolve));
  return messages.shift();
};
await once(socket, "open");
assert.equal(await next(), `hello me over https://localhost:${port}/party/room?_pk=me`);
for (const size of [0, 1, 16_383, 16_384, 100_000, 1_000_000]) {
  socket.send(Buffer.alloc(size, 7));
  assert.equal((await next()).length, size);
}
for (let number = 0; number < 1_000; number++) socket.send(String(number));
for (let number = 0; number < 1_000; number++) assert.equal(await next(), String(number));
socket.send("close");
const [code, reason] = await once(socket, "close");
assert.deepEqual([code, reason.toString()], [4001, "as you wish"]);

// The client that PartyKit's users have.
class Trusting extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols, { ca });
  }
}
const party = new PartySocket({ host: `localhost:${port}`, protocol: "wss", room: "room", WebSocket: Trusting });
const [said] = await once(party, "message");
assert.match(said.data, /^hello .* over https:/);
party.close();
console.log("everything came");
