/*
 * A text that many write at once, by Yjs: this is all of the server.
 *
 * `y-partykit` keeps the document of the room in memory, passes changes and awareness (who is here, where their caret
 * is) on to everybody, and stores a snapshot. It listens on each connection, so a room of it does not hibernate.
 * GET gives the text as it is now.
 */

import type * as Party from "partykit/server";
import { onConnect, unstable_getYDoc, type YPartyKitOptions } from "y-partykit";

const OPTIONS: YPartyKitOptions = { persist: { mode: "snapshot" } };

export default class Editor implements Party.Server {
  constructor(readonly room: Party.Room) {}

  onConnect(connection: Party.Connection) {
    return onConnect(connection, this.room, OPTIONS);
  }

  async onRequest() {
    const doc = await unstable_getYDoc(this.room, OPTIONS);
    return new Response(doc.getText("text").toString());
  }
}

Editor satisfies Party.Worker;
