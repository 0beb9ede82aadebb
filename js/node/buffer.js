/*
 * `node:buffer` over the `buffer` package, and the global `Buffer` from the moment a party imports it or
 * mentions it (spec B-19). What the package lacks and the platform has is added here.
 */

const base = require("houseparty:vendor/buffer");

const { Buffer } = base;

const bytesOf = (input) =>
  ArrayBuffer.isView(input)
    ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
    : new Uint8Array(input);

function isUtf8(input) {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytesOf(input));
    return true;
  } catch {
    return false;
  }
}

const isAscii = (input) => bytesOf(input).every((byte) => byte < 0x80);

const transcode = (source, from, to) => Buffer.from(Buffer.from(source).toString(from), to);

// The package knows no `base64url`.
const isUrlEncoding = (encoding) =>
  typeof encoding === "string" && encoding.toLowerCase() === "base64url";
const known = (encoding) => (isUrlEncoding(encoding) ? "base64" : encoding);
const { from, byteLength, isEncoding } = Buffer;
const { toString, write, fill } = Buffer.prototype;

Object.assign(Buffer, {
  from(value, encoding, length) {
    return Reflect.apply(from, Buffer, [value, known(encoding), length]);
  },
  byteLength: (value, encoding) => byteLength(value, known(encoding)),
  isEncoding: (encoding) => isUrlEncoding(encoding) || isEncoding(encoding),
  copyBytesFrom(view, offset = 0, length = view.length - offset) {
    const part = view.slice(offset, offset + length);
    return Buffer.from(part.buffer, part.byteOffset, part.byteLength);
  },
});
Object.assign(Buffer.prototype, {
  toString(encoding, ...range) {
    if (!isUrlEncoding(encoding)) return Reflect.apply(toString, this, [encoding, ...range]);
    const text = Reflect.apply(toString, this, ["base64", ...range]);
    return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  },
  write(...args) {
    const last = args.length - 1;
    if (isUrlEncoding(args[last])) args[last] = "base64";
    return Reflect.apply(write, this, args);
  },
  fill(...args) {
    const last = args.length - 1;
    if (last > 0 && isUrlEncoding(args[last])) args[last] = "base64";
    return Reflect.apply(fill, this, args);
  },
});
for (const name of Object.getOwnPropertyNames(Buffer.prototype)) {
  // `readUint8` and its like are other names of `readUInt8`.
  if (/UInt/.test(name)) Buffer.prototype[name.replace("UInt", "Uint")] ??= Buffer.prototype[name];
}

globalThis.Buffer ??= Buffer;

const exported = { ...base, Blob, File, atob, btoa, isAscii, isUtf8, transcode };
exported.constants = { MAX_LENGTH: base.kMaxLength, MAX_STRING_LENGTH: 0x1fffffe8 };
exported.kStringMaxLength = exported.constants.MAX_STRING_LENGTH;
module.exports = exported;
