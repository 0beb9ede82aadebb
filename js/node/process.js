/*
 * The first module of every party: `process` and `global`, as PartyKit injects them (spec B-19, C-17), and
 * the answer to `node:process`.
 *
 * The bundler puts `env` in front of it. It also takes out of the global scope what the host has for
 * modules of this folder alone (`platform`, see js/globals.js), before any module of the party runs. There
 * is no operating system behind this process: what would ask for one fails at the call.
 */

const platform = globalThis.__houseparty_platform;
delete globalThis.__houseparty_platform;

const started = Date.now();
const listeners = new Map();

/** One of Node's functions that has no meaning in a party. */
const absent = (name) => function () {
  throw new Error(`process.${name} is not available in a party`);
};

function hrtime(since = undefined) {
  const now = performance.now();
  let seconds = Math.floor(now / 1e3);
  let nanoseconds = Math.floor((now % 1e3) * 1e6);
  if (since !== undefined) {
    seconds -= since[0];
    nanoseconds -= since[1];
    if (nanoseconds < 0) {
      seconds -= 1;
      nanoseconds += 1e9;
    }
  }
  return [seconds, nanoseconds];
}
hrtime.bigint = () => BigInt(Math.floor(performance.now() * 1e6));

/** A stream that writes whole lines to the log of the room. */
function output(method, fd) {
  let rest = "";
  return {
    fd,
    isTTY: false,
    columns: 80,
    writable: true,
    write(chunk) {
      const text = typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk);
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines) console[method](line);
      return true;
    },
    end() {},
    on() {
      return this;
    },
    once() {
      return this;
    },
    off() {
      return this;
    },
    removeListener() {
      return this;
    },
  };
}

/** Whatever is put into it is text from then on. */
const variables = new Proxy(env, {
  set(target, name, value) {
    if (typeof name === "symbol") throw new TypeError("Cannot convert a Symbol value to a string");
    target[name] = `${value}`;
    return true;
  },
});

const process = {
  env: variables,
  argv: [],
  argv0: "",
  execArgv: [],
  execPath: "",
  title: "party",
  version: "",
  versions: {},
  release: {},
  config: {},
  features: {},
  platform: "linux",
  arch: "x64",
  pid: 1,
  ppid: 0,
  browser: false,
  exitCode: undefined,
  stdout: output("log", 1),
  stderr: output("error", 2),
  stdin: { fd: 0, isTTY: false },
  cwd: () => "/",
  umask: () => 0o22,
  uptime: () => (Date.now() - started) / 1e3,
  hrtime,
  nextTick(callback, ...args) {
    queueMicrotask(() => callback(...args));
  },
  memoryUsage: Object.assign(
    () => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 }),
    { rss: () => 0 },
  ),
  cpuUsage: () => ({ user: 0, system: 0 }),
  emitWarning(warning) {
    console.warn(warning);
  },
  getBuiltinModule() {
    return undefined;
  },
  on(event, listener) {
    listeners.set(event, [...(listeners.get(event) ?? []), listener]);
    return process;
  },
  once(event, listener) {
    return process.on(event, function once(...args) {
      process.off(event, once);
      return Reflect.apply(listener, process, args);
    });
  },
  off(event, listener) {
    listeners.set(event, (listeners.get(event) ?? []).filter((known) => known !== listener));
    return process;
  },
  emit(event, ...args) {
    const called = listeners.get(event) ?? [];
    for (const listener of called) Reflect.apply(listener, process, args);
    return called.length > 0;
  },
  removeAllListeners(event) {
    if (event === undefined) listeners.clear();
    else listeners.delete(event);
    return process;
  },
  listeners: (event) => [...(listeners.get(event) ?? [])],
  listenerCount: (event) => listeners.get(event)?.length ?? 0,
  setMaxListeners: () => process,
  getMaxListeners: () => 0,
};
process.addListener = process.on;
process.prependListener = process.on;
process.removeListener = process.off;
for (const name of ["abort", "binding", "chdir", "dlopen", "exit", "kill", "reallyExit", "setuid"]) {
  process[name] = absent(name);
}
Object.defineProperty(process, Symbol.toStringTag, { value: "process", configurable: true });

globalThis.global ??= globalThis;
globalThis.process ??= process;
module.exports = { process: globalThis.process, platform };
