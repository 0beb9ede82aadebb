/*
 * PartyKit's guide on rate limiting: the time of the last message is kept on the connection, and who sends too fast is
 * told so, then closed.
 */

import type * as Party from "partykit/server";

type Sender = { last: number; warnings: number };

const INTERVAL_MS = 60_000;

export default class Limited implements Party.Server {
  constructor(readonly room: Party.Room) {}

  onMessage(message: string | ArrayBuffer | ArrayBufferView, sender: Party.Connection<Sender>) {
    const { last, warnings } = sender.state ?? { last: 0, warnings: 0 };
    const now = Date.now();
    if (now - last < INTERVAL_MS) {
      sender.setState({ last, warnings: warnings + 1 });
      if (warnings >= 2) return sender.close(4008, "too many messages");
      return sender.send("slow down");
    }
    sender.setState({ last: now, warnings: 0 });
    this.room.broadcast(message);
  }
}

Limited satisfies Party.Worker;
