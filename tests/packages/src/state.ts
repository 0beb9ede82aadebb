/*
 * `immer` and `superjson`: a state with a Map, a Set and a Date, changed by drafts and sent with its types.
 *
 * The state is stored as superjson's text. Clients get the patches of each change; GET gives the whole.
 */

import { enableMapSet, enablePatches, produceWithPatches } from "immer";
import type * as Party from "partykit/server";
import superjson from "superjson";

enableMapSet();
enablePatches();

type Board = { scores: Map<string, number>; seen: Set<string>; since: Date; big: bigint; nothing?: undefined };

export default class State implements Party.Server {
  private board: Board = { scores: new Map(), seen: new Set(), since: new Date(0), big: 2n ** 70n };

  constructor(readonly room: Party.Room) {}

  async onStart() {
    const stored = await this.room.storage.get<string>("board");
    if (stored !== undefined) this.board = superjson.parse<Board>(stored);
  }

  async onRequest(request: Party.Request) {
    if (request.method === "POST") {
      const { name, points } = (await request.json()) as { name: string; points: number };
      const [next, patches] = produceWithPatches(this.board, (draft) => {
        draft.scores.set(name, (draft.scores.get(name) ?? 0) + points);
        draft.seen.add(name);
      });
      this.board = next;
      await this.room.storage.put("board", superjson.stringify(this.board));
      this.room.broadcast(JSON.stringify(patches));
    }
    return Response.json(superjson.serialize(this.board));
  }
}

State satisfies Party.Worker;
