/*
 * `msgpackr`, as in PartyKit's guide on binary messages: what comes in is unpacked, changed, packed and sent on.
 *
 * What is not MessagePack is answered with a packed `{ error }`, text with a text.
 */

import { Packr, pack, unpack } from "msgpackr";
import type * as Party from "partykit/server";

/** Records share their structure, which makes msgpackr write a reader for it. */
const records = new Packr({ structures: [] });

export default class Binary implements Party.Server {
  constructor(readonly room: Party.Room) {}

  onMessage(message: string | ArrayBuffer | ArrayBufferView, sender: Party.Connection) {
    if (typeof message === "string") return sender.send(`"${message}" is not binary`);
    try {
      const bytes = message instanceof ArrayBuffer ? new Uint8Array(message) : message;
      const value = unpack(bytes as Uint8Array);
      this.room.broadcast(pack({ ...value, from: sender.id, seen: new Date(0) }));
    } catch (error) {
      sender.send(pack({ error: (error as Error).message }));
    }
  }

  onRequest() {
    const many = Array.from({ length: 50 }, (_, at) => ({ at, name: `record ${at}`, half: at / 2 }));
    const packed = many.map((record) => records.pack(record));
    return Response.json(packed.map((bytes) => records.unpack(bytes)));
  }
}

Binary satisfies Party.Worker;
