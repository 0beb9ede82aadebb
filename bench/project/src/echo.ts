/* The least a room can do with a message: give it back to its sender. Target of `houseparty bench echo|storm`. */

import type * as Party from "partykit/server";

export default class Echo implements Party.Server {
  constructor(readonly room: Party.Room) {}

  onMessage(message: string, sender: Party.Connection) {
    sender.send(message);
  }
}

Echo satisfies Party.Worker;
