/*
 * A party: one instance of this class runs for each room. Clients open a WebSocket at /party/<room>, for instance with
 * `new PartySocket({ host, room })` of the npm package `partysocket`; requests to the same path reach `onRequest`.
 */

export default class Server {
  constructor(room) {
    this.room = room;
  }

  onConnect(connection) {
    connection.send(`welcome to ${this.room.id}`);
  }

  onMessage(message, sender) {
    // To everybody but the sender.
    this.room.broadcast(`${sender.id}: ${message}`, [sender.id]);
  }

  onRequest() {
    return Response.json({ room: this.room.id, people: [...this.room.getConnections()].length });
  }
}
