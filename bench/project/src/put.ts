/*
 * Each POST stores how many there were and answers with it; the host holds the answer back until the write is durable.
 * A GET reads what is stored. Target of `houseparty bench put`, which compares the two at the end.
 */

import type * as Party from "partykit/server";

export default class Put implements Party.Server {
  count = 0;

  constructor(readonly room: Party.Room) {}

  async onRequest(request: Party.Request) {
    if (request.method === "GET") {
      return new Response(String((await this.room.storage.get<number>("count")) ?? 0));
    }
    const count = ++this.count;
    await this.room.storage.put("count", count);
    return new Response(String(count));
  }
}

Put satisfies Party.Worker;
