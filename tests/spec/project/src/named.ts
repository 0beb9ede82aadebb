/*
 * Served under names that are hard to get right: it says which one it was reached by.
 */
import type * as Party from "partykit/server";

export default class Named implements Party.Server {
  constructor(readonly room: Party.Room) {}

  onRequest() {
    return Response.json([this.room.name, this.room.id, Object.hasOwn(this.room.context.parties, this.room.name)]);
  }

  onConnect(connection: Party.Connection) {
    connection.send(`${this.room.name}/${this.room.id}`);
  }
}
