/*
 * Waiting for the host. The only place where a promise that a party holds is settled by something
 * outside its isolate.
 *
 * Every such settlement is an event of its own: the host puts a completion into the room's inbox, and
 * the room takes it when its turn comes (one event per turn, GATE-30). `completion(id)` makes the
 * promise for a number that an op gave; `gated(op)` turns an async op of the platform (fetch,
 * crypto, bodies) into one whose settlement passes through the inbox too, in the critical section
 * in which it was called (GATE-31).
 *
 * Who may call: the other files of this folder. Party code sees only the promises.
 */

import { core } from "ext:core/mod.js";

const { op_completion_ready, op_completion_new } = core.ops;

/** id → [resolve, reject] of promises that wait for a completion. */
const waiting = new Map();

/** Promise for the completion with this number. */
export function completion(id) {
  return new Promise((resolve, reject) => waiting.set(id, [resolve, reject]));
}

/** Settles a completion; called by the dispatcher in a turn of its own. */
export function settle(id, failed, value) {
  const entry = waiting.get(id);
  if (entry === undefined) return;
  waiting.delete(id);
  if (failed) entry[1](value);
  else entry[0](value);
}

/** Wraps an async op so that its result is delivered as an event of the room. */
export function gated(op) {
  return function (...args) {
    const result = Reflect.apply(op, this, args);
    if (!(result instanceof Promise)) return result;
    const id = op_completion_new();
    // Outside a room (top level of a module) there is no inbox: deliver as the platform does.
    if (id === 0) return result;
    return new Promise((resolve, reject) => {
      let failed = false;
      let value;
      waiting.set(id, [() => (failed ? reject(value) : resolve(value)), reject]);
      const arrived = () => op_completion_ready(id);
      result.then(
        (ok) => {
          value = ok;
          arrived();
        },
        (error) => {
          failed = true;
          value = error;
          arrived();
        },
      );
    });
  };
}

/** Keeps the room in memory, as something it waits for, until the function that this gives is called. */
export function hold() {
  const id = op_completion_new();
  let held = id !== 0;
  return () => {
    if (held) op_completion_ready(id);
    held = false;
  };
}

/** Runs `callback` in a turn of its own, as an event of the room. */
export function later(callback) {
  const id = op_completion_new();
  if (id === 0) return callback();
  waiting.set(id, [callback, callback]);
  op_completion_ready(id);
}
