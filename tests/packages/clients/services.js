/*
 * The services that the parties `model` and `database` fetch from, and their clients: node services.js <host>
 *
 * Answers like a model that streams (`/v1/chat/completions`, a word at a time) and like a database over HTTP (`/query`).
 * Ends with 0 if the parties made of it what they must, else with 1 and what was missing.
 */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { WebSocket } from "ws";

const [host] = process.argv.slice(2);
const asked = [];

async function complete(response, { messages, stream }) {
  assert.equal(stream, true);
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const word of ["You ", "said ", `“${messages[0].content}”`, "."]) {
    const choices = [{ index: 0, delta: { content: word }, finish_reason: null }];
    const chunk = JSON.stringify({ id: "1", object: "chat.completion.chunk", created: 1, model: "tiny", choices });
    // In two parts, so that no event comes in one piece.
    response.write(`data: ${chunk.slice(0, 20)}`);
    await new Promise(setImmediate);
    response.write(`${chunk.slice(20)}\n\n`);
  }
  response.end("data: [DONE]\n\n");
}

const service = createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  const question = JSON.parse(body);
  asked.push({ url: request.url, ...question });
  if (request.url === "/query") return response.end(JSON.stringify({ rows: [[7, "Ann"]] }));
  if (question.messages[0].content === "fail") {
    return response.writeHead(429, { "content-type": "application/json" }).end('{"error":{"message":"too much"}}');
  }
  return complete(response, question);
});
service.listen(0, "127.0.0.1");
await once(service, "listening");
const headers = { "x-service": `http://127.0.0.1:${service.address().port}` };

const listener = new WebSocket(`ws://${host}/parties/model/x`);
const pieces = [];
listener.on("message", (data) => pieces.push(String(data)));
await once(listener, "open");
const said = await fetch(`http://${host}/parties/model/x`, { method: "POST", body: "hello", headers });
assert.equal(await said.text(), "You said “hello”.");
while (pieces.length < 4) await once(listener, "message");
assert.deepEqual(pieces, ["You ", "said ", "“hello”", "."]);
const failed = await fetch(`http://${host}/parties/model/x`, { method: "POST", body: "fail", headers });
assert.equal(failed.status, 502);
assert.match(await failed.text(), /429.*too much/);
listener.close();

const rows = await fetch(`http://${host}/parties/database/x/rows`, { headers });
assert.deepEqual(await rows.json(), [{ id: 7, name: "Ann" }]);
assert.match(asked.at(-1).query, /^select "id", "name" from "people" where "people"."id" = \$1/);
assert.deepEqual(asked.at(-1).params, [7]);
console.log("services: all as it must be");
process.exit(0);
