/*
 * Live cursors: everybody in the room sees where the others point.
 *
 * Positions are fractions of the page, so that they fit screens of any size. The last one of each person is kept on
 * the connection with `setState`, in memory, for those who come later; nothing is stored. A country and a colour
 * follow from the connection. What is no position is ignored, and who leaves is told to the others.
 */

import type * as Party from "partykit/server";

export type Cursor = { id: string; hue: number; country: string | null; x: number | null; y: number | null };

export default class Cursors implements Party.Server {
  constructor(readonly room: Party.Room) {}

  onConnect(connection: Party.Connection<Cursor>, { request }: Party.ConnectionContext) {
    const { country } = request.cf ?? {};
    const cursor = { id: connection.id, hue: hueOf(connection.id), country: known(country), x: null, y: null };
    connection.setState(cursor);
    const others = [];
    for (const other of this.room.getConnections<Cursor>()) {
      if (other.id !== connection.id && other.state !== null) others.push(other.state);
    }
    connection.send(JSON.stringify({ you: cursor, others }));
    this.tellOthers(connection, { moved: cursor });
  }

  onMessage(message: string | ArrayBuffer | ArrayBufferView, sender: Party.Connection<Cursor>) {
    const position = read(message);
    if (position === null || sender.state === null) return;
    const cursor = { ...sender.state, ...position };
    sender.setState(cursor);
    this.tellOthers(sender, { moved: cursor });
  }

  onClose(connection: Party.Connection<Cursor>) {
    this.tellOthers(connection, { left: connection.id });
  }

  private tellOthers(sender: Party.Connection, event: { moved: Cursor } | { left: string }) {
    this.room.broadcast(JSON.stringify(event), [sender.id]);
  }
}

/** A place within the page, or none while the pointer is elsewhere. */
function read(message: string | ArrayBuffer | ArrayBufferView): Pick<Cursor, "x" | "y"> | null {
  if (typeof message !== "string") return null;
  try {
    const { x, y } = JSON.parse(message);
    const inside = [x, y].every((part) => typeof part === "number" && part >= 0 && part <= 1);
    return inside || (x === null && y === null) ? { x, y } : null;
  } catch {
    return null;
  }
}

/** Behind no network that knows countries, it is "XX". */
function known(country: unknown) {
  return typeof country === "string" && country !== "XX" ? country : null;
}

function hueOf(id: string) {
  let hue = 0;
  for (const character of id) hue = (hue * 31 + character.charCodeAt(0)) % 360;
  return hue;
}

Cursors satisfies Party.Worker;
