/*
 * Handlers written as class fields.
 */
import type * as Party from "partykit/server";

export default class Field implements Party.Server {
  constructor(readonly room: Party.Room) {}
  onRequest = async () => new Response(`field of ${this.room.id}`);
  onMessage = (message: string | ArrayBuffer, sender: Party.Connection) => sender.send(message);
}
