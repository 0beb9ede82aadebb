/*
 * A shared to-do list: one key in storage per entry, and everybody sees each change at once.
 *
 * Clients send `{ add }`, `{ done, id }`, `{ remove }`; the room checks it, stores it and broadcasts the change. The
 * room hibernates, so a list that nobody is touching costs no memory though its people stay connected: nothing is kept
 * in fields, storage is the list. What makes no sense is answered with `{ error }`, to the sender alone.
 */

import type * as Party from "partykit/server";

export type Entry = { id: string; text: string; done: boolean };

const TEXT_LENGTH_MAX = 200;
const ENTRIES_MAX = 500;

/** What an id looks like: an entry's key, and never another one. */
const ID = /^entry:\d{15}:[0-9a-f-]{36}$/;

export default class TodoList implements Party.Server {
  readonly options: Party.ServerOptions = { hibernate: true };

  constructor(readonly room: Party.Room) {}

  async onConnect(connection: Party.Connection) {
    connection.send(JSON.stringify({ entries: await this.entries() }));
  }

  async onMessage(message: string | ArrayBuffer | ArrayBufferView, sender: Party.Connection) {
    const problem = await this.change(parse(message));
    if (problem !== null) sender.send(JSON.stringify({ error: problem }));
  }

  /** The list for those without a WebSocket. */
  async onRequest() {
    return Response.json(await this.entries());
  }

  private async entries() {
    return [...(await this.room.storage.list<Entry>({ prefix: "entry:" })).values()];
  }

  private async change(wish: Record<string, unknown>): Promise<string | null> {
    if (typeof wish.add === "string") return this.add(wish.add.trim());
    const id = String(wish.id ?? wish.remove);
    const entry = ID.test(id) ? await this.room.storage.get<Entry>(id) : undefined;
    if (entry === undefined) return "There is no such entry";
    if (wish.remove === id) {
      await this.room.storage.delete(id);
      this.tell({ removed: id });
    } else {
      const changed = { ...entry, done: wish.done === true };
      await this.room.storage.put(id, changed);
      this.tell({ changed });
    }
    return null;
  }

  private async add(text: string) {
    if (text === "" || text.length > TEXT_LENGTH_MAX) {
      return `An entry has 1 to ${TEXT_LENGTH_MAX} characters`;
    }
    if ((await this.entries()).length >= ENTRIES_MAX) return "The list is full";
    // The time in front keeps the list in the order in which it was written.
    const time = String(Date.now()).padStart(15, "0");
    const entry = { id: `entry:${time}:${crypto.randomUUID()}`, text, done: false };
    await this.room.storage.put(entry.id, entry);
    this.tell({ changed: entry });
    return null;
  }

  private tell(event: { changed: Entry } | { removed: string }) {
    this.room.broadcast(JSON.stringify(event));
  }
}

function parse(message: string | ArrayBuffer | ArrayBufferView): Record<string, unknown> {
  try {
    return Object(JSON.parse(String(message)));
  } catch {
    return {};
  }
}

TodoList satisfies Party.Worker;
