/*
 * The older style without `onConnect` and `onMessage`: such a room hibernates.
 */
import type { PartyKitServer } from "partykit/server";
import { mode } from "./lib/wire";

export default {
  async onRequest(_request, room) {
    return new Response(mode(room));
  },
} satisfies PartyKitServer;
