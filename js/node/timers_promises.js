/*
 * `node:timers/promises`: the platform's timers as promises and async iterators that a signal can end.
 */

function abortError(signal) {
  const error = new Error("The operation was aborted", { cause: signal.reason });
  error.name = "AbortError";
  error.code = "ABORT_ERR";
  return error;
}

function wait(delay, value = undefined, { signal } = {}) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortError(signal));
      return;
    }
    const abort = () => {
      clearTimeout(id);
      reject(abortError(signal));
    };
    const id = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve(value);
    }, delay);
    signal?.addEventListener("abort", abort, { once: true });
  });
}

async function* every(delay, value = undefined, options = undefined) {
  for (;;) {
    yield await wait(delay, value, options);
  }
}

const immediate = (value, options) => wait(0, value, options);

module.exports = {
  setTimeout: wait,
  setInterval: every,
  setImmediate: immediate,
  scheduler: {
    wait: (delay, options) => wait(delay, undefined, options),
    yield: () => immediate(),
  },
};
