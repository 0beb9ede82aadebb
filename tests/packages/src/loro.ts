/*
 * `loro-crdt`: a document whose engine is WebAssembly.
 *
 * POST takes the exported updates of another document, imports them and answers with everything it has.
 */

import { LoroDoc } from "loro-crdt/base64";
import type * as Party from "partykit/server";

export default class Shared implements Party.Server {
  private readonly doc = new LoroDoc();

  async onRequest(request: Party.Request) {
    const text = this.doc.getText("text");
    if (text.length === 0) text.insert(0, "party ");
    this.doc.commit();
    try {
      this.doc.import(new Uint8Array(await request.arrayBuffer()));
    } catch (error) {
      return new Response(String(error), { status: 400 });
    }
    return new Response(this.doc.export({ mode: "snapshot" }) as Uint8Array<ArrayBuffer>);
  }
}

Shared satisfies Party.Worker;
