/*
 * The hooks in the older style; no `onRequest`, so a request that passes the guard has nobody to answer it.
 */
import type { PartyKitServer } from "partykit/server";

export default {
  onBeforeRequest(request) {
    return new URL(request.url).searchParams.has("stop") ? new Response("stopped", { status: 429 }) : request;
  },
  onMessage(message, connection) {
    connection.send(message);
  },
} satisfies PartyKitServer;
