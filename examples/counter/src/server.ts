/*
 * A counter per room, over HTTP: GET reads it, POST adds one, DELETE sets it back to zero. Who is connected by a
 * WebSocket is told the number at first and whenever it changes.
 *
 * The number lives in `room.storage`, so it is there after a restart. An answer leaves only when
 * what it tells is on the disk, so nobody has ever been told a number that a crash could take back.
 * Other methods are answered with 405.
 */

import type * as Party from "partykit/server";

export default class Counter implements Party.Server {
  constructor(readonly room: Party.Room) {}

  async onConnect(connection: Party.Connection) {
    connection.send(String(await this.read()));
  }

  async onRequest(request: Party.Request) {
    switch (request.method) {
      case "GET":
        return this.answer(await this.read());

      case "POST": {
        // No other request comes between a read from storage and the write that follows it.
        const count = (await this.read()) + 1;
        await this.room.storage.put("count", count);
        this.room.broadcast(String(count));
        return this.answer(count);
      }

      case "DELETE":
        await this.room.storage.delete("count");
        this.room.broadcast("0");
        return this.answer(0);

      default:
        return new Response("Use GET, POST or DELETE", {
          status: 405,
          headers: { Allow: "GET, POST, DELETE" },
        });
    }
  }

  private async read() {
    return (await this.room.storage.get<number>("count")) ?? 0;
  }

  private answer(count: number) {
    return Response.json({ room: this.room.id, count });
  }
}

Counter satisfies Party.Worker;
