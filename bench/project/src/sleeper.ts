/* Connections that may stay open while their room sleeps. Target of `houseparty bench idle`. */

import type * as Party from "partykit/server";

export default class Sleeper implements Party.Server {
  readonly options: Party.ServerOptions = { hibernate: true };

  constructor(readonly room: Party.Room) {}

  onMessage(message: string, sender: Party.Connection) {
    sender.send(message);
  }
}

Sleeper satisfies Party.Worker;
