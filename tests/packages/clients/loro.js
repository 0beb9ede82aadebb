/*
 * Drives the party `loro` with loro-crdt on this side too: node loro.js <host>
 *
 * Ends with 0 if both documents hold both changes, else with 1 and what was missing.
 */

import assert from "node:assert/strict";
import { LoroDoc } from "loro-crdt";

const [host] = process.argv.slice(2);
const url = `http://${host}/parties/loro/x`;
const doc = new LoroDoc();
doc.getText("text").insert(0, "client ");
doc.commit();
const answer = await fetch(url, { method: "POST", body: doc.export({ mode: "update" }) });
assert.equal(answer.status, 200, await answer.clone().text());
doc.import(new Uint8Array(await answer.arrayBuffer()));
const words = doc.getText("text").toString().trim().split(" ");
assert.deepEqual(words.sort(), ["client", "party"]);

const refused = await fetch(url, { method: "POST", body: "not an update" });
assert.equal(refused.status, 400);
console.log("loro: all as it must be");
