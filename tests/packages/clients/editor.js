/*
 * Writes into examples/editor with y-partykit's own provider, as two people: node editor.js <host> write|read
 *
 * Ends with 0 if both have the same text, else with 1 and what was missing.
 */

import assert from "node:assert/strict";
import { WebSocket } from "ws";
import YPartyKitProvider from "y-partykit/provider";
import * as Y from "yjs";

const DEADLINE_MS = 30_000;
const [host, phase] = process.argv.slice(2);

async function until(what, probe) {
  const end = Date.now() + DEADLINE_MS;
  while (!probe()) {
    assert(Date.now() < end, `not within ${DEADLINE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function join() {
  const doc = new Y.Doc();
  const provider = new YPartyKitProvider(host, "lobby", doc, { WebSocketPolyfill: WebSocket, disableBc: true });
  await until("it is synced", () => provider.synced);
  return { provider, text: doc.getText("text") };
}

const [ann, ben] = [await join(), await join()];
if (phase === "write") {
  ann.text.insert(0, "by two");
  await until("Ben sees it", () => ben.text.toString() === "by two");
  ben.text.insert(0, "written ");
}
await until("both have it all", () => ann.text.toString() === "written by two" && ben.text.length === 14);
for (const { provider } of [ann, ben]) provider.destroy();
console.log("editor: all as it must be");
process.exit(0);
