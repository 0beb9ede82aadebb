/*
 * Each POST stores 128 values of 1 KB in one call, numbers it, and answers with the number; the host holds the answer back
 * until all is durable. A GET reads the number that is stored. Target of `houseparty bench batch`.
 */

import type * as Party from "partykit/server";

const VALUE = "x".repeat(1024);

export default class Batch implements Party.Server {
  count = 0;

  constructor(readonly room: Party.Room) {}

  async onRequest(request: Party.Request) {
    const { storage } = this.room;
    if (request.method === "GET") return new Response(String((await storage.get<number>("count")) ?? 0));
    const count = ++this.count;
    const entries: Record<string, unknown> = { count };
    // The number in front, so that no two calls store the same.
    for (let key = 1; key < 128; key++) entries[`key-${key}`] = `${count} ${VALUE}`;
    await storage.put(entries);
    return new Response(String(count));
  }
}

Batch satisfies Party.Worker;
