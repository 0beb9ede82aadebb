/*
 * A party: one instance of this class runs for each room. Clients open a WebSocket at /party/<room>, for instance with
 * `new PartySocket({ host, room })` of the npm package `partysocket`; requests to the same path reach `onRequest`.
 */

import type * as Party from "partykit/server";

export default class Server implements Party.Server {
  constructor(readonly room: Party.Room) {}

  onConnect(connection: Party.Connection) {
    connection.send(`welcome to ${this.room.id}`);
  }

  onMessage(message: string, sender: Party.Connection) {
    // To everybody but the sender.
    this.room.broadcast(`${sender.id}: ${message}`, [sender.id]);
  }

  onRequest() {
    return Response.json({ room: this.room.id, people: [...this.room.getConnections()].length });
  }
}
