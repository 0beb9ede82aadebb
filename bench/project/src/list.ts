/*
 * A POST stores 10,000 values and a GET answers with how many a list finds. `/forget` makes the host drop the room from
 * memory, so that the next list is a cold one. Target of `houseparty bench list`.
 */

import type * as Party from "partykit/server";

const KEYS = 10_000;
const AT_ONCE = 100;
const VALUE = "x".repeat(100);

export default class List implements Party.Server {
  constructor(readonly room: Party.Room) {}

  async onRequest(request: Party.Request) {
    const { storage } = this.room;
    if (request.method === "POST") {
      for (let from = 0; from < KEYS; from += AT_ONCE) {
        const keys = Array.from({ length: AT_ONCE }, (_, index) => `key-${from + index}`);
        storage.put(Object.fromEntries(keys.map((key) => [key, VALUE])));
      }
      return new Response(String(KEYS));
    }
    if (new URL(request.url).pathname.endsWith("/forget")) {
      await this.room.blockConcurrencyWhile(() => {
        throw new Error("the next list is to be a cold one");
      });
    }
    return new Response(String((await storage.list()).size));
  }
}

List satisfies Party.Worker;
