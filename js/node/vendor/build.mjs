/*
 * Bundles each package that js/node/vendor holds into one CommonJS file; run by ../vendor.sh in a folder
 * in which the packages are installed. Argument: the folder to write to.
 *
 * Node's own modules stay `require("node:x")`, so that a program has each of them once.
 */

import { build } from "esbuild";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

const target = process.argv[2];

/** Name of the file → the source of its entry. */
const ENTRIES = {
  assert: `module.exports = require("assert/");`,
  buffer: `module.exports = require("buffer/");`,
  events: `module.exports = require("events/");`,
  path: `module.exports = require("path-browserify");`,
  punycode: `module.exports = require("punycode/");`,
  stream: `module.exports = require("readable-stream");`,
  string_decoder: `module.exports = require("string_decoder/");`,
  util: `module.exports = require("util/");`,
  zlib: `module.exports = { ...require("browserify-zlib"), crc32: require("pako/lib/zlib/crc32") };`,
  comparisons: `module.exports = require("assert/build/internal/util/comparisons.js");`,
  ciphers: `
    const { cbc, ctr, ecb, gcm } = require("@noble/ciphers/aes.js");
    const { chacha20poly1305 } = require("@noble/ciphers/chacha.js");
    module.exports = { cbc, ctr, ecb, gcm, chacha20poly1305 };`,
  hashes: `
    const { hmac } = require("@noble/hashes/hmac.js");
    const { hkdf } = require("@noble/hashes/hkdf.js");
    const { pbkdf2 } = require("@noble/hashes/pbkdf2.js");
    const { scrypt, scryptAsync } = require("@noble/hashes/scrypt.js");
    const { md5, ripemd160, sha1 } = require("@noble/hashes/legacy.js");
    const { sha224, sha256, sha384, sha512, sha512_256 } = require("@noble/hashes/sha2.js");
    const { sha3_224, sha3_256, sha3_384, sha3_512 } = require("@noble/hashes/sha3.js");
    const { blake2b, blake2s } = require("@noble/hashes/blake2.js");
    module.exports = {
      hmac, hkdf, pbkdf2, scrypt, scryptAsync, md5, ripemd160, sha1, sha224, sha256, sha384, sha512,
      sha512_256, sha3_224, sha3_256, sha3_384, sha3_512, blake2b, blake2s,
    };`,
};

/** Modules that unenv answers; most of what they do fails at the call. */
const UNENV = [
  "child_process", "cluster", "constants", "dgram", "dns", "dns/promises", "domain", "fs",
  "fs/promises", "http", "http2", "https", "inspector", "inspector/promises", "module", "net", "os",
  "perf_hooks", "querystring", "readline", "readline/promises", "repl", "tls", "trace_events", "tty",
  "url", "v8", "vm", "wasi", "worker_threads",
];
for (const name of UNENV) {
  ENTRIES[name.replace("/", "_")] = `module.exports = require("unenv/node/${name}").default;`;
}

/** Requires of packages that are Node's modules here. */
const ALIASES = {
  assert: "node:assert",
  "buffer/": "node:buffer",
  buffer: "node:buffer",
  "safe-buffer": "node:buffer",
  events: "node:events",
  process: "node:process",
  "process/": "node:process",
  stream: "node:stream",
  string_decoder: "node:string_decoder",
  "string_decoder/": "node:string_decoder",
  util: "node:util",
  "util/": "node:util",
};

/** Packages that stand in for what every engine has had for years: the engine's own. */
const NATIVE = {
  "abort-controller": "{ AbortController, AbortSignal }",
  "is-nan": "Number.isNaN",
  "object-is": "Object.is",
  "object-is/polyfill": "() => Object.is",
  "object.assign/polyfill": "() => Object.assign",
  "call-bind": "(method) => Function.prototype.call.bind(method)",
  "call-bound": `(name) => {
    const steps = name.replace(/%/g, "").split(".");
    const found = steps.reduce((value, step) => value && value[step], globalThis);
    return typeof found === "function" ? Function.prototype.call.bind(found) : found;
  }`,
};
NATIVE["call-bind/callBound"] = NATIVE["call-bound"];

/** The words with which something that is not there fails, and what to do instead; unenv's own name only itself. */
const ABSENT = `
  const CONNECT = 'use \`connect\` from "cloudflare:sockets"';
  const FETCH = "use \`fetch\`";
  const INSTEAD = {
    fs: "keep data in \`this.room.storage\`, or \`import\` the file",
    net: CONNECT, tls: CONNECT, http: FETCH, https: FETCH,
  };
  const SERVER = "a party answers in \`onRequest\` and \`onConnect\`";
  const text = (name) => {
    const [module, member] = name.split(".");
    const advice = INSTEAD[module] && module !== "fs" && /server$/i.test(member) ? SERVER : INSTEAD[module];
    return name + " is not available in a party" + (advice ? "; " + advice : "");
  };
  export const createNotImplementedError = (name) => new Error(text(name));
  export const notImplemented = (name) => {
    return function () { throw createNotImplementedError(name); };
  };
  export const notImplementedAsync = notImplemented;
  export const notImplementedClass = (name) => class {
    constructor() { throw createNotImplementedError(name); }
  };
  export const rawHeaders = (headers) => Object.entries(headers).flatMap(
    ([key, value]) => [].concat(value).flatMap((one) => [key, one]),
  );
  export const mergeFns = (...functions) => (...args) => {
    for (const one of functions) one(...args);
  };`;

const plugin = {
  name: "houseparty",
  setup(build) {
    build.onResolve({ filter: /.*/ }, (args) => {
      if (args.path.startsWith("node:")) return { path: args.path, external: true };
      if (args.kind === "entry-point" || args.importer === "<stdin>") return undefined;
      if (args.path in ALIASES) return { path: ALIASES[args.path], external: true };
      if (args.path in NATIVE) return { path: args.path, namespace: "native" };
      return undefined;
    });
    build.onLoad({ filter: /.*/, namespace: "native" }, (args) => ({
      contents: `module.exports = ${NATIVE[args.path]};`,
    }));
    // Whoever calls `url.parse` cannot help it: packages do.
    build.onLoad({ filter: /unenv.*\/node\/url\.mjs$/ }, async (args) => {
      const source = await readFile(args.path, "utf8");
      const contents = source.replace(/\n\tif \(!urlParseWarned\) \{.*?\n\t\}/s, "");
      if (contents === source) throw new Error("url.parse warns in another way now");
      return { contents };
    });
    build.onLoad({ filter: /unenv.*_internal\/utils\.mjs$/ }, () => ({ contents: ABSENT }));
  },
};

const packages = new Map();
async function owner(file) {
  for (let folder = dirname(file); folder !== "."; folder = dirname(folder)) {
    if (!folder.includes("node_modules/")) return;
    const text = await readFile(join(folder, "package.json"), "utf8").catch(() => undefined);
    const manifest = text === undefined ? {} : JSON.parse(text);
    if (manifest.name === undefined) continue;
    packages.set(manifest.name, { ...manifest, folder });
    return `${manifest.name}@${manifest.version}`;
  }
}

await mkdir(target, { recursive: true });
for (const file of await readdir(target)) {
  if (file.endsWith(".js")) await rm(join(target, file));
}
for (const [name, contents] of Object.entries(ENTRIES)) {
  const result = await build({
    stdin: { contents, resolveDir: process.cwd() },
    bundle: true,
    format: "cjs",
    platform: "browser",
    mainFields: ["browser", "main", "module"],
    target: "esnext",
    charset: "ascii",
    legalComments: "none",
    write: false,
    metafile: true,
    plugins: [plugin],
    define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
  });
  const owners = new Set();
  for (const file of Object.keys(result.metafile.inputs)) {
    const found = await owner(file);
    if (found !== undefined) owners.add(found);
  }
  // What esbuild says about itself, such as paths of modules, stays out.
  const code = result.outputFiles[0].text.replace(/^\s*\/\/ .*\n/gm, "");
  const header = `/*\n * Made by js/node/vendor.sh; do not edit. From:\n${
    [...owners].sort().map((one) => ` *   ${one}\n`).join("")
  } * Licences: LICENSES.txt\n */\n`;
  await writeFile(join(target, `${name}.js`), header + code);
}

let licences = "Licences of the packages that the files of this folder were made of.\n";
for (const [name, { version, license, folder }] of [...packages].sort()) {
  const files = await readdir(folder);
  const file = files.find((one) => /^licen[cs]e/i.test(one));
  const text = file === undefined ? `Licence: ${license}\n` : await readFile(join(folder, file), "utf8");
  licences += `\n${"=".repeat(80)}\n${name} ${version}\n${"=".repeat(80)}\n\n${text.trim()}\n`;
}
await writeFile(join(target, "LICENSES.txt"), licences);
