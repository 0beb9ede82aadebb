/*
 * Runs lists of storage calls and gives each one's result, or what it failed with.
 */
import type * as Party from "partykit/server";
import { below, decode, encode, said } from "./lib/wire";

type Call = [string, ...unknown[]];

async function run(storage: any, calls: Call[]): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const [name, ...args] of calls) {
    try {
      results.push(encode(await one(storage, name, args)));
    } catch (error) {
      results.push({ $thrown: said(error) });
    }
  }
  return results;
}

async function one(storage: any, name: string, args: any[]): Promise<unknown> {
  switch (name) {
    case "transaction":
      return storage.transaction(async (txn: any) => {
        const results = await run(txn, args[0]);
        if (args[1] === "throw") throw new Error("out of the transaction");
        if (args[1] === "rollback") txn.rollback();
        return results;
      });
    case "fresh-copies": {
      const value = { list: [1] };
      await storage.put("copy", value);
      value.list.push(2);
      const first = await storage.get("copy");
      first.list.push(3);
      return storage.get("copy");
    }
    case "class-instance":
      await storage.put("instance", new (class Point { x = 1; })());
      return Object.getPrototypeOf(await storage.get("instance")) === Object.prototype;
    case "unawaited": {
      storage.put("a", 1);
      const seen = storage.get("a");
      storage.delete("a");
      return [await seen, await storage.get("a")];
    }
    case "keys":
      return [...(await storage.list(args[0])).keys()];
    case "fill":
      for (let i = 0; i < args[0]; i++) storage.put(`key-${String(i).padStart(5, "0")}`, i);
      return undefined;
    case "members":
      return ["get", "put", "delete", "list", "deleteAll", "transaction", "sync", "getAlarm", "setAlarm", "deleteAlarm"]
        .map((member) => typeof storage[member]);
  }
  return storage[name](...decode(args));
}

export default class Store implements Party.Server {
  constructor(readonly room: Party.Room) {}

  async onRequest(request: Party.Request) {
    const { storage } = this.room;
    switch (below(request.url).path) {
      case "run":
        return Response.json(await run(storage, await request.json()));
      case "write-and-throw":
        await storage.put("kept", "although it threw");
        throw new Error("after the write");
      case "increment": {
        const value = ((await storage.get<number>("counter")) ?? 0) + 1;
        await storage.put("counter", value);
        return Response.json(value);
      }
      case "increment-slowly":
        return Response.json(
          await this.room.blockConcurrencyWhile(async () => {
            const value = ((await storage.get<number>("counter")) ?? 0) + 1;
            await new Promise((resolve) => setTimeout(resolve, 3));
            await storage.put("counter", value);
            return value;
          }),
        );
    }
    return new Response("what?", { status: 400 });
  }
}
