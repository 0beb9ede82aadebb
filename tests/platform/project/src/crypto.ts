/*
 * Web crypto: every algorithm of the table with known answers or a round trip. A check throws if something is not as
 * it should be.
 */

import { bytes, failure, hex, is, party } from "./check";

const scope = globalThis as any;
const { subtle } = crypto as any;

const unhex = (text: string) => Uint8Array.from(text.match(/../g)!.map((pair) => parseInt(pair, 16)));
const kind = async (run: () => unknown) => (await failure(run)).split(":")[0];

/** Signs, verifies, exports and imports again. */
async function signs(algorithm: any, use: any, formats: [string, string]) {
  const pair = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const signature = await subtle.sign(use, pair.privateKey, bytes("data"));
  is([await subtle.verify(use, pair.publicKey, signature, bytes("data")), await subtle.verify(use, pair.publicKey, signature, bytes("other"))], [true, false]);
  for (const format of formats) {
    const secret = await subtle.exportKey(format === "spki" ? "pkcs8" : format, pair.privateKey);
    const open = await subtle.exportKey(format, pair.publicKey);
    const again = await subtle.importKey(format === "spki" ? "pkcs8" : format, secret, algorithm, false, ["sign"]);
    const checked = await subtle.importKey(format, open, algorithm, true, ["verify"]);
    is(await subtle.verify(use, checked, await subtle.sign(use, again, bytes("data")), bytes("data")), true, format);
    is(await kind(() => subtle.exportKey("pkcs8", again)), "InvalidAccessError");
  }
}

async function seals(algorithm: any, use: any) {
  const key = await subtle.generateKey(algorithm, true, ["encrypt", "decrypt"]);
  const sealed = await subtle.encrypt(use, key, bytes("secret"));
  is(hex(await subtle.decrypt(use, key, sealed)), hex(bytes("secret")));
  const again = await subtle.importKey("jwk", await subtle.exportKey("jwk", key), algorithm, true, ["decrypt"]);
  is(hex(await subtle.decrypt(use, again, sealed)), hex(bytes("secret")));
  is(hex(await subtle.exportKey("raw", again)), hex(await subtle.exportKey("raw", key)));
}

export default party({
  async digest() {
    const digest = async (name: string) => hex(await subtle.digest(name, bytes("abc")));
    is(await digest("SHA-1"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    is(await digest("sha-256"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    is((await digest("SHA-384")).length, 96);
    is((await digest("SHA-512")).slice(0, 16), "ddaf35a193617aba");
    is(await digest("MD5"), "900150983cd24fb0d6963f7d28e17f72");
    is(await kind(() => subtle.digest("SHA-0", bytes("x"))), "NotSupportedError");
    is(await kind(() => subtle.digest("SHA-256", "text")), "TypeError");
  },
  async "digest-stream"() {
    const stream = new scope.crypto.DigestStream("SHA-256");
    const writer = stream.getWriter();
    await writer.write(bytes("ab"));
    await writer.write(bytes("c"));
    await writer.close();
    is(hex(await stream.digest), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    is([stream.bytesWritten ?? 3n, stream instanceof WritableStream], [3n, true]);
    const piped = new scope.crypto.DigestStream({ name: "MD5" });
    await new Response("abc").body!.pipeTo(piped);
    is(hex(await piped.digest), "900150983cd24fb0d6963f7d28e17f72");
    const broken = new scope.crypto.DigestStream("SHA-1");
    await broken.abort(new RangeError("stop"));
    is(await kind(() => broken.digest), "RangeError");
    is(await kind(() => new scope.crypto.DigestStream("nope")), "NotSupportedError");
    const refused = new scope.crypto.DigestStream("SHA-1").getWriter();
    is(await kind(() => refused.write(5)), "TypeError");
  },
  async "timing-safe-equal"() {
    is([subtle.timingSafeEqual(bytes("a"), bytes("a")), subtle.timingSafeEqual(bytes("a").buffer, bytes("b"))], [true, false]);
    is(await kind(() => subtle.timingSafeEqual(bytes("a"), bytes("ab"))), "TypeError");
    is(await kind(() => subtle.timingSafeEqual("a", "a")), "TypeError");
  },
  async random() {
    is([crypto.getRandomValues(new Uint8Array(4)).length, crypto.randomUUID().length], [4, 36]);
    is(await kind(() => crypto.getRandomValues(new Uint8Array(65_537))), "QuotaExceededError");
    is(await kind(() => crypto.getRandomValues(new Float32Array(1) as never)), "TypeMismatchError");
    is([...crypto.getRandomValues(new BigUint64Array(2))].every((it) => typeof it === "bigint"), true);
  },
  async hmac() {
    const key = await subtle.importKey("raw", bytes("key"), { name: "HMAC", hash: "SHA-256" }, true, ["sign", "verify"]);
    const text = bytes("The quick brown fox jumps over the lazy dog");
    is(hex(await subtle.sign("HMAC", key, text)), "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
    is((await subtle.exportKey("jwk", key)).alg, "HS256");
    const made = await subtle.generateKey({ name: "HMAC", hash: "SHA-512" }, true, ["sign"]);
    is([(await subtle.exportKey("raw", made)).byteLength, made.algorithm.hash.name, made.type], [128, "SHA-512", "secret"]);
  },
  "aes-gcm": () => seals({ name: "AES-GCM", length: 256 }, { name: "AES-GCM", iv: new Uint8Array(12), additionalData: bytes("aad"), tagLength: 128 }),
  "aes-cbc": () => seals({ name: "AES-CBC", length: 128 }, { name: "AES-CBC", iv: new Uint8Array(16) }),
  "aes-ctr": () => seals({ name: "AES-CTR", length: 192 }, { name: "AES-CTR", counter: new Uint8Array(16), length: 64 }),
  async "aes-gcm-known"() {
    const key = await subtle.importKey("raw", new Uint8Array(16), "AES-GCM", false, ["encrypt", "decrypt"]);
    is(hex(await subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, key, new Uint8Array(16))), "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf");
    is(await kind(() => subtle.decrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, key, new Uint8Array(32))), "OperationError");
  },
  async "aes-kw"() {
    const wrapper = await subtle.importKey("raw", unhex("000102030405060708090a0b0c0d0e0f"), "AES-KW", false, ["wrapKey", "unwrapKey"]);
    const key = await subtle.importKey("raw", unhex("00112233445566778899aabbccddeeff"), "AES-CBC", true, ["encrypt"]);
    const wrapped = await subtle.wrapKey("raw", key, wrapper, "AES-KW");
    is(hex(wrapped), "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
    const back = await subtle.unwrapKey("raw", wrapped, wrapper, "AES-KW", "AES-CBC", true, ["encrypt"]);
    is(hex(await subtle.exportKey("raw", back)), "00112233445566778899aabbccddeeff");
  },
  "rsa-pkcs1": () => signs({ name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: "SHA-256" }, "RSASSA-PKCS1-v1_5", ["spki", "jwk"]),
  "rsa-pss": () => signs({ name: "RSA-PSS", modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: "SHA-256" }, { name: "RSA-PSS", saltLength: 32 }, ["spki", "jwk"]),
  async "rsa-oaep"() {
    const algorithm = { name: "RSA-OAEP", modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: "SHA-256" };
    const { publicKey, privateKey } = await subtle.generateKey(algorithm, true, ["encrypt", "decrypt", "wrapKey", "unwrapKey"]);
    const sealed = await subtle.encrypt({ name: "RSA-OAEP", label: bytes("l") }, publicKey, bytes("x"));
    is(hex(await subtle.decrypt({ name: "RSA-OAEP", label: bytes("l") }, privateKey, sealed)), "78");
    const aes = await subtle.generateKey({ name: "AES-GCM", length: 128 }, true, ["encrypt"]);
    const wrapped = await subtle.wrapKey("jwk", aes, publicKey, "RSA-OAEP").catch(() => subtle.wrapKey("raw", aes, publicKey, "RSA-OAEP"));
    is(wrapped.byteLength, 256);
  },
  async ecdsa() {
    for (const namedCurve of ["P-256", "P-384", "P-521"]) {
      await signs({ name: "ECDSA", namedCurve }, { name: "ECDSA", hash: "SHA-256" }, ["spki", "jwk"]);
    }
    const { publicKey } = await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
    is((await subtle.exportKey("raw", publicKey)).byteLength, 65);
  },
  async ecdh() {
    for (const [namedCurve, length] of [["P-256", 32], ["P-384", 48], ["P-521", 66]] as const) {
      const [a, b] = [await subtle.generateKey({ name: "ECDH", namedCurve }, true, ["deriveBits", "deriveKey"]), await subtle.generateKey({ name: "ECDH", namedCurve }, true, ["deriveBits"])];
      const left = await subtle.deriveBits({ name: "ECDH", public: b.publicKey }, a.privateKey, length * 8);
      const right = await subtle.deriveBits({ name: "ECDH", public: a.publicKey }, b.privateKey, length * 8);
      is([hex(left), left.byteLength], [hex(right), length], namedCurve);
      const key = await subtle.deriveKey({ name: "ECDH", public: b.publicKey }, a.privateKey, { name: "AES-GCM", length: 256 }, true, ["encrypt"]);
      is(key.algorithm.length, 256);
    }
  },
  async ed25519() {
    await signs("Ed25519", "Ed25519", ["spki", "jwk"]);
    const key = await subtle.importKey("pkcs8", unhex("302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"), "Ed25519", true, ["sign"]);
    is(hex(await subtle.sign("Ed25519", key, new Uint8Array())), "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
    const open = await subtle.importKey("raw", unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"), { name: "Ed25519" }, true, ["verify"]);
    is(open.algorithm.name, "Ed25519");
  },
  async x25519() {
    const [a, b] = [await subtle.generateKey("X25519", true, ["deriveBits"]), await subtle.generateKey("X25519", true, ["deriveBits"])];
    const left = await subtle.deriveBits({ name: "X25519", public: b.publicKey }, a.privateKey, 256);
    is(hex(left), hex(await subtle.deriveBits({ name: "X25519", public: a.publicKey }, b.privateKey, 256)));
    is((await subtle.exportKey("raw", a.publicKey)).byteLength, 32);
  },
  async pbkdf2() {
    const key = await subtle.importKey("raw", bytes("password"), "PBKDF2", false, ["deriveBits", "deriveKey"]);
    is(hex(await subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: bytes("salt"), iterations: 2 }, key, 256)), "ae4d0c95af6b46d32d0adff928f06dd02a303f8ef3c251dfd6e2d85a95474c43");
    const aes = await subtle.deriveKey({ name: "PBKDF2", hash: "SHA-1", salt: bytes("salt"), iterations: 1 }, key, { name: "AES-CBC", length: 128 }, true, ["encrypt"]);
    is(hex(await subtle.exportKey("raw", aes)), "0c60c80f961f0e71f3a9b524af601206");
  },
  async hkdf() {
    const key = await subtle.importKey("raw", unhex("0b".repeat(22)), "HKDF", false, ["deriveBits"]);
    const bits = await subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: unhex("000102030405060708090a0b0c"), info: unhex("f0f1f2f3f4f5f6f7f8f9") }, key, 336);
    is(hex(bits), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  },
  async keys() {
    const key = await subtle.generateKey({ name: "AES-GCM", length: 128 }, false, ["encrypt"]);
    is([key instanceof CryptoKey, key.extractable, key.usages, key.type, key.algorithm], [true, false, ["encrypt"], "secret", { name: "AES-GCM", length: 128 }]);
    is(await kind(() => subtle.exportKey("raw", key)), "InvalidAccessError");
    is(await kind(() => subtle.decrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, key, new Uint8Array(32))), "InvalidAccessError");
    is(await kind(() => subtle.importKey("raw", new Uint8Array(5), "AES-GCM", true, ["encrypt"])), "DataError");
    is(await kind(() => subtle.generateKey({ name: "AES-GCM", length: 128 }, true, [])), "SyntaxError");
    is(await kind(() => subtle.generateKey("nope", true, ["sign"])), "NotSupportedError");
    is([scope.crypto instanceof scope.Crypto, subtle instanceof scope.SubtleCrypto], [true, true]);
    is(await kind(() => new (CryptoKey as any)()), "TypeError");
  },
  async "many-at-once"() {
    const all = await Promise.all(Array.from({ length: 200 }, (_, i) => subtle.digest("SHA-256", bytes(`${i}`))));
    is(new Set(all.map(hex)).size, 200);
  },
});
