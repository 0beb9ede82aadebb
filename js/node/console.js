/*
 * `node:console`: the console of the room.
 */

const { console } = globalThis;

/** A console that writes to streams of its own is not to be had. */
function Console() {
  throw new Error("console.Console is not available in a party");
}

module.exports = Object.assign(Object.create(console), console, { Console });
