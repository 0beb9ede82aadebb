/*
 * `node:timers`: the platform's timers, and `setImmediate`, which is no global of a party but exists here.
 * Ids are numbers, as everywhere on the platform.
 */

const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis;

module.exports = {
  setTimeout,
  setInterval,
  clearTimeout,
  clearInterval,
  setImmediate: (callback, ...args) => setTimeout(callback, 0, ...args),
  clearImmediate: clearTimeout,
  get promises() {
    return require("node:timers/promises");
  },
};
