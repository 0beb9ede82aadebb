/*
 * `node:events` over the `events` package, and what came to Node after it: `on`, signals, `errorMonitor`
 * and the functions that ask an emitter or an event target. Rejections of listeners are not captured.
 */

const EventEmitter = require("houseparty:vendor/events");

const errorMonitor = Symbol("events.errorMonitor");
const captureRejectionSymbol = Symbol.for("nodejs.rejection");
const maxListeners = Symbol("events.maxEventTargetListeners");

class AbortError extends Error {
  code = "ABORT_ERR";

  constructor(signal) {
    super("The operation was aborted", { cause: signal.reason });
    this.name = "AbortError";
  }
}

const isEmitter = (target) => typeof target?.on === "function";

function listen(target, event, listener) {
  if (isEmitter(target)) target.on(event, listener);
  else target.addEventListener(event, listener);
  return () => {
    if (isEmitter(target)) target.removeListener(event, listener);
    else target.removeEventListener(event, listener);
  };
}

function addAbortListener(signal, listener) {
  if (signal.aborted) {
    queueMicrotask(() => listener());
    return { [Symbol.dispose]() {} };
  }
  signal.addEventListener("abort", listener, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", listener) };
}

async function once(target, event, { signal } = {}) {
  if (signal?.aborted) throw new AbortError(signal);
  const undo = [];
  try {
    return await new Promise((resolve, reject) => {
      undo.push(listen(target, event, (...args) => resolve(args)));
      if (isEmitter(target) && event !== "error") undo.push(listen(target, "error", reject));
      if (signal) undo.push(listen(signal, "abort", () => reject(new AbortError(signal))));
    });
  } finally {
    for (const step of undo) step();
  }
}

/** An async iterator over the arguments of each event, until an error, a signal or a `close` event. */
function on(target, event, { signal, close = [] } = {}) {
  if (signal?.aborted) throw new AbortError(signal);
  const events = [];
  const waiting = [];
  let ended = false;
  let failure;
  const undo = [];
  const stop = () => {
    ended = true;
    for (const step of undo.splice(0)) step();
    for (const { resolve } of waiting.splice(0)) resolve({ value: undefined, done: true });
  };
  const fail = (error) => {
    const first = waiting.shift();
    if (first === undefined) failure = { error };
    else first.reject(error);
    stop();
  };
  undo.push(listen(target, event, (...args) => {
    const first = waiting.shift();
    if (first === undefined) events.push(args);
    else first.resolve({ value: args, done: false });
  }));
  if (isEmitter(target) && event !== "error") undo.push(listen(target, "error", fail));
  for (const name of close) undo.push(listen(target, name, stop));
  if (signal) undo.push(listen(signal, "abort", () => fail(new AbortError(signal))));
  return {
    async next() {
      if (events.length > 0) return { value: events.shift(), done: false };
      if (failure !== undefined) {
        const { error } = failure;
        failure = undefined;
        throw error;
      }
      if (ended) return { value: undefined, done: true };
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    async return() {
      stop();
      return { value: undefined, done: true };
    },
    async throw(error) {
      fail(error);
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function setMaxListeners(count = EventEmitter.defaultMaxListeners, ...targets) {
  if (targets.length === 0) EventEmitter.defaultMaxListeners = count;
  for (const target of targets) {
    if (isEmitter(target)) target.setMaxListeners(count);
    else target[maxListeners] = count;
  }
}

const { emit } = EventEmitter.prototype;
EventEmitter.prototype.emit = function (event, ...args) {
  if (event === "error" && this._events?.[errorMonitor] !== undefined) {
    Reflect.apply(emit, this, [errorMonitor, ...args]);
  }
  return Reflect.apply(emit, this, [event, ...args]);
};

module.exports = Object.assign(EventEmitter, {
  EventEmitter,
  addAbortListener,
  captureRejectionSymbol,
  captureRejections: false,
  errorMonitor,
  getEventListeners: (target, event) => (isEmitter(target) ? target.listeners(event) : []),
  getMaxListeners: (target) =>
    isEmitter(target)
      ? target.getMaxListeners()
      : target[maxListeners] ?? EventEmitter.defaultMaxListeners,
  on,
  once,
  setMaxListeners,
  usingDomains: false,
});
Object.defineProperty(EventEmitter, "EventEmitterAsyncResource", {
  get: resourceEmitter,
  configurable: true,
});

/** Made when it is asked for, so that an emitter alone needs no async context. */
function resourceEmitter() {
  const { AsyncResource } = require("node:async_hooks");
  class EventEmitterAsyncResource extends EventEmitter {
    constructor(options = {}) {
      super(options);
      const name = typeof options === "string" ? options : options.name ?? new.target.name;
      this.asyncResource = new AsyncResource(name);
    }

    emit(...args) {
      return this.asyncResource.runInAsyncScope(super.emit, this, ...args);
    }

    emitDestroy() {
      this.asyncResource.emitDestroy();
    }
  }
  Object.defineProperty(EventEmitter, "EventEmitterAsyncResource", { value: EventEmitterAsyncResource });
  return EventEmitterAsyncResource;
}
