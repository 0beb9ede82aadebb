/*
 * The party: one instance of this class runs for each room of the chat, here or in PartyKit's cloud.
 *
 * A room keeps its last messages in its storage, sends them to whoever comes, and tells everybody
 * how many are here. Whatever a client sends is checked; what makes no sense is ignored.
 */

import type * as Party from "partykit/server";

type Message = { id: string; name: string; text: string; at: number };

type Outgoing =
  | { type: "history"; messages: Message[] }
  | { type: "message"; message: Message }
  | { type: "people"; count: number };

const MESSAGES_KEPT = 50;
const TEXT_LENGTH_MAX = 500;
const NAME_LENGTH_MAX = 30;

export default class Chat implements Party.Server {
  // A quiet room may leave the memory while its sockets stay open.
  readonly options: Party.ServerOptions = { hibernate: true };

  messages: Message[] = [];

  constructor(readonly room: Party.Room) {}

  async onStart() {
    this.messages = (await this.room.storage.get<Message[]>("messages")) ?? [];
  }

  onConnect(connection: Party.Connection) {
    connection.send(pack({ type: "history", messages: this.messages }));
    this.tellCount();
  }

  onClose() {
    this.tellCount();
  }

  async onMessage(data: string | ArrayBuffer | ArrayBufferView) {
    const said = parse(data);
    if (!said) return;
    const message = { id: crypto.randomUUID(), ...said, at: Date.now() };
    this.messages = [...this.messages, message].slice(-MESSAGES_KEPT);
    await this.room.storage.put("messages", this.messages);
    this.room.broadcast(pack({ type: "message", message }));
  }

  // GET /party/<room>
  onRequest() {
    return Response.json({ room: this.room.id, people: this.count(), messages: this.messages.length });
  }

  count() {
    return [...this.room.getConnections()].length;
  }

  tellCount() {
    this.room.broadcast(pack({ type: "people", count: this.count() }));
  }
}

function pack(outgoing: Outgoing) {
  return JSON.stringify(outgoing);
}

/** What a client may say: `{ name, text }`. */
function parse(data: string | ArrayBuffer | ArrayBufferView) {
  if (typeof data !== "string") return null;
  try {
    const { name, text } = JSON.parse(data) ?? {};
    if (typeof name !== "string" || typeof text !== "string" || !text.trim()) return null;
    return { name: name.trim().slice(0, NAME_LENGTH_MAX) || "Somebody", text: text.slice(0, TEXT_LENGTH_MAX) };
  } catch {
    return null;
  }
}
