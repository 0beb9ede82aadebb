/* A room that keeps its thread busy: each message is a number of milliseconds. Target of `houseparty bench echo --burn`. */

import type * as Party from "partykit/server";

export default class Burner implements Party.Server {
  constructor(readonly room: Party.Room) {}

  onMessage(message: string, sender: Party.Connection) {
    const end = Date.now() + Number(message);
    while (Date.now() < end);
    sender.send(message);
  }
}

Burner satisfies Party.Worker;
