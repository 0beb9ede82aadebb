/*
 * `room.storage`: the key-value store of one room, with the argument rules, results and error texts of
 * the platform (spec A-90..A-100, durable-objects KV-01..70, AL-01..07).
 *
 * Every call reaches an embedded store in the same turn, so each promise is settled when it is
 * returned (KV-03). What a turn writes is one atomic batch (KV-49); the host seals it when the turn ends.
 * Failures reject; nothing is written then.
 */

import { core } from "ext:core/mod.js";
import { completion } from "ext:houseparty/completion.js";
import { section } from "ext:houseparty/section.js";
import { messageOf } from "ext:houseparty/errors.js";
import { LEVEL, log } from "ext:houseparty/log.js";

const {
  op_storage_get,
  op_storage_get_many,
  op_storage_list,
  op_storage_put,
  op_storage_delete,
  op_storage_delete_all,
  op_storage_get_alarm,
  op_storage_set_alarm,
  op_storage_begin,
  op_storage_commit,
  op_storage_rollback,
  op_storage_sync,
} = core.ops;

const KEY_BYTES_MAX = 2048;
const encoder = new (core.loadExtScript("ext:deno_web/08_text_encoding.js").TextEncoder)();

function missing(name, type) {
  return new TypeError(
    `Failed to execute '${name}' on 'DurableObjectStorage': parameter 1 is not of type '${type}'.`,
  );
}

/** A key as the store takes it: any value coerced to a string, at most 2048 UTF-8 bytes. */
function keyOf(key) {
  const text = `${key}`;
  if (text.length * 3 > KEY_BYTES_MAX) {
    const size = encoder.encode(text).length;
    if (size > KEY_BYTES_MAX) {
      throw new RangeError(
        `Keys cannot be larger than ${KEY_BYTES_MAX} bytes. A key of size ${size} was provided.`,
      );
    }
  }
  return text;
}

/** `position` and `type` are those of the platform's texts (KV-10). */
function optionsOf(options, name, position, type) {
  if (options === undefined || options === null) return {};
  if (typeof options !== "object" && typeof options !== "function") {
    throw new TypeError(
      `Failed to execute '${name}' on 'DurableObjectStorage': parameter ${position} is not of type '${type}'.`,
    );
  }
  return options;
}

/** Anything else than an array is coerced to one key. */
const isKeyList = Array.isArray;

function mapOf(flat) {
  const map = new Map();
  for (let i = 0; i < flat.length; i += 2) map.set(flat[i], flat[i + 1]);
  return map;
}

/** A list bound: a member that is absent is no bound, anything else is a string (KV-23). */
function bound(value) {
  return value === undefined ? undefined : `${value}`;
}

function limitOf(value) {
  if (value === undefined) return -1;
  const number = Number(value);
  if (Number.isFinite(number) && Math.abs(number) > 2147483647) {
    throw new TypeError(
      "Value out of range. Must be between -2147483648 and 2147483647 (inclusive).",
    );
  }
  const limit = Number.isFinite(number) ? Math.trunc(number) : 0;
  if (!(limit > 0)) throw new TypeError("List limit must be positive.");
  return limit;
}

function timeOf(value) {
  let ms;
  if (value instanceof Date) {
    ms = value.getTime();
  } else if (typeof value === "number") {
    ms = value;
  } else {
    throw new TypeError(
      "Failed to execute 'setAlarm' on 'DurableObjectStorage': parameter 1 is not of type 'date'.",
    );
  }
  if (!Number.isFinite(ms)) {
    throw new TypeError("The value cannot be converted because it is not a valid Date.");
  }
  if (ms <= 0) throw new TypeError("setAlarm() cannot be called with an alarm time <= 0");
  return Math.max(Math.trunc(ms), Date.now());
}

function getNow(first, options, args) {
  if (args === 0) throw missing("get", "string or Array");
  optionsOf(options, "get", 2, "GetOptions");
  if (!isKeyList(first)) return op_storage_get(keyOf(first));
  return mapOf(op_storage_get_many(Array.from(first, keyOf)));
}

function putNow(first, second, third, args) {
  if (args === 0) throw missing("put", "string or object");
  const isObject = typeof first === "object" && first !== null || typeof first === "function";
  if (isObject && !Array.isArray(first)) {
    if (second !== undefined && second !== null && typeof second !== "object") {
      throw new TypeError(
        "put() may only be called with a single key-value pair and optional options as put(key, value, options) or with multiple key-value pairs and optional options as put(entries, options)",
      );
    }
    const confirm = !optionsOf(second, "put", 2, "PutOptions").allowUnconfirmed;
    const entries = Object.entries(first);
    // All or nothing (KV-12): a value that cannot be stored undoes the ones before it.
    atOnce(() => {
      for (const [key, value] of entries) {
        if (value !== undefined) op_storage_put(keyOf(key), value, confirm);
      }
    });
    return;
  }
  const key = keyOf(first);
  if (second === undefined) throw new TypeError("put() called with undefined value.");
  op_storage_put(key, second, !optionsOf(third, "put", 3, "PutOptions").allowUnconfirmed);
}

function deleteNow(first, options, args) {
  if (args === 0) throw missing("delete", "string or Array");
  const confirm = !optionsOf(options, "delete", 2, "PutOptions").allowUnconfirmed;
  if (!isKeyList(first)) return op_storage_delete(keyOf(first), confirm);
  let count = 0;
  for (const key of Array.from(first, keyOf)) if (op_storage_delete(key, confirm)) count++;
  return count;
}

function listNow(given) {
  const options = optionsOf(given, "list", 1, "ListOptions");
  const start = bound(options.start);
  const startAfter = bound(options.startAfter);
  if (start !== undefined && startAfter !== undefined) {
    throw new TypeError("list() cannot be called with both start and startAfter values.");
  }
  const limit = limitOf(options.limit);
  return mapOf(
    op_storage_list(
      start,
      startAfter,
      bound(options.end),
      bound(options.prefix),
      Boolean(options.reverse),
      limit,
    ),
  );
}

function getAlarmNow(options) {
  optionsOf(options, "getAlarm", 1, "GetAlarmOptions");
  const time = op_storage_get_alarm();
  return time < 0 ? null : time;
}

function setAlarmNow(time, options) {
  const ms = timeOf(time);
  op_storage_set_alarm(ms, !optionsOf(options, "setAlarm", 2, "SetAlarmOptions").allowUnconfirmed);
}

function deleteAlarmNow(options) {
  op_storage_set_alarm(-1, !optionsOf(options, "deleteAlarm", 1, "SetAlarmOptions").allowUnconfirmed);
}

/** What a call that failed was about. */
function keyNamed(key) {
  try {
    if (isKeyList(key)) return ` of ${JSON.stringify(Array.from(key, String).slice(0, 3))}`;
    if (typeof key === "object" && key !== null) {
      return ` of ${JSON.stringify(Object.keys(key).slice(0, 3))}`;
    }
    return key === undefined ? "" : ` of ${JSON.stringify(String(key))}`;
  } catch {
    return "";
  }
}

/**
 * Runs a call now and gives its result as a settled promise. A write that was refused is told with its
 * key, whether or not the party looks at the promise: it is how data gets lost unseen.
 */
function settled(what, call, key) {
  try {
    return Promise.resolve(call());
  } catch (error) {
    if (WRITES.has(what)) {
      log(LEVEL.error, `storage.${what}${keyNamed(key)} failed: ${messageOf(error)}`);
    }
    return Promise.reject(error);
  }
}

const WRITES = new Set(["put", "delete", "deleteAll", "setAlarm", "deleteAlarm"]);

/** Whose savepoints are open, innermost last: those of `transaction()`, or `SYNC`. */
const transactions = [];

/** Stands for a savepoint that closes before anybody can wait. */
const SYNC = Symbol("synchronous");

/** Runs `closure` in a savepoint: what it wrote is undone if it throws. */
function atOnce(closure) {
  op_storage_begin(false);
  transactions.push(SYNC);
  let undo = true;
  try {
    const result = closure();
    undo = false;
    return result;
  } finally {
    transactions.pop();
    if (undo) op_storage_rollback();
    else op_storage_commit();
  }
}

class DurableObjectTransaction {
  #state = "open";

  static #check(txn, what) {
    if (txn.#state === "rolled back") {
      throw new Error(`Cannot ${what}() on rolled back transaction`);
    }
    if (txn.#state === "finished") {
      throw new Error(
        `Cannot call ${what}() on transaction that has already committed: did you move \`txn\` outside of the closure?`,
      );
    }
  }

  static finish(txn) {
    const rolledBack = txn.#state === "rolled back";
    txn.#state = "finished";
    return rolledBack;
  }

  #call(what, call, key) {
    return settled(what, () => {
      DurableObjectTransaction.#check(this, what);
      return call();
    }, key);
  }

  get(key, options) {
    const args = arguments.length;
    return this.#call("get", () => getNow(key, options, args));
  }

  list(options) {
    return this.#call("list", () => listNow(options));
  }

  put(key, value, options) {
    const args = arguments.length;
    return this.#call("put", () => putNow(key, value, options, args), key);
  }

  delete(key, options) {
    const args = arguments.length;
    return this.#call("delete", () => deleteNow(key, options, args), key);
  }

  deleteAll() {
    return this.#call("deleteAll", () => {
      throw new Error("Cannot call deleteAll() within a transaction");
    });
  }

  getAlarm(options) {
    return this.#call("getAlarm", () => getAlarmNow(options));
  }

  setAlarm(time, options) {
    return this.#call("setAlarm", () => setAlarmNow(time, options));
  }

  deleteAlarm(options) {
    return this.#call("deleteAlarm", () => deleteAlarmNow(options));
  }

  rollback() {
    if (this.#state === "rolled back") return;
    DurableObjectTransaction.#check(this, "rollback");
    if (transactions.at(-1) !== this) {
      throw new Error(
        "Cannot roll back an outer transaction while a nested transaction is still running.",
      );
    }
    this.#state = "rolled back";
    // The writes are undone now; the savepoint stays until the callback returns.
    op_storage_rollback();
    op_storage_begin(false);
  }
}

const finishTransaction = DurableObjectTransaction.finish;
delete DurableObjectTransaction.finish;

class DurableObjectStorage {
  get(key, options) {
    const args = arguments.length;
    return settled("get", () => getNow(key, options, args));
  }

  list(options) {
    return settled("list", () => listNow(options));
  }

  put(key, value, options) {
    const args = arguments.length;
    return settled("put", () => putNow(key, value, options, args), key);
  }

  delete(key, options) {
    const args = arguments.length;
    return settled("delete", () => deleteNow(key, options, args), key);
  }

  deleteAll(_options) {
    return settled("deleteAll", () => {
      if (transactions.length > 0) {
        throw new Error("Cannot call deleteAll() within a transaction");
      }
      op_storage_delete_all();
    });
  }

  getAlarm(options) {
    return settled("getAlarm", () => getAlarmNow(options));
  }

  setAlarm(time, options) {
    return settled("setAlarm", () => setAlarmNow(time, options));
  }

  deleteAlarm(options) {
    return settled("deleteAlarm", () => deleteAlarmNow(options));
  }

  /** Resolves when everything written so far is durable (KV-70). */
  sync() {
    return completion(op_storage_sync()).then(() => undefined);
  }

  /** KV-59..66: a critical section whose writes commit together or not at all. */
  transaction(closure) {
    if (typeof closure !== "function") {
      return Promise.reject(
        new TypeError(
          "Failed to execute 'transaction' on 'DurableObjectStorage': parameter 1 is not of type 'function'.",
        ),
      );
    }
    return section(async () => {
      const txn = new DurableObjectTransaction();
      op_storage_begin(transactions.length === 0);
      transactions.push(txn);
      let undo = true;
      try {
        const result = await closure(txn);
        undo = false;
        return result;
      } finally {
        transactions.splice(transactions.indexOf(txn), 1);
        if (finishTransaction(txn) || undo) op_storage_rollback();
        else op_storage_commit();
      }
    }, false);
  }

  /** KV-68: the same, for a callback that does not wait. */
  transactionSync(closure) {
    if (typeof closure !== "function") {
      throw new TypeError(
        "Failed to execute 'transactionSync' on 'DurableObjectStorage': parameter 1 is not of type 'function'.",
      );
    }
    return atOnce(closure);
  }
}

export function createStorage() {
  return new DurableObjectStorage();
}

for (const type of [DurableObjectStorage, DurableObjectTransaction]) {
  Object.defineProperty(type.prototype, Symbol.toStringTag, {
    value: type.name,
    configurable: true,
  });
}
