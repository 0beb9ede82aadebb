/*
 * `y-partykit` in PartyKit's old form of a server, an object, with the history of updates kept in storage.
 *
 * `maxUpdates` is small, so that the history is compacted while the test runs.
 */

import type { PartyKitServer } from "partykit/server";
import { onConnect } from "y-partykit";

export default {
  onConnect: (connection, room) => onConnect(connection, room, { persist: { mode: "history", maxUpdates: 5 } }),
} satisfies PartyKitServer;
