/*
 * Drives the page of examples/multiparty in headless Chromium, two tabs: node browser.js <url of the host>
 *
 * Two people join the same room, chat and see the counts; one changes its name; one goes to another room; one leaves.
 * Run by tests/examples. Ends with 0 if the pages showed it all, else with 1 and what was missing. An error in a page's
 * console is a failure, too. Uses the machine's Chromium (`CHROMIUM`, or /usr/bin/chromium) and nothing from the network.
 */

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const DEADLINE_MS = 30_000;
const [url] = process.argv.slice(2);
const complaints = [];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

async function tab(who, hash) {
  // A context of its own: another person, with another session.
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  page.on("pageerror", (error) => complaints.push(`${who}: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`${who}: ${message.text()}`);
  });
  await page.goto(`${url}/#${hash}`);
  await page.locator("#status[data-state=open]").waitFor();
  return page;
}

const text = (locator, wanted) => locator.filter({ hasText: wanted }).first().waitFor();
const count = (page, room, number) =>
  text(page.locator(`#rooms a[data-room="${room}"] .count`), new RegExp(`^${number}$`));

async function say(page, words) {
  await page.fill("#text", words);
  await page.press("#text", "Enter");
  await text(page.locator("#messages .mine"), words);
}

try {
  const ann = await tab("ann", "tea-room");
  await count(ann, "tea-room", 1);
  const ben = await tab("ben", "tea-room");
  await count(ann, "tea-room", 2);
  await count(ben, "tea-room", 2);
  await text(ben.locator("#room-count"), "2 people here");

  await say(ann, "hello from Ann's tab");
  await text(ben.locator("#messages .message"), "hello from Ann's tab");
  await say(ben, "<b>hello</b> from Ben's tab");
  await text(ann.locator("#messages .message"), "<b>hello</b> from Ben's tab");
  assert.equal(await ann.locator("#messages b").count(), 0, "texts are never HTML");
  assert.equal(await ann.locator("#messages .message").count(), 2);

  await ann.click("#me");
  await ann.fill("#profile-name", "Ann of the tests");
  await ann.locator("#profile-form button", { hasText: "Save" }).click();
  await text(ann.locator("#me .me-name"), "Ann of the tests");
  await text(ben.locator("#messages .notice"), "is now Ann of the tests");
  await say(ann, "under my own name");
  await text(ben.locator("#messages .message strong"), "Ann of the tests");

  await ben.fill("#join-name", "Balcony");
  await ben.press("#join-name", "Enter");
  await text(ben.locator("#room-title"), "balcony");
  await count(ann, "balcony", 1);
  await count(ann, "tea-room", 1);

  await ben.close();
  await count(ann, "balcony", 0);
  await ann.reload();
  await ann.locator("#status[data-state=open]").waitFor();
  await text(ann.locator("#me .me-name"), "Ann of the tests");
  assert.deepEqual(complaints, []);
  console.log("browser: all as it must be");
} finally {
  await browser.close();
}
