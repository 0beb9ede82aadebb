/*
 * The older style: an object whose handlers are given the room.
 */
import type { PartyKitServer } from "partykit/server";
import { mode } from "./lib/wire";

export default {
  onMessage(message, connection, room) {
    if (message === "throw") throw new Error("in onMessage");
    if (message === "all") room.broadcast(`all of ${room.id}`);
    else connection.send(`${room.name}/${room.id}: ${message}`);
  },
  async onClose(connection, room, ...others: unknown[]) {
    await room.storage.put("others", others.length);
    await room.storage.put("gone", connection.id);
  },
  async onRequest(request, room) {
    if (request.url.endsWith("/mode")) return new Response(mode(room));
    if (request.url.endsWith("/others")) return Response.json((await room.storage.get("others")) ?? null);
    return Response.json({ room: room.id, method: request.method, gone: (await room.storage.get("gone")) ?? null });
  },
} satisfies PartyKitServer;
