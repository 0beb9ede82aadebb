/*
 * Plain workerd as a peer of scripts/bench: PartyKit's own server bundle of bench/project, which `partykit dev` writes
 * out, on the newest workerd from npm instead of the one of 2024 that `partykit dev` brings, and without its proxy.
 *
 * prepare(cache) installs and bundles once per run; command(cache, port, state) is what starts it. An error says which
 * step did not work.
 */
"use strict";

const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const WORKERD = "1.20261117.1";
const BUNDLE_MS = 60_000;

/* The modules that PartyKit's bundle expects from its host. */
const HOST_MODULES = {
  __STATIC_ASSETS_MANIFEST__: "export default { assets: {} };",
  "partykit-exposed-node-buffer": "export * from 'node:buffer'; export { default } from 'node:buffer';",
  "partykit-exposed-node-events": "export * from 'node:events'; export { default } from 'node:events';",
};

function configuration(parties, bundle) {
  const classes = [["PARTYKIT_DURABLE", "PartyKitDurable"], ...parties.map((party) => [party, `${party}DO`])];
  const list = (rows) => rows.map((row) => `    (${row}),`).join("\n");
  const modules = [
    `name = "worker", esModule = embed ${JSON.stringify(bundle)}`,
    ...Object.entries(HOST_MODULES).map(([name, code]) => `name = "${name}", esModule = ${JSON.stringify(code)}`),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main), (name = "disk", disk = (writable = true))],
  sockets = [(name = "http", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [
${list(modules)}
  ],
  compatibilityDate = "2024-07-01",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [
    (name = "PARTYKIT_CRONS", json = "{}"),
${list(classes.map(([binding, name]) => `name = "${binding}", durableObjectNamespace = "${name}"`))}
  ],
  durableObjectNamespaces = [
${list(classes.map(([, name]) => `className = "${name}", uniqueKey = "${name}", enableSql = true`))}
  ],
  durableObjectStorage = (localDisk = "disk"),
);
`;
}

/* In a folder of its own: partykit brings another version. */
function installed(cache) {
  const file = path.join(cache, "workerd/node_modules/workerd/package.json");
  return fs.existsSync(file) && JSON.parse(fs.readFileSync(file, "utf8")).version === WORKERD;
}

function binary(cache) {
  return path.join(cache, "workerd/node_modules/@cloudflare/workerd-linux-64/bin/workerd");
}

/* `partykit dev` bundles as it starts; when the file is there it has done what it is for. It takes the folder for one
 * below the project's, wherever it is. */
async function bundle(cache, port) {
  const out = path.join(cache, "bundle");
  fs.rmSync(out, { recursive: true, force: true });
  const project = path.join(cache, "project");
  const { main } = JSON.parse(fs.readFileSync(path.join(project, "partykit.json"), "utf8"));
  const file = path.join(out, `${path.basename(main, path.extname(main))}.js`);
  const dev = [path.join(cache, "node_modules/partykit/dist/bin.mjs"), "dev", "--port", port, "--unstable_outdir", "../bundle"];
  const child = spawn(process.execPath, [...dev, "--persist", "false"], { cwd: project, detached: true, stdio: "ignore" });
  const deadline = Date.now() + BUNDLE_MS;
  while (!fs.existsSync(file) && child.exitCode === null && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    process.kill(-child.pid, "SIGTERM");
  } catch {
    // It has ended.
  }
  if (!fs.existsSync(file)) throw new Error(`partykit dev did not write ${file}`);
  return file;
}

exports.prepare = async function prepare(cache, port) {
  if (!installed(cache)) {
    const folder = path.join(cache, "workerd");
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, "package.json"), '{ "private": true }\n');
    execFileSync("npm", ["install", "--no-audit", "--no-fund", `workerd@${WORKERD}`], { cwd: folder, stdio: "inherit" });
  }
  const file = await bundle(cache, port);
  const { parties } = JSON.parse(fs.readFileSync(path.join(cache, "project/partykit.json"), "utf8"));
  fs.writeFileSync(path.join(cache, "workerd.capnp"), configuration(Object.keys(parties), path.relative(cache, file)));
};

exports.command = function command(cache, port, state) {
  const address = `http=127.0.0.1:${port}`;
  return [binary(cache), ["serve", path.join(cache, "workerd.capnp"), "-s", address, "-d", `disk=${state}`]];
};

exports.title = `workerd ${WORKERD}`;
