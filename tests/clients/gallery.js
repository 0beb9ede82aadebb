/*
 * Drives the page of an example in headless Chromium, as two people: node gallery.js <example> <url of the host>
 *
 * Run by tests/examples/pages.rs. Ends with 0 if the page did what it is for, else with 1 and what was missing. An error
 * in a page's console, a request to anywhere but the host, or a page wider than a phone is a failure, too. Uses the
 * machine's Chromium (`CHROMIUM`, or /usr/bin/chromium). With `HOUSEPARTY_SCREENSHOTS=<folder>` it takes pictures.
 */

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";

const DEADLINE_MS = 30_000;
const PHONE = { width: 360, height: 700 };
const DESK = { width: 1000, height: 760 };
const [example, url] = process.argv.slice(2);
const pictures = process.env.HOUSEPARTY_SCREENSHOTS;
const complaints = [];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

/** A page of a person of its own; `expected` are complaints of the console that belong to the example. */
async function open(options = {}, expected = /^$/) {
  const context = await browser.newContext({ viewport: DESK, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !expected.test(message.text())) complaints.push(message.text());
  });
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(url)) complaints.push(request.url());
  });
  await page.goto(url);
  return page;
}

const shows = (page, selector, wanted) => page.locator(selector, { hasText: wanted }).first().waitFor();

/** Waits until something in the page holds. */
const until = (page, probe) => page.waitForFunction(probe, undefined, { polling: 20 });

async function picture(page, kind) {
  if (pictures === undefined) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: `${pictures}/${example}-${kind}.png` });
}

async function chatLike(ann, ben) {
  await ben.fill("#text", "Is there any tea left? <b>Hot</b> tea.");
  await ben.press("#text", "Enter");
  await shows(ann, "#messages", "Is there any tea left?");
  await ann.fill("#text", "In the kitchen, next to the piano.");
  await ann.press("#text", "Enter");
  await shows(ben, "#messages", "next to the piano");
  assert.equal(await ann.locator("#messages b").count(), 0, "texts are never HTML");
}

const visits = {
  async alarms() {
    const [ann, ben] = [await open(), await open()];
    await ann.fill("#text", "Wake the neighbours");
    await ann.fill("#seconds", "600");
    await ann.click("#add button");
    await shows(ann, "#waiting", "Wake the neighbours");
    await ann.fill("#text", "Take the tea bag out");
    await ann.fill("#seconds", "0");
    await ann.click("#add button");
    await shows(ben, "#arrived", "Take the tea bag out");
    await shows(ann, "#arrived", "Take the tea bag out");
    await until(ann, `document.querySelectorAll("#waiting li").length === 1`);
    return ann;
  },

  async auth() {
    const refusals = /40[13]|HTTP Authentication failed/;
    const ann = await open({}, refusals);
    await ann.fill("#name", "Ann");
    await ann.fill("#password", "wrong");
    await ann.click("#login button");
    await shows(ann, "#problem", "not the password");
    await ann.fill("#password", "houseparty");
    await ann.click("#login button");
    await shows(ann, "#claims", '"sub": "Ann"');
    await ann.click("#enter");
    await shows(ann, "#log", "Welcome, Ann");
    await ann.reload();
    await shows(ann, "#claims", '"sub": "Ann"');
    await ann.click("#enter");
    await shows(ann, "#log", "Welcome, Ann");
    await ann.click("#forge");
    await shows(ann, "#log .refused", "401: The token is refused");
    return ann;
  },

  async chat() {
    const [ann, ben] = [await open(), await open()];
    await ann.fill("#name", "Ann");
    await ben.fill("#name", "Ben");
    await chatLike(ann, ben);
    const cleo = await open();
    await shows(cleo, "#messages", "next to the piano");
    return ann;
  },

  async counter() {
    const [ann, ben] = [await open(), await open()];
    await shows(ben, "#count", /^0$/);
    for (let number = 0; number < 3; number++) await ann.click("#add");
    await shows(ben, "#count", /^3$/);
    await ben.click("#reset");
    await shows(ann, "#count", /^0$/);
    for (let number = 0; number < 7; number++) await ann.click("#add");
    await shows(ann, "#count", /^7$/);
    return ann;
  },

  async cron() {
    const ann = await open();
    await shows(ann, "#status", "Connected");
    const before = await ann.locator("#entries li").count();
    await ann.click("#run");
    await until(ann, `document.querySelectorAll("#entries li").length > ${before}`);
    await shows(ann, "#entries", "minute");
    return ann;
  },

  async cursors() {
    const [ann, ben] = [await open(), await open()];
    await shows(ann, "#people", "One other person is here");
    const place = async (page) => page.locator("#field").boundingBox();
    const { x, y, width, height } = await place(ben);
    await ben.mouse.move(x + width * 0.3, y + height * 0.4);
    await ben.mouse.move(x + width * 0.25, y + height * 0.5);
    await until(ann, `Math.abs(getComputedStyle(document.querySelector(".cursor")).getPropertyValue("--x") - 0.25) < 0.01`);
    await ann.locator(".cursor svg").waitFor();
    const cleo = await open();
    await cleo.mouse.move(x + width * 0.7, y + height * 0.3);
    await shows(ann, "#people", "2 other people");
    await ben.close();
    await shows(ann, "#people", "One other person is here");
    await cleo.mouse.move(x + width * 0.7, y + height * 0.35);
    return ann;
  },

  async editor() {
    const [ann, ben] = [await open(), await open()];
    await until(ann, `document.querySelectorAll(".person").length === 2`);
    for (const page of [ann, ben]) await until(page, `!document.getElementById("text").disabled`);
    await ann.locator("#text").pressSequentially("Bring a lamp, and somebody who can sing.\n\nThe piano is in the hall.");
    await until(ben, `document.getElementById("text").value.endsWith("in the hall.")`);
    // Ben writes at the beginning while Ann's caret is at the end.
    await ben.locator("#text").focus();
    await ben.keyboard.press("Control+Home");
    await ben.keyboard.type("List: ");
    await until(ann, `document.getElementById("text").value.startsWith("List: Bring")`);
    await ann.keyboard.type(" Come in.");
    await until(ben, `document.getElementById("text").value.endsWith("in the hall. Come in.")`);
    await ann.locator(".caret .flag").waitFor();
    return ann;
  },

  async hibernation() {
    const ann = await open();
    await shows(ann, "#question", "six times seven");
    for (let answers = 1; (await ann.locator("#log .woken").count()) === 0; answers++) {
      assert(answers < 20, "the room never leaves memory");
      // Longer than it stays in memory; how much longer does not matter.
      await ann.waitForTimeout(1_000);
      await ann.fill("#text", "42");
      await ann.click("#answer button");
      await shows(ann, "#points", new RegExp(`^${answers}$`));
    }
    return ann;
  },

  async polls() {
    const [ann, ben] = [await open(), await open()];
    await ann.fill("#new-question", "What shall we play tonight?");
    await ann.fill("#new-options", "Charades\nCards\nThe piano");
    await ann.click("#new button");
    await shows(ben, "#question", "What shall we play");
    await ben.click("#options button:nth-child(3)");
    await shows(ann, "#total", "1 vote");
    await ann.click("#options button:nth-child(2)");
    await ann.locator("#options [aria-pressed=true]", { hasText: "Cards" }).waitFor();
    for (let number = 0; number < 12; number++) await ann.click("#options button:nth-child(1)");
    await shows(ann, "#problem", "Not so fast");
    await shows(ben, "#total", "2 votes");
    return ann;
  },

  async presence() {
    const [ann, ben, cleo] = [await open(), await open(), await open()];
    for (const [page, name] of [[ann, "Ann"], [ben, "Ben"]]) {
      await page.fill("#name", name);
      await page.click("#join [value=player]");
    }
    await cleo.click("#join [value=watcher]");
    await shows(ann, "#watchers", "1 is watching");
    await ben.locator("#away input").check();
    await ann.locator("#players [data-status=away]", { hasText: "Ben" }).waitFor();
    await shows(cleo, "#players", "Ann");
    await cleo.close();
    await shows(ann, "#watchers", "0 are watching");
    return ann;
  },

  async "socket-io"() {
    const [ann, ben] = [await open(), await open()];
    for (const [page, name] of [[ann, "Ann"], [ben, "Ben"]]) {
      await page.fill("#name", name);
      await page.click("#join button");
      await shows(page, "#messages", "Here now");
    }
    await shows(ann, "#messages", "Ben came in");
    await ben.fill("#text", "Is");
    await shows(ann, "#typing", "Ben is typing");
    await chatLike(ann, ben);
    await ben.close();
    await shows(ann, "#messages", "Ben left");
    return ann;
  },

  async stream() {
    const ann = await open();
    await ann.fill("#question", "And a room?");
    await ann.click("#send");
    await until(ann, `document.getElementById("answer").textContent.split(" ").length > 3`);
    await ann.click("#stop");
    await shows(ann, "#end", "Stopped.");
    await ann.fill("#question", "What is a good party?");
    await ann.click("#send");
    await until(ann, `document.getElementById("answer").textContent.split(" ").length > 3`);
    await shows(ann, "#end", /^\d+ words$/);
    await shows(ann, "#questions", "And a room?");
    return ann;
  },

  async todo() {
    const [ann, ben] = [await open(), await open()];
    for (const text of ["Buy candles", "Tune the piano", "Tell the neighbours"]) {
      await ann.fill("#text", text);
      await ann.press("#text", "Enter");
    }
    await shows(ben, "#entries", "Tell the neighbours");
    await ben.locator("#entries label", { hasText: "Tune the piano" }).click();
    await shows(ann, "#left", "2 of 3 left to do");
    await ben.locator("#entries li", { hasText: "Buy candles" }).locator(".remove").click();
    await shows(ann, "#left", "1 of 2 left to do");
    await ann.fill("#text", "Find the good glasses");
    await ann.press("#text", "Enter");
    await shows(ben, "#left", "2 of 3 left to do");
    return ann;
  },

  async wasm() {
    const [ann, ben] = [await open(), await open()];
    await until(ann, `Number(document.getElementById("alive").textContent) > 5`);
    const { x, y, width, height } = await ben.locator("#board").boundingBox();
    for (const [column, row] of [[0.2, 0.3], [0.7, 0.2], [0.3, 0.8], [0.85, 0.7]]) {
      await ben.mouse.click(x + width * column, y + height * row);
    }
    await until(ann, `Number(document.getElementById("alive").textContent) > 30`);
    const drawn = `document.getElementById("board").getContext("2d").getImageData(0, 0, 64, 48).data.some(Boolean)`;
    await until(ann, drawn);
    return ann;
  },
};

try {
  const page = await visits[example]();
  await picture(page, "light");
  await page.emulateMedia({ colorScheme: "dark" });
  await picture(page, "dark");
  await page.setViewportSize(PHONE);
  await picture(page, "phone");
  const width = await page.evaluate("document.documentElement.scrollWidth");
  assert(width <= PHONE.width, `the page is ${width} wide on a phone of ${PHONE.width}`);
  assert.deepEqual(complaints, []);
  console.log(`${example}: all as it must be`);
} finally {
  await browser.close();
}
