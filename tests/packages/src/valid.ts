/*
 * `zod`, as in PartyKit's guide on validating what clients send: a message that does not fit the schema is answered with
 * what is wrong, and nobody else hears of it.
 */

import type * as Party from "partykit/server";
import { z } from "zod";

const Message = z.discriminatedUnion("type", [
  z.object({ type: z.literal("add"), id: z.uuid(), text: z.string().trim().min(1).max(20) }),
  z.object({ type: z.literal("move"), to: z.tuple([z.number(), z.number()]), when: z.iso.datetime().optional() }),
]);

export default class Valid implements Party.Server {
  constructor(readonly room: Party.Room) {}

  onMessage(message: string | ArrayBuffer | ArrayBufferView, sender: Party.Connection) {
    let value: unknown;
    try {
      value = JSON.parse(String(message));
    } catch {
      return sender.send("not JSON");
    }
    const parsed = Message.safeParse(value);
    if (!parsed.success) return sender.send(JSON.stringify(z.flattenError(parsed.error)));
    this.room.broadcast(JSON.stringify(parsed.data));
  }

  async onRequest(request: Party.Request) {
    const parsed = Message.safeParse(await request.json().catch(() => null));
    return Response.json(parsed.success ? parsed.data : parsed.error.issues, { status: parsed.success ? 200 : 422 });
  }
}

Valid satisfies Party.Worker;
