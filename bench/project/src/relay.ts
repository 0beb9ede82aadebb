/* One party calls another: the room of the same name of `http` answers. Target of `houseparty bench parties`. */

import type * as Party from "partykit/server";

export default class Relay implements Party.Server {
  constructor(readonly room: Party.Room) {}

  async onRequest() {
    const answer = await this.room.context.parties.http.get(this.room.id).fetch();
    return new Response(await answer.text());
  }
}

Relay satisfies Party.Worker;
