/*
 * `y-partykit`: a document that is synchronised with every client and kept as a snapshot, as its documentation has it.
 *
 * GET gives the text and how many are aware of each other, from the same document in memory. A room named
 * `read-only-…` takes no changes; one named `loaded-…` starts from what `load` brings and reports changes to a callback,
 * whose last text GET `?saved` gives.
 */

import type * as Party from "partykit/server";
import { onConnect, unstable_getYDoc, type YPartyKitOptions } from "y-partykit";
import * as Y from "yjs";

export default class Document implements Party.Server {
  private saved = "";
  private readonly keeping: YPartyKitOptions;

  constructor(readonly room: Party.Room) {
    this.keeping = { persist: { mode: "snapshot" }, readOnly: room.id.startsWith("read-only") };
    if (room.id.startsWith("loaded")) {
      this.keeping = {
        load: async () => {
          const doc = new Y.Doc();
          doc.getText("text").insert(0, "loaded");
          return doc;
        },
        callback: {
          debounceWait: 10,
          debounceMaxWait: 50,
          handler: (doc) => {
            this.saved = doc.getText("text").toString();
          },
        },
      };
    }
  }

  onConnect(connection: Party.Connection) {
    return onConnect(connection, this.room, this.keeping);
  }

  async onRequest(request: Party.Request) {
    if (new URL(request.url).search === "?saved") return new Response(this.saved);
    const doc = await unstable_getYDoc(this.room, this.keeping);
    const text = doc.getText("text").toString();
    return Response.json({ text, aware: [...doc.awareness.getStates().values()] });
  }
}

Document satisfies Party.Worker;
