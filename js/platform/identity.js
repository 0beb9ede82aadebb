/*
 * `IdentityTransformStream` and `FixedLengthStream`, which the Workers platform has beside the standard ones: bytes go
 * from one side to the other as they are, a write is through when it has been read, and the readable side can be read
 * into a buffer. Loaded by the first access.
 */

(function () {
  const { core } = __bootstrap;
  const { ReadableStream, TransformStream, WritableStream } = core.loadExtScript("ext:deno_web/06_streams.js");

  function bytesOf(chunk) {
    if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
    throw new TypeError(
      typeof chunk === "string"
        ? "This TransformStream is being used as a byte stream, but received a string on its writable side. If you " +
          "wish to write a string, you'll probably want to explicitly UTF-8-encode it with TextEncoder."
        : "This TransformStream is being used as a byte stream, but received an object of " +
          "non-ArrayBuffer/ArrayBufferView type on its writable side.",
    );
  }

  /** Two ends; `check` sees the size of every chunk, `finish` the end, and both may throw. */
  function pair(check, finish) {
    let input;
    let output;
    /** What has been written and not yet read: [bytes, resolve]. */
    let offered = null;
    /** The reader waits: resolves its pull. */
    let wanted = null;
    const give = () => {
      const [bytes, resolve] = offered;
      offered = null;
      input.enqueue(bytes.slice());
      resolve();
    };
    const fail = (error) => {
      input.error(error);
      output.error(error);
      wanted?.();
      throw error;
    };
    const readable = new ReadableStream({
      type: "bytes",
      start: (controller) => {
        input = controller;
      },
      pull: () => {
        if (offered !== null) return give();
        return new Promise((resolve) => {
          wanted = resolve;
        });
      },
      cancel: (reason) => {
        output.error(reason);
        offered?.[1]();
        offered = null;
      },
    }, { highWaterMark: 0 });
    const writable = new WritableStream({
      start: (controller) => {
        output = controller;
      },
      write: (chunk) => {
        let bytes;
        try {
          bytes = bytesOf(chunk);
          check(bytes.byteLength);
        } catch (error) {
          return fail(error);
        }
        if (bytes.byteLength === 0) return;
        const taken = new Promise((resolve) => {
          offered = [bytes, resolve];
        });
        if (wanted !== null) {
          const resume = wanted;
          wanted = null;
          give();
          resume();
        }
        return taken;
      },
      close: () => {
        try {
          finish();
        } catch (error) {
          return fail(error);
        }
        input.close();
        input.byobRequest?.respond(0);
        wanted?.();
      },
      abort: (reason) => {
        offered = null;
        input.error(reason);
        wanted?.();
      },
    });
    return { readable, writable };
  }

  class IdentityTransformStream extends TransformStream {
    #ends;

    constructor(_queuing = undefined, check = () => {}, finish = () => {}) {
      super();
      this.#ends = pair(check, finish);
    }

    get readable() {
      return this.#ends.readable;
    }

    get writable() {
      return this.#ends.writable;
    }
  }

  function lengthOf(length) {
    const number = Number(length);
    if (!Number.isSafeInteger(number) || number < 0) {
      throw new TypeError("FixedLengthStream requires an integer expected length less than 2^53.");
    }
    return number;
  }

  /** `lengths` learns which readable side has which length. */
  function create(lengths) {
    class FixedLengthStream extends IdentityTransformStream {
      constructor(length, queuing = undefined) {
        const expected = lengthOf(length);
        let seen = 0;
        super(queuing, (size) => {
          seen += size;
          if (seen > expected) throw new TypeError("Attempt to write too many bytes through a FixedLengthStream.");
        }, () => {
          if (seen < expected) {
            throw new TypeError("FixedLengthStream did not see all expected bytes before close().");
          }
        });
        lengths.set(this.readable, expected);
      }
    }
    return { FixedLengthStream, IdentityTransformStream };
  }

  return { create };
})();
