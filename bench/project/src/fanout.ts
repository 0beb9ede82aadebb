/* Everyone gets every message, its sender included. Target of `houseparty bench fanout`. */

import type * as Party from "partykit/server";

export default class Fanout implements Party.Server {
  constructor(readonly room: Party.Room) {}

  onMessage(message: string) {
    this.room.broadcast(message);
  }
}

Fanout satisfies Party.Worker;
