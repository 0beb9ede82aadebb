/*
 * What the storage promises beyond the results of single calls (`store` has those): each path below the room tries one
 * thing and answers with what it saw. What a path leaves behind is read with another.
 */
import type * as Party from "partykit/server";
import { below, encode, said } from "./lib/wire";
import { values } from "./lib/values";

/** What a call gives, or says when it fails. */
async function outcome(call: () => unknown): Promise<unknown> {
  try {
    return encode(await call());
  } catch (error) {
    return said(error);
  }
}

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

type Try = (room: Party.Room, query: URLSearchParams) => Promise<unknown>;

const tries: Record<string, Try> = {
  /** KV-05: arguments that are missing, or no strings. */
  async arguments({ storage }) {
    const any: any = storage;
    await storage.put("undefined", "read by undefined");
    await any.put(null, "read by null");
    return Promise.all([
      outcome(() => any.get()), outcome(() => any.put()), outcome(() => any.delete()), outcome(() => any.get(undefined)),
      outcome(() => any.get("null")), outcome(() => any.get(["null"])), outcome(() => any.put("only a key")),
      outcome(() => any.put(["an", "array"])), outcome(() => any.put(new Map([["a", 1]]))),
      outcome(() => any.put({ a: 1 }, 5)), outcome(() => any.put(() => 1, 1)), outcome(() => any.get(new Set(["null"]))),
    ]);
  },
  /** KV-10: options. */
  async options({ storage }) {
    const any: any = storage;
    await storage.put("a", 1);
    return Promise.all([
      outcome(() => any.list(null)), outcome(() => any.list("text")), outcome(() => any.get("a", 5)),
      outcome(() => any.put("a", 2, "text")), outcome(() => any.delete("nothing", true)),
      outcome(() => any.get("a", { unknown: true })), outcome(() => any.getAlarm(1)),
      outcome(() => any.setAlarm(Date.now() + 1e6, 1)), outcome(() => any.deleteAlarm(1)),
    ]);
  },
  /** KV-03: no call gives other events a chance. */
  async settled({ storage }) {
    let timers = 0;
    const timer = setTimeout(() => timers++, 0);
    const end = Date.now() + 5;
    for (let i = 0; i < 300; i++) {
      await storage.put(`k${i}`, i);
      await storage.get(`k${i}`);
      await storage.list({ limit: 1 });
      await storage.delete(`k${i}`);
    }
    while (Date.now() < end && timers === 0) await storage.get("k");
    clearTimeout(timer);
    return timers;
  },
  /** KV-06, KV-07: keys that are unlike others. */
  async keys({ storage }) {
    await storage.put("", "empty");
    await storage.put("a\0b", "with nul");
    await storage.put("a", "plain");
    return [[...(await storage.list())], await storage.get(""), await storage.get("a\0b")];
  },
  /** KV-08: halves of a character. */
  async halves({ storage }) {
    await storage.put("\ud800", "a half");
    return [await storage.get("\ud800"), [...(await storage.list()).values()], await storage.delete("\ud800")];
  },
  /** KV-11, KV-12, KV-14: many keys. */
  async many({ storage }) {
    await storage.put({ b: 1, a: undefined, "ü": 3, c: 2 } as any);
    const found = await storage.get(["ü", "c", "b", "b", "nope", "a"]);
    return [[...found], (await storage.get([])).size, await storage.delete(["b", "b", "nope"]), await storage.delete([])];
  },
  /** KV-15: as many as one likes. */
  async plenty({ storage }) {
    const keys = Array.from({ length: 300 }, (_, index) => `k${index}`);
    await storage.put(Object.fromEntries(keys.map((key) => [key, key])));
    return [(await storage.get(keys)).size, await storage.delete(keys), (await storage.list()).size];
  },
  /** KV-12: all or nothing. */
  async allOrNothing({ storage }) {
    const failed = await outcome(() => storage.put({ first: 1, second: () => 1, third: 3 } as any));
    return [typeof failed, [...(await storage.list()).keys()]];
  },
  /** KV-16, KV-18, KV-19, KV-20, KV-22, KV-23: which keys are listed. */
  async listed({ storage }) {
    const any: any = storage;
    for (const key of ["k", "k\0", "k\u007f", "k\u017f", "k\u0180", "l", "null", "\ufffd", "\u{1f600}"]) await storage.put(key, 1);
    const keys = (options: unknown) => outcome(async () => [...(await any.list(options)).keys()]);
    return Promise.all([
      keys({ startAfter: "k", limit: 1 }), keys({ prefix: "k\u007f" }), keys({ prefix: "k\u017f" }), keys({ prefix: "k", limit: 2 }),
      keys({ prefix: "k", start: "k\u0001", end: "k\u0180" }), keys({ end: "" }), keys({ start: "z", end: "a" }),
      keys({ prefix: "k", end: "a" }), keys({ prefix: "k", reverse: true, limit: 2 }), keys({ start: null, limit: 1 }),
      keys({ limit: 1.9 }), keys({ limit: "2" }), keys({ limit: NaN }), keys({ limit: 1e10 }), keys({ limit: null }),
      keys({ start: "null", prefix: undefined, end: undefined }),
      keys({ limit: Infinity }),
    ]);
  },
  /** KV-25: what a deleteAll takes with it. */
  async clear({ storage }) {
    storage.put("before", 1);
    storage.deleteAll();
    storage.put("after", 2);
    return [[...(await storage.list())], await storage.get("before")];
  },
  /** KV-27 */
  async clearInside({ storage }) {
    await storage.put("kept", 1);
    const txn = await storage.transaction(async (txn: any) => [
      await outcome(() => txn.deleteAll()), await outcome(() => storage.deleteAll()),
    ]);
    return [txn, await storage.get("kept")];
  },
  /** KV-32 */
  async copies({ storage }) {
    const value = { list: [1] };
    const put = storage.put("v", value);
    value.list.push(2);
    await put;
    const [one, two]: any = [await storage.get("v"), await storage.get("v")];
    one.list.push(3);
    return [one, two, one === two];
  },
  /** KV-33, KV-34: every kind of value, one after the other. */
  async values({ storage }, query) {
    const wrong: string[] = [];
    for (const [name, { make, same }] of Object.entries(values)) {
      if (query.has("check")) {
        const told = await outcome(async () => same((await storage.get(name)) as any, make()) || "differs");
        if (told !== true) wrong.push(`${name}: ${told}`);
      } else {
        const told = await outcome(() => storage.put(name, make()));
        if (typeof told === "string") wrong.push(`${name}: ${told}`);
      }
    }
    return wrong;
  },
  /** KV-36: errors, with what they carry. */
  async errors({ storage }) {
    const cause = new TypeError("the cause");
    const error = Object.assign(new RangeError("told", { cause }), { code: 7 });
    await storage.put("error", error);
    const back = (await storage.get<any>("error"))!;
    class Own extends Error {}
    await storage.put("own", new Own("of a class"));
    const own = (await storage.get<any>("own"))!;
    return [
      back instanceof RangeError, back.message, back.stack === error.stack, back.cause?.message,
      back.cause instanceof TypeError, own instanceof Error, own.constructor === Error, own.message,
    ];
  },
  /** KV-37, KV-38: what cannot be stored, and that nothing of it is. */
  async uncloneable({ storage }) {
    const detached = new ArrayBuffer(8);
    structuredClone(detached, { transfer: [detached] });
    const kinds: Record<string, unknown> = {
      function: () => 1, symbol: Symbol("s"), promise: Promise.resolve(), weakmap: new WeakMap(), proxy: new Proxy({}, {}),
      generator: (function* () {})(), url: new URL("http://a/b"), query: new URLSearchParams("a=1"), form: new FormData(),
      response: new Response("body"), stream: new ReadableStream(), signal: new AbortController().signal, detached,
    };
    const told: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(kinds)) {
      try {
        await storage.put(name, { deep: [value] });
        told[name] = "stored";
      } catch (error: any) {
        told[name] = [error.name, error.code, error instanceof DOMException];
      }
    }
    return [told, [...(await storage.list()).keys()]];
  },
  async uncloneableTexts({ storage }) {
    return Promise.all([
      outcome(() => storage.put("f", () => 1)), outcome(() => storage.put("s", Symbol("s"))),
      outcome(() => storage.put("u", new URL("http://a/b"))),
    ]);
  },
  /** A getter that throws is no DataCloneError. */
  async getter({ storage }) {
    const value = { get bad() { throw new RangeError("the getter's own"); } };
    return [await outcome(() => storage.put("g", value)), await outcome(() => storage.put({ a: 1, g: value } as any)), (await storage.list()).size];
  },
  /** KV-42: a refusal leaves the room and its earlier writes alone. */
  async refused({ storage }) {
    await storage.put("before", 1);
    const told = await outcome(() => storage.put("k".repeat(2049), 1));
    await storage.put("after", 2);
    return [told, [...(await storage.list()).keys()]];
  },
  /** KV-43: a transaction checks at the call. */
  async refusedInside({ storage }) {
    return storage.transaction(async (txn: any) => [
      await outcome(() => txn.put("k".repeat(2049), 1)), await outcome(() => txn.put("v", undefined)),
      await outcome(() => txn.put("v", () => 1)).then((told) => typeof told), await outcome(() => txn.put("fine", 1)),
    ]);
  },
  /** KV-55: a read gives what was there when it was called. */
  async order({ storage }) {
    await storage.put("k", "old");
    const before = storage.get("k");
    storage.put("k", "new");
    const after = storage.get("k");
    const listed = storage.list();
    storage.delete("k");
    return [await before, await after, [...(await listed).values()], encode(await storage.get("k"))];
  },
  /** KV-57: nobody waits for the write, nor for the answer. */
  async unheard({ storage }) {
    setTimeout(() => storage.put("unheard", true), 20);
    return "gone";
  },
  async read({ storage }, query) {
    return encode(await storage.get(query.get("key")!));
  },
  async write({ storage }, query) {
    await storage.put(query.get("key")!, "written");
    return "written";
  },
  /** KV-59: its value, its error, and a callback that does not wait. */
  async transaction({ storage }) {
    const error = new RangeError("the same");
    const caught = await storage.transaction(async () => { throw error; }).catch((it: unknown) => it === error);
    return [await storage.transaction((() => "at once") as any), caught, await outcome(() => storage.transaction(5 as any))];
  },
  /** KV-61, KV-07 of alarms: an alarm belongs to its transaction. */
  async transactionAlarm({ storage }) {
    await storage.setAlarm(4102444800000);
    const seen = await storage.transaction(async (txn: any) => {
      await txn.setAlarm(4102444900000);
      const inside = await txn.getAlarm();
      txn.rollback();
      return inside;
    });
    const after = await storage.getAlarm();
    await storage.deleteAlarm();
    return [seen, after, await storage.getAlarm()];
  },
  /** KV-62, KV-63: a transaction that is over. */
  async transactionOver({ storage }) {
    let outside: any;
    const told = await storage.transaction(async (txn: any) => {
      outside = txn;
      txn.rollback();
      txn.rollback();
      return outcome(() => txn.put("a", 1));
    });
    const committed = await storage.transaction(async (txn: any) => { outside = txn; });
    return [told, encode(committed), await outcome(() => outside.get("a")), await outcome(() => outside.put("a", 1))];
  },
  /** KV-64: what is called beside the transaction belongs to it. */
  async transactionBeside({ storage }) {
    await storage.put("a", 1);
    await storage.transaction(async () => {
      await storage.put("a", 2);
      throw new Error("undone");
    }).catch(() => {});
    return storage.get("a");
  },
  /** KV-65: one inside another. */
  async transactionNested({ storage }) {
    await storage.put("a", 0);
    await storage.transaction(async (outer: any) => {
      await outer.put("a", 1);
      await storage.transaction(async (inner: any) => {
        await inner.put("a", 2);
        await inner.put("b", 2);
        inner.rollback();
      });
      await storage.transaction(async (inner: any) => inner.put("c", 3));
    });
    const kept = [...(await storage.list())];
    await storage.transaction(async (outer: any) => {
      await storage.transaction(async (inner: any) => inner.put("c", 4));
      outer.rollback();
    });
    return [kept, await storage.get("c")];
  },
  /** KV-66: what was written before is not undone. */
  async transactionBefore({ storage }) {
    storage.put("before", 1);
    await storage.transaction(async (txn: any) => {
      await txn.put("inside", 1);
      txn.rollback();
    });
    return [...(await storage.list()).keys()];
  },
  /** KV-59: nobody else gets in, whatever it waits for. */
  async transactionAlone(room) {
    const { storage } = room;
    await storage.put("a", 0);
    let seen: unknown = "not yet";
    setTimeout(async () => { seen = await storage.get("a"); }, 1);
    await later(0);
    await storage.transaction(async (txn: any) => {
      await txn.put("a", 1);
      await later(20);
      await txn.put("a", 2);
    });
    await later(5);
    return seen;
  },
  /** KV-68 */
  async transactionSync({ storage }) {
    const any: any = storage;
    await storage.put("a", 0);
    const given = any.transactionSync(() => {
      storage.put("a", 1);
      try {
        any.transactionSync(() => {
          storage.put("a", 2);
          storage.put("b", 2);
          throw new Error("inner");
        });
      } catch {}
      return "given";
    });
    const kept = [...(await storage.list())];
    const thrown = await outcome(() => any.transactionSync(() => {
      storage.put("a", 3);
      storage.delete("a");
      throw new TypeError("outer");
    }));
    const cleared = any.transactionSync(() => outcome(() => storage.deleteAll()));
    return [given, kept, thrown, await cleared, await storage.get("a"), await outcome(() => any.transactionSync(5))];
  },
  /** A transaction is not rolled back from within a synchronous one. */
  async transactionSyncInside({ storage }) {
    const any: any = storage;
    return storage.transaction(async (txn: any) => {
      await txn.put("a", 1);
      const told = any.transactionSync(() => {
        storage.put("b", 2);
        try {
          txn.rollback();
          return "rolled back";
        } catch (error) {
          return said(error);
        }
      });
      return [told, [...(await txn.list()).keys()]];
    });
  },
  /** KV-70 */
  async sync({ storage }) {
    storage.put("a", 1, { allowUnconfirmed: true });
    const synced = storage.sync();
    storage.put("b", 2);
    return [encode(await synced), encode(await storage.sync())];
  },
  /** AL-02, AL-03, AL-06 */
  async times({ storage }) {
    const any: any = storage;
    const times = [undefined, null, "5", 5n, NaN, Infinity, new Date(NaN), 0, -1, new Date(0)];
    const told = [];
    for (const time of times) told.push(await outcome(() => any.setAlarm(time)));
    const far = Date.UTC(2188, 0, 1);
    await storage.setAlarm(far + 0.9);
    const fraction = (await storage.getAlarm()) === far;
    const deleted = [encode(await storage.deleteAlarm()), encode(await storage.deleteAlarm())];
    const before = Date.now();
    await storage.setAlarm(1);
    const now = (await storage.getAlarm())!;
    await storage.deleteAlarm();
    return [told, fraction, deleted, now >= before && now <= Date.now()];
  },
};

export default class Durable implements Party.Server {
  constructor(readonly room: Party.Room) {}

  async onRequest(request: Party.Request) {
    const { path, query } = below(request.url);
    const attempt = tries[path];
    if (attempt === undefined) return new Response("what?", { status: 400 });
    return Response.json(await attempt(this.room, query));
  }
}
