/*
 * Where the scripts of this folder find things: the clone, the cache folder outside of it, the binary that cargo built.
 */
"use strict";

const { execFileSync } = require("node:child_process");
const os = require("node:os");
const path = require("node:path");

const repository = path.dirname(__dirname);

/* The folder of one script in the cache; it may not be there yet. */
function cacheFolder(name) {
  return path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache"), "houseparty", name);
}

function debugBinary() {
  const metadata = ["metadata", "--format-version", "1", "--no-deps", "--offline"];
  const { target_directory: folder } = JSON.parse(execFileSync("cargo", metadata, { cwd: repository, encoding: "utf8" }));
  return path.join(folder, "debug/houseparty");
}

module.exports = { repository, cacheFolder, debugBinary };
