/*
 * Life of a room: what a constructor and `onStart` may do, chosen by how the room's id begins.
 */
import type * as Party from "partykit/server";
import { below } from "./lib/wire";

export default class Life implements Party.Server {
  started = false;
  readonly order: string[] = [];
  readonly born = crypto.randomUUID();

  constructor(readonly room: Party.Room) {
    this.order.push(`constructor ${room.id} ${room.name} ${typeof room.storage}`);
    if (room.id.startsWith("constructor-fails")) throw Object.assign(new Error("unborn"), { code: 503 });
  }

  async onStart() {
    const { id, context } = this.room;
    if (id.startsWith("start-fails-once")) {
      // Another room counts: whether a failed start keeps what it wrote is not the question here.
      const attempt = await (await context.parties.callee.get(`attempts-${id}`).fetch("/count")).json();
      if (attempt === 1) throw Object.assign(new Error("not yet"), { code: 503 });
    }
    if (id.startsWith("start-is-slow")) await new Promise((resolve) => setTimeout(resolve, 200));
    this.started = true;
    this.order.push("onStart");
  }

  async onRequest(request: Party.Request): Promise<any> {
    this.order.push("onRequest");
    switch (below(request.url).path) {
      case "order":
        return Response.json(this.order);
      case "born":
        return Response.json(this.born);
      case "started":
        return Response.json(this.started);
      case "block-fails":
        await this.room.blockConcurrencyWhile(async () => {
          throw new Error("in the block");
        });
        return new Response("never");
      case "block":
        return Response.json(
          await this.room.blockConcurrencyWhile(async () => {
            await new Promise((resolve) => setTimeout(resolve, 5));
            return "from the block";
          }),
        );
      case "ticking":
        setInterval(() => this.room.storage.put("tick", this.born), 50);
        return Response.json(this.born);
    }
    return new Response("alive");
  }

  onConnect(connection: Party.Connection) {
    connection.send(`started ${this.started}`);
  }
}
