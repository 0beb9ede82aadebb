/*
 * The older style with `onConnect` only: listeners are added by hand.
 */
import type { PartyKitServer } from "partykit/server";
import { mode } from "./lib/wire";

export default {
  onConnect(connection, room, ctx) {
    connection.send(`${room.id} ${new URL(ctx.request.url).searchParams.get("as")}`);
    connection.addEventListener("message", (event) => connection.send(`heard ${event.data}`));
    connection.addEventListener("close", () => room.storage.put("gone", true));
  },
  async onRequest(request, room) {
    if (request.url.endsWith("/mode")) return new Response(mode(room));
    return Response.json((await room.storage.get("gone")) ?? false);
  },
} satisfies PartyKitServer;
