/*
 * `hono` as the router of a room: parameters, middleware, a cookie, JSON, a streamed body, errors and its own 404.
 */

import { Hono } from "hono";
import { cors } from "hono/cors";
import { getCookie, setCookie } from "hono/cookie";
import { etag } from "hono/etag";
import { HTTPException } from "hono/http-exception";
import { streamSSE, streamText } from "hono/streaming";
import type * as Party from "partykit/server";

type Env = { Bindings: { room: Party.Room } };

const app = new Hono<Env>().basePath("/parties/web/:room");
app.use("/open/*", cors({ origin: "https://elsewhere.example" }));
app.use("/tagged", etag());
app.get("/", (context) => context.json({ room: context.req.param("room"), id: context.env.room.id }));
app.get("/open/:name", (context) => context.text(`Hello, ${context.req.param("name")}`));
app.get("/tagged", (context) => context.text("always the same"));
app.get("/visits", (context) => {
  const visits = Number(getCookie(context, "visits") ?? 0) + 1;
  setCookie(context, "visits", String(visits), { httpOnly: true, sameSite: "Lax" });
  return context.json({ visits });
});
app.post("/note", async (context) => {
  const { note } = await context.req.json<{ note: string }>();
  await context.env.room.storage.put("note", note);
  context.env.room.broadcast(note);
  return context.body(null, 204);
});
app.get("/note", async (context) => context.text((await context.env.room.storage.get<string>("note")) ?? ""));
app.get("/count", (context) =>
  streamText(context, async (stream) => {
    for (let number = 1; number <= 3; number++) {
      await stream.writeln(String(number));
      await stream.sleep(5);
    }
  }),
);
app.get("/events", (context) =>
  streamSSE(context, async (stream) => {
    for (const id of ["1", "2"]) await stream.writeSSE({ data: `event ${id}`, event: "tick", id });
  }),
);
app.get("/teapot", () => {
  throw new HTTPException(418, { message: "short and stout" });
});
app.onError((error) =>
  error instanceof HTTPException ? error.getResponse() : new Response(error.message, { status: 500 }),
);

export default class Web implements Party.Server {
  constructor(readonly room: Party.Room) {}

  onRequest(request: Party.Request) {
    return app.fetch(request as unknown as Request, { room: this.room });
  }
}

Web satisfies Party.Worker;
