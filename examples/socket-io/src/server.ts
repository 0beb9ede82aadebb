/*
 * A chat for clients of Socket.IO: each room is a server of its own.
 *
 * Clients join with a name, `say` something and get an acknowledgement when everybody has been told, and show that they
 * are `typing`. `io.ts` speaks the protocol; here is only what the events mean. Nothing is stored. A name or text that
 * makes no sense is answered through the acknowledgement, `{ error }`.
 */

import type * as Party from "partykit/server";
import { type Peer, SocketIo } from "./io";

const NAME_LENGTH_MAX = 30;
const TEXT_LENGTH_MAX = 1_000;

export default class Chat implements Party.Server {
  private readonly names = new Map<Peer, string>();
  private readonly io = new SocketIo((peer) => this.onPeer(peer));

  constructor(readonly room: Party.Room) {}

  onConnect(connection: Party.Connection) {
    this.io.connected(connection);
  }

  onMessage(message: string | ArrayBuffer | ArrayBufferView, sender: Party.Connection) {
    this.io.message(message, sender);
  }

  onClose(connection: Party.Connection) {
    this.io.closed(connection);
  }

  private onPeer(peer: Peer) {
    peer.on("join", (name: unknown, acknowledge?: (answer: object) => void) => {
      const known = text(name, NAME_LENGTH_MAX);
      if (known === null) return acknowledge?.({ error: `A name has 1 to ${NAME_LENGTH_MAX} characters` });
      if (!this.names.has(peer)) peer.broadcast("joined", known);
      this.names.set(peer, known);
      acknowledge?.({ here: [...this.names.values()] });
    });
    peer.on("say", (words: unknown, acknowledge?: (answer: object) => void) => {
      const name = this.names.get(peer);
      const said = text(words, TEXT_LENGTH_MAX);
      if (name === undefined || said === null) return acknowledge?.({ error: "Join first, then say something" });
      peer.broadcast("said", { name, text: said });
      acknowledge?.({ name, text: said });
    });
    peer.on("typing", (typing: unknown) => {
      if (this.names.has(peer)) peer.broadcast("typing", this.names.get(peer), typing === true);
    });
    peer.on("disconnect", () => {
      const name = this.names.get(peer);
      this.names.delete(peer);
      if (name !== undefined) peer.broadcast("left", name);
    });
  }
}

function text(value: unknown, most: number) {
  const trimmed = typeof value === "string" ? value.trim() : "";
  return trimmed !== "" && trimmed.length <= most ? trimmed : null;
}

Chat satisfies Party.Worker;
