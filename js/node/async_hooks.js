/*
 * `node:async_hooks`: AsyncLocalStorage and AsyncResource over V8's continuation-preserved data, which
 * follows promises by itself and timers with the host's help (js/timers.js).
 *
 * Hooks and ids of single operations do not exist in a party: `createHook` answers with a hook that never
 * fires, every id is 0.
 */

const { asyncContext: context } = require("houseparty:process").platform;

function within(snapshot, callback, self, args) {
  const before = context.get();
  context.set(snapshot);
  try {
    return Reflect.apply(callback, self, args);
  } finally {
    context.set(before);
  }
}

function requireFunction(value, name) {
  if (typeof value === "function") return;
  const error = new TypeError(`The "${name}" argument must be of type function`);
  error.code = "ERR_INVALID_ARG_TYPE";
  throw error;
}

class AsyncLocalStorage {
  #variable = new context.AsyncVariable();
  #default;
  #disabled = false;

  constructor({ defaultValue, name = "" } = {}) {
    this.#default = defaultValue;
    Object.defineProperty(this, "name", { value: name, configurable: true });
  }

  static bind(callback) {
    requireFunction(callback, "fn");
    const snapshot = context.get();
    return function (...args) {
      return within(snapshot, callback, this, args);
    };
  }

  static snapshot() {
    const snapshot = context.get();
    return (callback, ...args) => within(snapshot, callback, undefined, args);
  }

  getStore() {
    const entry = this.#disabled ? undefined : this.#variable.get();
    return entry === undefined ? this.#default : entry.store;
  }

  enterWith(store) {
    this.#disabled = false;
    this.#variable.enter({ store });
  }

  run(store, callback, ...args) {
    this.#disabled = false;
    const before = this.#variable.enter({ store });
    try {
      return Reflect.apply(callback, null, args);
    } finally {
      context.set(before);
    }
  }

  exit(callback, ...args) {
    return this.run(undefined, callback, ...args);
  }

  disable() {
    this.#disabled = true;
  }
}

class AsyncResource {
  #snapshot = context.get();

  constructor(type) {
    if (typeof type !== "string") {
      const error = new TypeError('The "type" argument must be of type string');
      error.code = "ERR_INVALID_ARG_TYPE";
      throw error;
    }
    Object.defineProperty(this, "type", { value: type, configurable: true });
  }

  static bind(callback, type, self) {
    return new AsyncResource(type || callback.name || "bound-anonymous-fn").bind(callback, self);
  }

  bind(callback, self = undefined) {
    requireFunction(callback, "fn");
    const resource = this;
    return function (...args) {
      return resource.runInAsyncScope(callback, self ?? this, ...args);
    };
  }

  runInAsyncScope(callback, self, ...args) {
    return within(this.#snapshot, callback, self, args);
  }

  emitDestroy() {
    return this;
  }

  asyncId() {
    return 0;
  }

  triggerAsyncId() {
    return 0;
  }
}

module.exports = {
  AsyncLocalStorage,
  AsyncResource,
  asyncWrapProviders: Object.freeze({ __proto__: null, NONE: 0 }),
  createHook: () => ({
    enable() {
      return this;
    },
    disable() {
      return this;
    },
  }),
  executionAsyncId: () => 0,
  executionAsyncResource: () => ({}),
  triggerAsyncId: () => 0,
};
