/*
 * `xstate`: a traffic light whose actor is stored with each transition and goes on from there after a restart.
 *
 * POST a name of an event; the answer is the state. The delayed transition of `flashing` uses the room's timers.
 */

import type * as Party from "partykit/server";
import { assign, createActor, setup } from "xstate";

const light = setup({
  types: { context: {} as { changes: number }, events: {} as { type: "NEXT" } | { type: "BREAK" } },
  actions: { count: assign({ changes: ({ context }) => context.changes + 1 }) },
}).createMachine({
  id: "light",
  initial: "red",
  context: { changes: 0 },
  on: { BREAK: { target: ".flashing", actions: "count" } },
  states: {
    red: { on: { NEXT: { target: "green", actions: "count" } } },
    green: { on: { NEXT: { target: "yellow", actions: "count" } } },
    yellow: { on: { NEXT: { target: "red", actions: "count" } } },
    flashing: { after: { 20: { target: "red", actions: "count" } } },
  },
});

export default class Chart implements Party.Server {
  private actor = createActor(light);

  constructor(readonly room: Party.Room) {}

  async onStart() {
    const snapshot = await this.room.storage.get<ReturnType<typeof this.actor.getPersistedSnapshot>>("light");
    if (snapshot !== undefined) this.actor = createActor(light, { snapshot });
    this.actor.subscribe(() => {
      void this.room.storage.put("light", this.actor.getPersistedSnapshot());
    });
    this.actor.start();
  }

  async onRequest(request: Party.Request) {
    if (request.method === "POST") {
      const type = await request.text();
      if (type !== "NEXT" && type !== "BREAK") return new Response(`no event ${type}`, { status: 400 });
      this.actor.send({ type });
    }
    const { value, context } = this.actor.getSnapshot();
    return Response.json({ value, changes: context.changes });
  }
}

Chart satisfies Party.Worker;
