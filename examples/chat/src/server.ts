/*
 * A chat that remembers: who comes in later reads what was said before, even after a restart.
 *
 * Each message is one key in storage, numbered so that the order of the keys is the order of the messages. Only the
 * last `KEPT` stay; each new one pushes an old one out. A message is broadcast after the write, and the host lets it
 * leave when it is on the disk: what anybody has read is in the history. Text that makes no sense is ignored.
 */

import type * as Party from "partykit/server";

export type Message = { name: string; text: string; at: number };

const KEPT = 100;
const NAME_LENGTH_MAX = 30;
const TEXT_LENGTH_MAX = 1_000;

export default class Chat implements Party.Server {
  /** The number of the next message. */
  private next = 0;

  constructor(readonly room: Party.Room) {}

  async onStart() {
    const last = await this.room.storage.list({ prefix: "message:", reverse: true, limit: 1 });
    for (const key of last.keys()) this.next = Number(key.slice("message:".length)) + 1;
  }

  async onConnect(connection: Party.Connection) {
    const history = await this.room.storage.list<Message>({ prefix: "message:" });
    connection.send(JSON.stringify({ history: [...history.values()] }));
  }

  async onMessage(sent: string | ArrayBuffer | ArrayBufferView) {
    const message = read(sent);
    if (message === null) return;
    const number = this.next++;
    await this.room.storage.put(key(number), message);
    await this.room.storage.delete(key(number - KEPT));
    this.room.broadcast(JSON.stringify({ message }));
  }
}

function key(number: number) {
  return `message:${String(number).padStart(12, "0")}`;
}

/** What a client has sent as a message, or nothing. */
function read(sent: string | ArrayBuffer | ArrayBufferView): Message | null {
  if (typeof sent !== "string") return null;
  try {
    const { name, text } = JSON.parse(sent);
    if (typeof name !== "string" || typeof text !== "string" || text.trim() === "") return null;
    return {
      name: name.trim().slice(0, NAME_LENGTH_MAX) || "Somebody",
      text: text.trim().slice(0, TEXT_LENGTH_MAX),
      at: Date.now(),
    };
  } catch {
    return null;
  }
}

Chat satisfies Party.Worker;
