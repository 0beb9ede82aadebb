/*
 * `node:zlib` over the `browserify-zlib` package: gzip and deflate in all of Node's ways. Brotli and zstd are not
 * there and fail at the call.
 */

const { crc32: crc, ...base } = require("houseparty:vendor/zlib");
const { Buffer } = require("node:buffer");

function crc32(data, value = 0) {
  const bytes = typeof data === "string" ? Buffer.from(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return crc(value, bytes, bytes.length, 0) >>> 0;
}

const constants = Object.fromEntries(Object.entries(base).filter(([name]) => name.startsWith("Z_")));

module.exports = Object.setPrototypeOf({ ...base, constants, crc32 }, require("houseparty:absent")("node:zlib"));
