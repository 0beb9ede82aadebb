/*
 * `node:diagnostics_channel`: channels by name, with stores and tracing channels. A subscriber that throws
 * is reported and stops neither the publisher nor the others.
 */

const channels = new Map();

class Channel {
  #subscribers = [];
  #stores = new Map();

  constructor(name) {
    this.name = name;
  }

  get hasSubscribers() {
    return this.#subscribers.length > 0 || this.#stores.size > 0;
  }

  subscribe(subscriber) {
    if (typeof subscriber !== "function") {
      throw new TypeError('The "subscription" argument must be of type function');
    }
    this.#subscribers = [...this.#subscribers, subscriber];
  }

  unsubscribe(subscriber) {
    const at = this.#subscribers.indexOf(subscriber);
    if (at === -1) return false;
    this.#subscribers = this.#subscribers.toSpliced(at, 1);
    return true;
  }

  publish(message) {
    for (const subscriber of this.#subscribers) {
      try {
        subscriber(message, this.name);
      } catch (error) {
        reportError(error);
      }
    }
  }

  bindStore(store, transform = (message) => message) {
    this.#stores.set(store, transform);
  }

  unbindStore(store) {
    return this.#stores.delete(store);
  }

  runStores(message, callback, self, ...args) {
    let run = () => {
      this.publish(message);
      return Reflect.apply(callback, self, args);
    };
    for (const [store, transform] of this.#stores) {
      const inner = run;
      run = () => store.run(transform(message), inner);
    }
    return run();
  }
}

function channel(name) {
  if (typeof name !== "string" && typeof name !== "symbol") {
    throw new TypeError('The "channel" argument must be of type string or symbol');
  }
  if (!channels.has(name)) channels.set(name, new Channel(name));
  return channels.get(name);
}

const EVENTS = ["start", "end", "asyncStart", "asyncEnd", "error"];

class TracingChannel {
  constructor(named) {
    for (const event of EVENTS) {
      this[event] = typeof named === "string" ? channel(`tracing:${named}:${event}`) : named[event];
    }
  }

  get hasSubscribers() {
    return EVENTS.some((event) => this[event]?.hasSubscribers);
  }

  subscribe(handlers) {
    for (const event of EVENTS) if (handlers[event]) this[event]?.subscribe(handlers[event]);
  }

  unsubscribe(handlers) {
    let all = true;
    for (const event of EVENTS) {
      if (handlers[event] && !this[event]?.unsubscribe(handlers[event])) all = false;
    }
    return all;
  }

  /** Runs `call` between `start` and `end`; what it throws at once goes to `error`. */
  #trace(message, call) {
    return this.start.runStores(message, () => {
      try {
        return call();
      } catch (error) {
        message.error = error;
        this.error.publish(message);
        throw error;
      } finally {
        this.end.publish(message);
      }
    });
  }

  traceSync(callback, message = {}, self = undefined, ...args) {
    return this.#trace(message, () => {
      return (message.result = Reflect.apply(callback, self, args));
    });
  }

  #settled(message, key, value) {
    message[key] = value;
    if (key === "error") this.error.publish(message);
    this.asyncStart.publish(message);
    this.asyncEnd.publish(message);
  }

  tracePromise(callback, message = {}, self = undefined, ...args) {
    return this.#trace(message, () => {
      const promise = Promise.resolve(Reflect.apply(callback, self, args));
      return promise.then(
        (result) => {
          this.#settled(message, "result", result);
          return result;
        },
        (error) => {
          this.#settled(message, "error", error);
          throw error;
        },
      );
    });
  }

  traceCallback(callback, position = -1, message = {}, self = undefined, ...args) {
    const last = args.at(position);
    const settled = (error, result) =>
      error ? this.#settled(message, "error", error) : this.#settled(message, "result", result);
    args.splice(position, 1, function (error, result) {
      settled(error, result);
      return Reflect.apply(last, this, arguments);
    });
    return this.#trace(message, () => Reflect.apply(callback, self, args));
  }
}

module.exports = {
  Channel,
  TracingChannel,
  channel,
  hasSubscribers: (name) => channels.get(name)?.hasSubscribers ?? false,
  subscribe: (name, subscriber) => channel(name).subscribe(subscriber),
  unsubscribe: (name, subscriber) => channel(name).unsubscribe(subscriber),
  tracingChannel: (named) => new TracingChannel(named),
};
