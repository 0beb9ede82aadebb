/*
 * A developer's page in headless Chromium while its project changes: node live.js <url of the host> <project folder>
 *
 * Changes of the client code load the page again, those of styles do not; a build error shows an overlay with file,
 * line, column and code, which goes away when it is repaired; an idle page sends nothing. Run by tests/client. With
 * SCREENSHOTS set to a folder, pictures of the overlay (light and dark) are left there.
 */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const DEADLINE_MS = 30_000;
const [url, folder] = process.argv.slice(2);
const write = (path, text) => writeFileSync(join(folder, path), text);
const client = (text) => `import './style.css';\ndocument.querySelector('#text')!.textContent = '${text}' as string;\n`;

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

try {
  const page = await browser.newPage({ viewport: { width: 1000, height: 640 } });
  page.setDefaultTimeout(DEADLINE_MS);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  const requests = [];
  page.on("request", (request) => requests.push(request.url()));
  const picture = async (name) => {
    if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });
  };
  const text = (wanted) => page.locator("#text", { hasText: wanted }).waitFor();
  const colour = (wanted) =>
    page.waitForFunction((wanted) => getComputedStyle(document.querySelector("h1")).color === wanted, wanted);
  const overlay = page.locator("houseparty-overlay section");

  await page.goto(url);
  await text("first");
  await colour("rgb(1, 2, 3)");
  await page.evaluate(() => (window.kept = "kept"));

  write("src/style.css", "h1 { color: rgb(4, 5, 6) }\n");
  await colour("rgb(4, 5, 6)");
  assert.equal(await page.evaluate(() => window.kept), "kept", "styles change without a reload");
  await page.waitForFunction(() => document.querySelectorAll("link[rel=stylesheet]").length === 1);

  write("src/client.ts", client("second"));
  await text("second");
  assert.equal(await page.evaluate(() => window.kept), undefined, "the page was loaded again");

  await page.evaluate(() => (window.kept = "kept"));
  write("src/client.ts", "import './style.css';\nconst <b>oops</b> = 1;\n");
  await overlay.waitFor();
  await overlay.locator("cite", { hasText: /^src\/client\.ts:2:\d+$/ }).waitFor();
  await overlay.locator("pre", { hasText: "const <b>oops</b> = 1;" }).waitFor();
  assert.equal(await overlay.locator("b").count(), 0, "code is never HTML");
  await text("second");
  await picture("overlay-light");
  await page.emulateMedia({ colorScheme: "dark" });
  await picture("overlay-dark");

  write("main.ts", "import { gone } from './gone';\nexport default class { x = gone; }\n");
  await overlay.locator("article").nth(1).waitFor();
  await overlay.locator("p", { hasText: "cannot find the file `./gone`" }).waitFor();
  await picture("overlay-two");
  await page.keyboard.press("Escape");
  await overlay.waitFor({ state: "detached" });
  // Something else is wrong: it comes back.
  write("main.ts", "export default class {}\n");
  await overlay.waitFor();
  assert.equal(await overlay.locator("article").count(), 1);
  assert.equal(await page.evaluate(() => window.kept), "kept", "a failed build loads nothing");

  write("src/client.ts", client("third"));
  await text("third");
  await overlay.waitFor({ state: "detached" });

  // Nothing happens, nothing is sent.
  requests.length = 0;
  await page.waitForTimeout(1500);
  assert.deepEqual(requests, []);

  write("public/index.html", "<!doctype html><p id=text>a new page");
  await text("a new page");
  assert.deepEqual(complaints, []);
  console.log("live: all as it must be");
} finally {
  await browser.close();
}
