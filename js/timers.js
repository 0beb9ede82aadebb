/*
 * setTimeout, setInterval and what rests on them. The host keeps the clock: a timer that is due is an
 * event of the room, runs in a turn of its own, and keeps the room in memory (L-64).
 */

import { core } from "ext:core/mod.js";
import { report } from "ext:houseparty/log.js";

const { op_timer_start, op_timer_stop } = core.ops;
const { getAsyncContext, setAsyncContext } = core;

const timers = new Map();

function start(callback, delay, args, repeat) {
  if (typeof callback !== "function") {
    throw new TypeError(
      "Failed to execute 'setTimeout' on 'ServiceWorkerGlobalScope': parameter 1 is not of type 'function'.",
    );
  }
  let ms = Number(delay);
  if (!(ms > 0)) ms = 0;
  const id = op_timer_start(ms, repeat);
  timers.set(id, { callback, args, repeat, context: getAsyncContext() });
  return id;
}

export function setTimeout(callback, delay = 0, ...args) {
  return start(callback, delay, args, false);
}

export function setInterval(callback, delay = 0, ...args) {
  return start(callback, delay, args, true);
}

export function clearTimeout(id = 0) {
  const number = Number(id);
  if (timers.delete(number)) op_timer_stop(number);
}

export function clearInterval(id = 0) {
  clearTimeout(id);
}

/** Resolves after `ms`; rejects when `signal` aborts (`scheduler.wait`). */
export function wait(ms, options = undefined) {
  return new Promise((resolve, reject) => {
    const signal = options?.signal;
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const id = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(id);
      reject(signal.reason);
    }, { once: true });
  });
}

/** A timer is due; called by the dispatcher. */
export function fire(id) {
  const timer = timers.get(id);
  if (timer === undefined) return;
  if (!timer.repeat) timers.delete(id);
  setAsyncContext(timer.context);
  try {
    Reflect.apply(timer.callback, globalThis, timer.args);
  } catch (error) {
    report(error);
  } finally {
    setAsyncContext(undefined);
  }
}
