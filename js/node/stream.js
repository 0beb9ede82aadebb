/*
 * `node:stream` over the `readable-stream` package, which is Node's own; the bridges to the platform's
 * streams, which the package leaves out, are added here.
 */

const stream = require("houseparty:vendor/stream");

const { Duplex, Readable, Writable } = stream;

const chunkOf = (chunk) => (typeof chunk === "string" ? Buffer.from(chunk) : chunk);

Readable.fromWeb = (source, options = {}) => Readable.from(source, { objectMode: false, ...options });

Readable.toWeb = (source) => {
  const iterator = source[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(source.readableObjectMode ? value : new Uint8Array(chunkOf(value)));
    },
    async cancel(reason) {
      source.destroy(reason);
    },
  });
};

Writable.fromWeb = (target, options = {}) => {
  const writer = target.getWriter();
  const answer = (promise, done) => void promise.then(() => done(), done);
  return new Writable({
    ...options,
    write(chunk, _encoding, done) {
      answer(writer.write(chunk), done);
    },
    final(done) {
      answer(writer.close(), done);
    },
    destroy(error, done) {
      if (error) answer(writer.abort(error), () => done(error));
      else done(null);
    },
  });
};

Writable.toWeb = (target) =>
  new WritableStream({
    write(chunk) {
      return new Promise((resolve, reject) => {
        target.write(chunk, (error) => (error ? reject(error) : resolve()));
      });
    },
    close() {
      return new Promise((resolve, reject) => {
        target.once("error", reject);
        target.end(resolve);
      });
    },
    abort(reason) {
      target.destroy(reason);
    },
  });

Duplex.fromWeb = ({ readable, writable }, options = {}) =>
  Duplex.from({
    readable: Readable.fromWeb(readable, options),
    writable: Writable.fromWeb(writable, options),
  });

Duplex.toWeb = (duplex) => ({ readable: Readable.toWeb(duplex), writable: Writable.toWeb(duplex) });

module.exports = stream;
