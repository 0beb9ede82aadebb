/*
 * Drives the dashboard of a host in headless Chromium: node dashboard.js <url of the host>
 *
 * Two rooms are joined by clients; the overview shows them; the page of one is opened, a message is sent in its console,
 * a stored value is edited, added and deleted, a line of the log is seen, a connection is closed, the room is restarted;
 * everything by keyboard where that says more. Run by tests/dashboard with its project. Ends with 0 if the pages showed
 * it all. An error in a page's console is a failure, as is one that the content security policy reports.
 */

import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import WebSocket from "ws";

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

/** A client of a room, and the code with which it ends. */
async function join(path) {
  const socket = new WebSocket(url.replace("http", "ws") + path);
  const closed = new Promise((resolve) => socket.once("close", (code) => resolve(code)));
  await new Promise((resolve, reject) => socket.once("message", resolve).once("error", reject));
  return { socket, closed };
}

const stored = async (id, key) => (await fetch(`${url}/party/${id}?key=${key}`)).json();
const panel = (page, name) => page.locator(`.panel[data-name="${name}"]`);
const text = (locator, wanted) => locator.filter({ hasText: wanted }).first().waitFor();

async function open(size, scheme) {
  const context = await browser.newContext({ viewport: size, colorScheme: scheme });
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(`${url}/__houseparty__/`);
  await page.locator("#link[data-state=live]").waitFor();
  return page;
}

/** Nothing may stick out to the right. */
async function fits(page) {
  const [wide, view] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= view, `${wide} pixels on a page of ${view}`);
}

try {
  const tea = await join("/party/tea%20room?_pk=ann");
  const evil = "%3Cimg%20src=x%20onerror=alert(1)%3E";
  await join(`/party/${evil}`);
  const page = await open({ width: 1360, height: 900 }, "light");

  // The overview shows both, and finds one.
  const rows = page.locator("tbody tr");
  await text(rows, "tea%20room");
  await text(rows, evil);
  assert.equal(await rows.count(), 2);
  assert.equal(await page.locator("main img").count(), 0, "ids are never HTML");
  await text(page.locator(".tile[data-name=Connections] strong"), /^2$/);
  await page.getByLabel("Search rooms by id").fill("tea");
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 1);
  await page.locator("tbody a").focus();
  await page.keyboard.press("Enter");

  // A message in the console is answered; the room hears it as from a client.
  await text(page.locator("h1"), "tea%20room");
  const talk = panel(page, "console");
  await talk.getByLabel("Query of the connection").fill("_pk=me");
  await talk.getByRole("button", { name: "Join" }).click();
  await text(talk.locator("li[data-kind=in]"), "welcome to tea%20room");
  await talk.getByLabel("Message to the room").fill("<b>hello</b>");
  await page.keyboard.press("Enter");
  await text(talk.locator("li[data-kind=in]"), "echo:<b>hello</b>");
  await text(panel(page, "log").locator("li"), "heard <b>hello</b>");
  await text(panel(page, "connections").locator(".id"), /^me$/);
  assert.equal(await page.locator(".lines b b, .lines .text b").count(), 0, "messages are never HTML");

  // What the room stores is shown, edited, added and deleted.
  const box = panel(page, "storage");
  await talk.getByLabel("Message to the room").fill("count");
  await page.keyboard.press("Enter");
  await text(talk.locator("li[data-kind=in]"), "echo:count");
  await box.getByRole("button", { name: "Refresh" }).click();
  const entry = box.locator(".entry", { hasText: "count" });
  await text(entry.locator(".value"), /^1$/);
  await entry.click();
  const editor = box.getByLabel("Value of count");
  await editor.fill('{ "n": 41, "text": "<i>" }');
  await box.getByRole("button", { name: "Save" }).click();
  await text(page.locator(".toast"), "Saved");
  await text(entry.locator(".value"), '{"n":41,"text":"<i>"}');
  assert.deepEqual(await stored("tea%20room", "count"), { n: 41, text: "<i>" });
  await editor.fill("{ not json");
  await box.getByRole("button", { name: "Save" }).click();
  await text(page.locator(".toast.bad"), "not JSON");
  // Somebody else was faster: nothing is overwritten.
  await fetch(`${url}/party/tea%20room?key=count`, { method: "PUT", body: "7" });
  await editor.fill("8");
  await box.getByRole("button", { name: "Save" }).click();
  await text(page.locator(".toast.bad"), "has changed");
  assert.equal(await stored("tea%20room", "count"), 7);
  await box.getByLabel("New key").fill("a/b ü");
  await box.getByLabel("Value as JSON").fill("[1, 2]");
  await page.keyboard.press("Enter");
  await text(box.locator(".key"), "a/b ü");
  assert.deepEqual(await stored("tea%20room", encodeURIComponent("a/b ü")), [1, 2]);
  await box.locator(".entry", { hasText: "a/b ü" }).click();
  await box.getByLabel("Value of a/b ü").waitFor();
  await box.locator("li", { hasText: "a/b ü" }).getByRole("button", { name: "Delete" }).click();
  await page.locator("dialog").getByRole("button", { name: "Delete" }).click();
  await text(page.locator(".toast"), "Deleted");
  assert.equal(await stored("tea%20room", encodeURIComponent("a/b ü")), null);

  // An alarm is set and rung.
  const bell = panel(page, "alarm");
  await bell.getByLabel("Seconds from now").fill("3600");
  await bell.getByRole("button", { name: "Set" }).click();
  await bell.getByRole("button", { name: "Ring now" }).click();
  await text(talk.locator("li[data-kind=in] .text"), /^alarm$/);

  // A connection is closed, the room restarted.
  const ann = panel(page, "connections").locator("li", { hasText: "ann" });
  await ann.getByRole("button", { name: "Close" }).click();
  await page.locator("dialog").getByRole("button", { name: "Close it" }).click();
  assert.equal(await tea.closed, 1000);
  await ann.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Restart" }).click();
  await page.locator("dialog").getByRole("button", { name: "Restart" }).click();
  await text(talk.locator("li[data-kind=bad]"), "1012: the room was restarted");

  // A room that nobody has been to.
  await page.goto(`${url}/__houseparty__/#/room?party=sleeper&id=new`);
  await text(page.locator(".title .pill"), "not there yet");
  await talk.getByRole("button", { name: "Join" }).click();
  await text(page.locator(".title .pill"), "awake");
  await text(panel(page, "connections").locator(".tag"), "<b>bold</b>");
  await text(panel(page, "connections").locator(".state"), '{"name":"Ann"}');

  // The log of all, and crons.
  await page.locator("nav a", { hasText: "Log" }).click();
  await text(page.locator("main .lines li"), "heard <b>hello</b>");
  await page.locator("nav a", { hasText: "Crons" }).click();
  await page.locator(".card", { hasText: "tidy" }).getByRole("button", { name: "Run now" }).click();
  await text(page.locator(".card output"), "200");

  // While nobody looks, nothing is asked: the stream ends, and comes back.
  const hide = (hidden) =>
    page.evaluate((value) => {
      Object.defineProperty(document, "hidden", { get: () => value, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  const ended = page.waitForEvent("requestfailed", (request) => request.url().includes("/api/events"));
  await hide(true);
  await ended;
  await text(page.locator("#link"), "paused");
  await hide(false);
  await text(page.locator("#link"), "live");

  // On a phone, at night.
  const phone = await open({ width: 360, height: 740 }, "dark");
  await text(phone.locator("tbody tr"), evil);
  await fits(phone);
  await phone.goto(`${url}/__houseparty__/#/room?party=main&id=tea%2520room`);
  await text(phone.locator("h1"), "tea%20room");
  await phone.locator(".entry").first().waitFor();
  await fits(phone);
  const expected = complaints.filter((text) => !/status of (400|412)/.test(text));
  assert.deepEqual(expected, []);
  console.log("dashboard: all as it must be");
} finally {
  await browser.close();
}
process.exit(0);
