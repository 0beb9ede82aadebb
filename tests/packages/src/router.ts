/*
 * `itty-router` and `nanoid`: a small REST interface of a room.
 *
 * POST a JSON value and get an id for it; GET and DELETE it under that id. What is not there is itty-router's 404.
 */

import { AutoRouter, error, type IRequest } from "itty-router";
import { customAlphabet, nanoid } from "nanoid";
import type * as Party from "partykit/server";

const short = customAlphabet("0123456789abcdef", 8);

export default class Things implements Party.Server {
  private readonly router = AutoRouter({ base: "/parties/router/:room" })
    .get("/", async () => [...(await this.room.storage.list({ prefix: "thing:" })).values()])
    .post("/", async (request: IRequest) => {
      const thing = { id: nanoid(), short: short(), value: await request.json() };
      await this.room.storage.put(`thing:${thing.id}`, thing);
      return thing;
    })
    .get("/:id", async ({ id }) => (await this.room.storage.get(`thing:${id}`)) ?? error(404, "no such thing"))
    .delete("/:id", async ({ id }) => ({ deleted: await this.room.storage.delete(`thing:${id}`) }))
    .get("/:id/broken", () => {
      throw new Error("broken on purpose");
    });

  constructor(readonly room: Party.Room) {}

  onRequest(request: Party.Request) {
    return this.router.fetch(request as unknown as Request);
  }
}

Things satisfies Party.Worker;
