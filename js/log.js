/*
 * Lines for the host's log, from errors that nobody caught. `console` itself is installed by
 * globals.js and ends in the same op. Levels: 0 debug, 1 log and info, 2 warn, 3 error.
 */

import { core } from "ext:core/mod.js";
import { describe } from "ext:houseparty/errors.js";

const { op_log } = core.ops;

export const LEVEL = { debug: 0, info: 1, warn: 2, error: 3 };

export function log(level, text) {
  op_log(level, text);
}

/** V8's own console, which is where debuggers listen; null unless they may attach. */
let debuggers = null;

/** From now on debuggers hear what the log does, with the values themselves. */
export function mirror() {
  debuggers = core.console;
  const { console } = globalThis;
  for (const name of Object.keys(debuggers)) {
    if (!Object.hasOwn(console, name)) continue;
    // Called from native code, so that the line that spoke is the party's own.
    console[name] = core.callConsole.bind(console, debuggers[name], console[name]);
  }
}

/** An error that nobody caught. */
export function report(error) {
  debuggers?.error("Uncaught", error);
  op_log(LEVEL.error, `Uncaught ${describe(error)}`);
}

/** A rejection that nobody handled (G-09). */
export function reportRejection(error) {
  debuggers?.error("Uncaught (in promise)", error);
  op_log(LEVEL.error, `Uncaught (in promise) ${describe(error)}`);
}

/** An error of a handler, with PartyKit's words in front of it. */
export function logError(what, error) {
  debuggers?.error(what, error);
  op_log(LEVEL.error, `${what} ${describe(error)}`);
}

const warned = new Set();

/** A warning that is worth saying once per isolate. */
export function warnOnce(text) {
  if (warned.has(text)) return;
  warned.add(text);
  op_log(LEVEL.warn, text);
}
