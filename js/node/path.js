/*
 * `node:path`: paths as they are written on Linux, by the `path-browserify` package. There is no Windows
 * under a party: `path.win32` reads paths in the same way.
 */

const posix = { ...require("houseparty:vendor/path") };
posix.toNamespacedPath = (path) => path;
posix.posix = posix;
posix.win32 = posix;

module.exports = posix;
