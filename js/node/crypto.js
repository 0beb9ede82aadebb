/*
 * `node:crypto`: what Node does synchronously (hashes, HMAC, key derivation, AES) by the `@noble` packages,
 * what the platform has (random values, `webcrypto`) by WebCrypto.
 *
 * Public-key operations are only in `crypto.subtle`: Node's names for them fail at the call and say so.
 * Ciphers give their whole output at `final()`, except in counter mode; what a program gets together is
 * what it gets from Node. Hashes and ciphers are no streams.
 */

const { Buffer } = require("node:buffer");
const noble = require("houseparty:vendor/hashes");
const ciphers = require("houseparty:vendor/ciphers");

const HASHES = {
  md5: noble.md5, ripemd160: noble.ripemd160, rmd160: noble.ripemd160, sha1: noble.sha1,
  sha224: noble.sha224, sha256: noble.sha256, sha384: noble.sha384, sha512: noble.sha512,
  "sha512-256": noble.sha512_256, "sha3-224": noble.sha3_224, "sha3-256": noble.sha3_256,
  "sha3-384": noble.sha3_384, "sha3-512": noble.sha3_512, blake2b512: noble.blake2b,
  blake2s256: noble.blake2s,
};

function failure(kind, code, message) {
  return Object.assign(new kind(message), { code });
}

function hashOf(name) {
  const plain = `${name}`.toLowerCase().replace(/^rsa-/, "").replace(/^sha-(?=\d)/, "sha");
  const hash = HASHES[plain];
  if (hash === undefined) {
    throw failure(Error, "ERR_CRYPTO_INVALID_DIGEST", `Invalid digest: ${name}`);
  }
  return hash;
}

const viewed = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

function bytesOf(data, encoding = "utf8", name = "data") {
  if (typeof data === "string") return Buffer.from(data, encoding);
  if (data instanceof KeyObject) return data.export();
  if (ArrayBuffer.isView(data)) return viewed(data);
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) return new Uint8Array(data);
  throw failure(
    TypeError,
    "ERR_INVALID_ARG_TYPE",
    `The "${name}" argument must be a string or an ArrayBuffer, Buffer, TypedArray or DataView`,
  );
}

function encoded(bytes, encoding) {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return encoding === undefined || encoding === null || encoding === "buffer"
    ? buffer
    : buffer.toString(encoding);
}

class Hash {
  #state;
  #done = false;

  constructor(state) {
    this.#state = state;
  }

  update(data, encoding = undefined) {
    this.#check();
    this.#state.update(bytesOf(data, encoding));
    return this;
  }

  digest(encoding = undefined) {
    this.#check();
    this.#done = true;
    return encoded(this.#state.digest(), encoding);
  }

  copy() {
    this.#check();
    return new this.constructor(this.#state.clone());
  }

  #check() {
    if (this.#done) throw failure(Error, "ERR_CRYPTO_HASH_FINALIZED", "Digest already called");
  }
}

class Hmac extends Hash {}

const createHash = (name) => new Hash(hashOf(name).create());
const createHmac = (name, key) =>
  new Hmac(noble.hmac.create(hashOf(name), bytesOf(key, "utf8", "key")));
const hash = (name, data, encoding = "hex") => createHash(name).update(data).digest(encoding);

// ---- random values ----------------------------------------------------------------------------

/** The platform gives at most this many bytes at once. */
const RANDOM_MAX = 65536;

function randomFillSync(target, offset = 0, size = undefined) {
  const all = ArrayBuffer.isView(target) ? viewed(target) : new Uint8Array(target);
  const bytes = all.subarray(offset, size === undefined ? undefined : offset + size);
  for (let at = 0; at < bytes.length; at += RANDOM_MAX) {
    globalThis.crypto.getRandomValues(bytes.subarray(at, at + RANDOM_MAX));
  }
  return target;
}

/** Calls back with the result or what was thrown, later. */
function later(callback, work) {
  queueMicrotask(() => {
    let result;
    try {
      result = work();
    } catch (error) {
      callback(error);
      return;
    }
    callback(null, result);
  });
}

function randomBytes(size, callback = undefined) {
  const work = () => randomFillSync(Buffer.alloc(size));
  if (callback === undefined) return work();
  later(callback, work);
}

function randomFill(target, ...rest) {
  const callback = rest.pop();
  later(callback, () => randomFillSync(target, ...rest));
}

function randomInt(...args) {
  const callback = typeof args.at(-1) === "function" ? args.pop() : undefined;
  const [low, high] = args.length === 1 ? [0, args[0]] : args;
  const range = high - low;
  const whole = Number.isSafeInteger(low) && Number.isSafeInteger(high);
  if (!whole || !(range > 0 && range <= 2 ** 48)) {
    throw failure(RangeError, "ERR_OUT_OF_RANGE", `The range from ${low} to ${high} is not valid`);
  }
  const work = () => {
    // Values beyond the last whole multiple of the range would favour the small ones.
    const limit = 2 ** 48 - (2 ** 48 % range);
    for (;;) {
      const value = randomBytes(6).readUIntBE(0, 6);
      if (value < limit) return low + (value % range);
    }
  };
  if (callback === undefined) return work();
  later(callback, work);
}

function timingSafeEqual(a, b) {
  const [left, right] = [bytesOf(a, undefined, "buf1"), bytesOf(b, undefined, "buf2")];
  if (left.length !== right.length) {
    throw failure(
      RangeError,
      "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH",
      "Input buffers must have the same byte length",
    );
  }
  let difference = 0;
  for (let at = 0; at < left.length; at++) difference |= left[at] ^ right[at];
  return difference === 0;
}

// ---- keys from passwords ----------------------------------------------------------------------

function pbkdf2Sync(password, salt, iterations, length, digest) {
  const key = noble.pbkdf2(hashOf(digest), bytesOf(password), bytesOf(salt), {
    c: iterations,
    dkLen: length,
  });
  return encoded(key);
}

function scryptSync(password, salt, length, options = {}) {
  const N = options.N ?? options.cost ?? 16384;
  const r = options.r ?? options.blockSize ?? 8;
  const p = options.p ?? options.parallelization ?? 1;
  return encoded(noble.scrypt(bytesOf(password), bytesOf(salt), { N, r, p, dkLen: length }));
}

function hkdfSync(digest, key, salt, info, length) {
  const bytes = noble.hkdf(hashOf(digest), bytesOf(key), bytesOf(salt), bytesOf(info), length);
  return Uint8Array.from(bytes).buffer;
}

/** The variant with a callback, as its last argument, of a function that answers at once. */
const calledBack = (work) => (...args) => {
  const callback = args.pop();
  if (typeof callback !== "function") {
    const text = 'The "callback" argument must be of type function';
    throw failure(TypeError, "ERR_INVALID_ARG_TYPE", text);
  }
  later(callback, () => work(...args));
};

// ---- ciphers ----------------------------------------------------------------------------------

const BLOCK = 16;

function modeOf(name) {
  const found = /^aes-?(128|192|256)-(cbc|ctr|ecb|gcm)$/.exec(`${name}`.toLowerCase());
  if (found !== null) return { mode: found[2], keyLength: Number(found[1]) / 8 };
  if (/^chacha20-poly1305$/i.test(name)) return { mode: "chacha20-poly1305", keyLength: 32 };
  throw failure(Error, "ERR_CRYPTO_UNKNOWN_CIPHER", `Unknown cipher: ${name}`);
}

const invalidState = (operation) =>
  failure(Error, "ERR_CRYPTO_INVALID_STATE", `Invalid state for operation ${operation}`);

class Cipher {
  #decrypt;
  #mode;
  #key;
  #iv;
  #chunks = [];
  #position = 0;
  #padding = true;
  #aad;
  #tag;
  #done = false;

  constructor(decrypt, name, key, iv) {
    const { mode, keyLength } = modeOf(name);
    this.#decrypt = decrypt;
    this.#mode = mode;
    this.#key = Uint8Array.from(bytesOf(key, "utf8", "key"));
    this.#iv = iv === null ? new Uint8Array(0) : Uint8Array.from(bytesOf(iv, "utf8", "iv"));
    if (this.#key.length !== keyLength) {
      throw failure(RangeError, "ERR_CRYPTO_INVALID_KEYLEN", "Invalid key length");
    }
    if ((mode === "cbc" || mode === "ctr") && this.#iv.length !== BLOCK) {
      throw failure(TypeError, "ERR_CRYPTO_INVALID_IV", "Invalid initialization vector");
    }
  }

  update(data, encoding = undefined, outputEncoding = undefined) {
    const bytes = Uint8Array.from(bytesOf(data, encoding));
    if (this.#mode === "ctr") return encoded(this.#count(bytes), outputEncoding);
    this.#chunks.push(bytes);
    return encoded(new Uint8Array(0), outputEncoding);
  }

  final(outputEncoding = undefined) {
    if (this.#done) throw invalidState("final");
    this.#done = true;
    if (this.#mode === "ctr") return encoded(new Uint8Array(0), outputEncoding);
    const input = Uint8Array.from(Buffer.concat(this.#chunks));
    return encoded(this.#isSealed() ? this.#seal(input) : this.#run(input), outputEncoding);
  }

  setAutoPadding(padding = true) {
    this.#padding = padding;
    return this;
  }

  setAAD(data) {
    this.#aad = Uint8Array.from(bytesOf(data));
    return this;
  }

  getAuthTag() {
    if (!this.#done || this.#tag === undefined) throw invalidState("getAuthTag");
    return encoded(this.#tag);
  }

  setAuthTag(tag, encoding = undefined) {
    this.#tag = Uint8Array.from(bytesOf(tag, encoding));
    return this;
  }

  #isSealed() {
    return this.#mode === "gcm" || this.#mode === "chacha20-poly1305";
  }

  #seal(input) {
    const make = this.#mode === "gcm" ? ciphers.gcm : ciphers.chacha20poly1305;
    const cipher = make(this.#key, this.#iv, this.#aad);
    if (!this.#decrypt) {
      const output = cipher.encrypt(input);
      this.#tag = output.slice(-BLOCK);
      return output.slice(0, -BLOCK);
    }
    try {
      const sealed = Buffer.concat([input, this.#tag ?? new Uint8Array(0)]);
      return cipher.decrypt(Uint8Array.from(sealed));
    } catch {
      throw new Error("Unsupported state or unable to authenticate data");
    }
  }

  #run(input) {
    const options = { disablePadding: !this.#padding };
    const cipher = this.#mode === "cbc"
      ? ciphers.cbc(this.#key, this.#iv, options)
      : ciphers.ecb(this.#key, options);
    try {
      return this.#decrypt ? cipher.decrypt(input) : cipher.encrypt(input);
    } catch (error) {
      const code = this.#decrypt ? "ERR_OSSL_BAD_DECRYPT" : "ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH";
      throw failure(Error, code, error.message);
    }
  }

  /** The next bytes in counter mode: the counter goes on where the last call ended. */
  #count(bytes) {
    const skipped = this.#position % BLOCK;
    const first = BigInt(`0x${Buffer.from(this.#iv).toString("hex")}`) +
      BigInt((this.#position - skipped) / BLOCK);
    const counter = BigInt.asUintN(128, first).toString(16).padStart(2 * BLOCK, "0");
    const padded = new Uint8Array(skipped + bytes.length);
    padded.set(bytes, skipped);
    this.#position += bytes.length;
    const start = Uint8Array.from(Buffer.from(counter, "hex"));
    return ciphers.ctr(this.#key, start).encrypt(padded).slice(skipped);
  }
}

// ---- keys and the rest ------------------------------------------------------------------------

class KeyObject {
  #bytes;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  get type() {
    return "secret";
  }

  get symmetricKeySize() {
    return this.#bytes.length;
  }

  export() {
    return Buffer.from(this.#bytes);
  }

  equals(other) {
    return this.#bytes.equals(other.export());
  }
}

const PUBLIC_KEY = [
  "Certificate", "DiffieHellman", "ECDH", "Sign", "Verify", "X509Certificate", "createDiffieHellman",
  "createECDH", "createPrivateKey", "createPublicKey", "createSign", "createVerify", "diffieHellman",
  "generateKey", "generateKeyPair", "generateKeyPairSync", "generateKeySync", "generatePrime",
  "generatePrimeSync", "getDiffieHellman", "privateDecrypt", "privateEncrypt", "publicDecrypt",
  "publicEncrypt", "sign", "verify", "secureHeapUsed", "setEngine",
];
const absent = {};
for (const name of PUBLIC_KEY) {
  absent[name] = function () {
    throw new Error(`crypto.${name} is not available in a party; crypto.subtle may do what it does`);
  };
}

module.exports = {
  ...absent,
  Cipheriv: Cipher,
  Decipheriv: Cipher,
  Hash,
  Hmac,
  KeyObject,
  constants: {},
  createCipheriv: (name, key, iv) => new Cipher(false, name, key, iv),
  createDecipheriv: (name, key, iv) => new Cipher(true, name, key, iv),
  createHash,
  createHmac,
  createSecretKey: (key, encoding) => new KeyObject(Buffer.from(bytesOf(key, encoding, "key"))),
  getCiphers: () =>
    ["cbc", "ctr", "ecb", "gcm"].flatMap((mode) =>
      [128, 192, 256].map((bits) => `aes-${bits}-${mode}`)
    ),
  getFips: () => 0,
  getHashes: () => Object.keys(HASHES),
  getRandomValues: (target) => globalThis.crypto.getRandomValues(target),
  hash,
  hkdf: calledBack(hkdfSync),
  hkdfSync,
  pbkdf2: calledBack(pbkdf2Sync),
  pbkdf2Sync,
  randomBytes,
  pseudoRandomBytes: randomBytes,
  randomFill,
  randomFillSync,
  randomInt,
  randomUUID: () => globalThis.crypto.randomUUID(),
  scrypt(password, salt, length, ...rest) {
    const callback = rest.pop();
    later(callback, () => scryptSync(password, salt, length, ...rest));
  },
  scryptSync,
  timingSafeEqual,
  get subtle() {
    return globalThis.crypto.subtle;
  },
  get webcrypto() {
    return globalThis.crypto;
  },
};
