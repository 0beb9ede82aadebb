/*
 * Drives the page of `houseparty init` in headless Chromium, two tabs: node chat.js <url> [folder for screenshots]
 *
 * Run by tests/cli, over https. Two people join a room, talk, and see how many are there; one reloads and sees what was
 * said. Ends with 0 if the pages showed it all, else with 1 and what was missing. Errors in a page's console are
 * failures, too. Uses the machine's Chromium and nothing from the network.
 */

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [url, pictures] = process.argv.slice(2);
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

async function tab(who, options = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on("pageerror", (error) => complaints.push(`${who}: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`${who}: ${message.text()}`);
  });
  await page.goto(`${url}/#garden`);
  await page.locator("#status[data-state=open]").waitFor();
  return page;
}

const text = (locator, wanted) => locator.filter({ hasText: wanted }).first().waitFor();

async function say(page, name, words) {
  await page.fill("#name", name);
  await page.fill("#text", words);
  await page.press("#text", "Enter");
  await text(page.locator("#messages .mine .text"), words);
}

const picture = async (page, name) => {
  if (pictures) await page.screenshot({ path: `${pictures}/${name}.png` });
};

try {
  const ann = await tab("ann", { colorScheme: "light", viewport: { width: 900, height: 700 } });
  await text(ann.locator("#people"), "You are alone here");
  await ann.locator("#empty").waitFor();
  await picture(ann, "empty");
  const ben = await tab("ben", { colorScheme: "dark", viewport: { width: 390, height: 700 } });
  await text(ann.locator("#people"), "2 people here");
  await say(ann, "Ann", "Hello from the first tab");
  await text(ben.locator("#messages .text"), "Hello from the first tab");
  await say(ben, "Ben", "<b>Hello</b> from the second, which is a narrow one and has rather more to say");
  await text(ann.locator("#messages .text"), "<b>Hello</b> from the second");
  assert.equal(await ann.locator("#messages b").count(), 0, "texts are never HTML");
  await say(ann, "Ann", "Tea at four?");
  await text(ben.locator("#messages .text"), "Tea at four?");
  await picture(ann, "light");
  await picture(ben, "dark-narrow");
  await ann.emulateMedia({ colorScheme: "dark" });
  await picture(ann, "dark");
  await ben.reload();
  await text(ben.locator("#messages .text"), "Hello from the first tab");
  await ben.close();
  await text(ann.locator("#people"), "You are alone here");
  assert.deepEqual(complaints, []);
  console.log("the pages showed it all");
} finally {
  await browser.close();
}
