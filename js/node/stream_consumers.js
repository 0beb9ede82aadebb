/*
 * `node:stream/consumers`: reads a stream of Node or of the platform to its end.
 */

async function blob(stream) {
  const parts = [];
  for await (const chunk of stream) parts.push(chunk);
  return new Blob(parts);
}

const arrayBuffer = async (stream) => (await blob(stream)).arrayBuffer();
const text = async (stream) => (await blob(stream)).text();

module.exports = {
  arrayBuffer,
  blob,
  buffer: async (stream) => Buffer.from(await arrayBuffer(stream)),
  bytes: async (stream) => new Uint8Array(await arrayBuffer(stream)),
  json: async (stream) => JSON.parse(await text(stream)),
  text,
};
