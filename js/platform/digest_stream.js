/*
 * `crypto.DigestStream`: a writable stream whose `digest` resolves when it is closed; and MD5, which the platform's
 * web crypto does not have. Loaded with the first access to `crypto`.
 */

(function () {
  const { core } = __bootstrap;
  const { op_digest_new, op_digest_update, op_digest_finish } = core.ops;
  const { WritableStream } = core.loadExtScript("ext:deno_web/06_streams.js");

  const encoder = new (core.loadExtScript("ext:deno_web/08_text_encoding.js").TextEncoder)();
  const nameOf = (algorithm) => `${typeof algorithm === "object" ? algorithm?.name : algorithm}`;

  function bytesOf(chunk) {
    if (typeof chunk === "string") return encoder.encode(chunk);
    if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
    if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    throw new TypeError("DigestStream is a byte stream but received an object of non-ArrayBuffer/ArrayBufferView type.");
  }

  class DigestStream extends WritableStream {
    #digest;
    #bytesWritten = 0n;

    constructor(algorithm) {
      const id = op_digest_new(nameOf(algorithm));
      const { promise, resolve, reject } = Promise.withResolvers();
      // Nobody has to look at it.
      promise.catch(() => {});
      super({
        write: (chunk) => {
          try {
            const bytes = bytesOf(chunk);
            op_digest_update(id, bytes);
            this.#bytesWritten += BigInt(bytes.byteLength);
          } catch (error) {
            op_digest_finish(id);
            reject(error);
            throw error;
          }
        },
        close: () => resolve(op_digest_finish(id).buffer),
        abort: (reason) => {
          op_digest_finish(id);
          reject(reason);
        },
      });
      this.#digest = promise;
    }

    get digest() {
      return this.#digest;
    }

    get bytesWritten() {
      return this.#bytesWritten;
    }
  }

  /** The digest of bytes at once, or undefined for an algorithm that web crypto has. */
  function digestOf(algorithm, data) {
    if (nameOf(algorithm).toUpperCase() !== "MD5" || typeof data === "string") return undefined;
    const id = op_digest_new("MD5");
    op_digest_update(id, bytesOf(data));
    return op_digest_finish(id).buffer;
  }

  return { DigestStream, digestOf };
})();
