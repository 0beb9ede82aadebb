/*
 * `connect()` of `cloudflare:sockets`: a TCP connection to another server, with or without TLS. Loaded when a party
 * that imports the module first asks for it (js/node/sockets.js).
 *
 * The socket is the host's (runtime/engine/outbound.rs). Bytes are read when somebody reads `readable`, one chunk at
 * a time, and a write is through when the kernel has it; each is an event of the room. What goes wrong rejects
 * `opened`, `closed` and the streams; nobody has to look at all of them.
 */

(function () {
  const { core } = __bootstrap;
  const {
    op_outbound_connect,
    op_outbound_read,
    op_outbound_write,
    op_outbound_finish,
    op_outbound_secure,
    op_outbound_close,
  } = core.ops;
  const { ReadableStream, WritableStream } = core.loadExtScript("ext:deno_web/06_streams.js");

  const TRANSPORTS = ["off", "on", "starttls"];

  /** [host, port] of "host:port" or { hostname, port }. */
  function addressOf(address) {
    let host;
    let port;
    if (typeof address === "string") {
      const parts = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(address);
      if (parts === null) {
        throw new TypeError(`Specified address could not be parsed: "${address}" is not of the form host:port.`);
      }
      [, host, port] = parts;
    } else if (typeof address === "object" && address !== null) {
      ({ hostname: host, port } = address);
    }
    const number = Number(port);
    if (typeof host !== "string" || host === "" || !(Number.isInteger(number) && number > 0 && number < 65536)) {
      throw new TypeError("connect: the address is \"host:port\" or { hostname, port } with a port from 1 to 65535.");
    }
    return [host, number];
  }

  function bytesOf(chunk) {
    if (chunk instanceof Uint8Array) return chunk;
    if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
    throw new TypeError("A socket takes bytes: the chunk must be an ArrayBuffer or a view of one.");
  }

  /** A promise that may be rejected without anybody having looked at it. */
  function outcome() {
    const parts = Promise.withResolvers();
    parts.promise.catch(() => {});
    return parts;
  }

  function create(completion) {
    const INTERNAL = Symbol("internal");

    class Socket {
      #id;
      #host;
      #transport;
      #halfOpen;
      #upgraded = false;
      #ended = false;
      #readEnded = false;
      #writeEnded = false;
      #opened = outcome();
      #closed = outcome();
      #input;
      #output;
      #readable;
      #writable;

      constructor(key, { id, host, transport, halfOpen, opening, upgraded = false }) {
        if (key !== INTERNAL) throw new TypeError("Illegal constructor");
        this.#id = id;
        this.#host = host;
        this.#transport = transport;
        this.#halfOpen = halfOpen;
        this.#upgraded = upgraded;
        opening.then((addresses) => {
          const [remoteAddress, localAddress] = addresses.split("\n");
          this.#opened.resolve({ remoteAddress, localAddress });
        }, (error) => this.#fail(error));
        this.#readable = this.#makeReadable();
        this.#writable = this.#makeWritable();
      }

      get readable() {
        return this.#readable;
      }

      get writable() {
        return this.#writable;
      }

      get opened() {
        return this.#opened.promise;
      }

      get closed() {
        return this.#closed.promise;
      }

      get secureTransport() {
        return this.#transport;
      }

      get upgraded() {
        return false;
      }

      #makeReadable() {
        return new ReadableStream({
          type: "bytes",
          start: (controller) => {
            this.#input = controller;
          },
          pull: async (controller) => {
            await this.#opened.promise;
            if (this.#ended) return;
            let chunk;
            try {
              chunk = await completion(op_outbound_read(this.#id));
            } catch (error) {
              if (!this.#ended) this.#fail(error);
              return;
            }
            if (chunk !== undefined) return controller.enqueue(chunk);
            this.#readEnd();
          },
          cancel: () => {
            this.#readEnded = true;
            if (this.#writeEnded) this.#end();
          },
        }, { highWaterMark: 0 });
      }

      #makeWritable() {
        return new WritableStream({
          start: (controller) => {
            this.#output = controller;
          },
          write: async (chunk) => {
            const bytes = bytesOf(chunk);
            await this.#opened.promise;
            try {
              await completion(op_outbound_write(this.#id, bytes));
            } catch (error) {
              this.#fail(error);
              throw error;
            }
          },
          close: async () => {
            await this.#opened.promise;
            this.#writeEnded = true;
            if (this.#ended) return;
            await completion(op_outbound_finish(this.#id)).catch(() => {});
            if (this.#readEnded) this.#end();
          },
          abort: () => this.#end(),
        });
      }

      /** The other side has said all. */
      #readEnd() {
        this.#readEnded = true;
        this.#closeInput();
        if (this.#writeEnded) return this.#end();
        if (!this.#halfOpen) this.#end();
      }

      #closeInput() {
        try {
          this.#input.close();
          this.#input.byobRequest?.respond(0);
        } catch {
          // It is closed already.
        }
      }

      #fail(error) {
        if (this.#ended) return;
        this.#ended = true;
        this.#opened.reject(error);
        this.#closed.reject(error);
        this.#input?.error(error);
        this.#output?.error(error);
        op_outbound_close(this.#id);
      }

      /** Over, and nothing went wrong. */
      #end() {
        if (this.#ended) return;
        this.#ended = true;
        op_outbound_close(this.#id);
        this.#closeInput();
        this.#output?.error(new TypeError("This socket is closed."));
        this.#opened.reject(new TypeError("The socket was closed before it was open."));
        this.#closed.resolve();
      }

      async close() {
        // What was written before leaves before.
        if (!this.#ended && !this.#writable.locked) await this.#writable.close().catch(() => {});
        this.#end();
        return this.closed;
      }

      startTls(options = undefined) {
        if (this.#transport !== "starttls") {
          throw new TypeError("startTls can only be called on a socket whose secureTransport is \"starttls\".");
        }
        if (this.#upgraded) throw new TypeError("startTls has already been called on this socket.");
        if (this.#ended) throw new TypeError("startTls was called on a closed socket.");
        this.#upgraded = true;
        const name = options?.expectedServerHostname ?? this.#host;
        const opening = this.#opened.promise.then(() => {
          const secured = completion(op_outbound_secure(this.#id, `${name}`));
          // From here on the connection is the new socket's.
          this.#ended = true;
          this.#closeInput();
          this.#output.error(new TypeError("This socket was upgraded: use the one that startTls gave."));
          this.#closed.resolve();
          return secured;
        });
        return new Socket(INTERNAL, {
          id: this.#id,
          host: this.#host,
          transport: "on",
          halfOpen: this.#halfOpen,
          opening,
          upgraded: true,
        });
      }
    }
    Object.defineProperty(Socket.prototype, Symbol.toStringTag, { value: "Socket", configurable: true });

    function connect(address, options = {}) {
      const [host, port] = addressOf(address);
      const transport = options?.secureTransport ?? "off";
      if (!TRANSPORTS.includes(transport)) {
        throw new TypeError(`connect: secureTransport is "off", "on" or "starttls", not "${transport}".`);
      }
      const id = op_outbound_connect(host, port, transport === "on");
      return new Socket(INTERNAL, {
        id,
        host,
        transport,
        halfOpen: options?.allowHalfOpen === true,
        opening: completion(id),
      });
    }

    return Object.freeze({ connect });
  }

  return { create };
})();
