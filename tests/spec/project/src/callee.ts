/*
 * Is called by `caller`: says what it received, fails, redirects, calls back.
 */
import type * as Party from "partykit/server";
import { below } from "./lib/wire";

export default class Callee implements Party.Server {
  constructor(readonly room: Party.Room) {}

  async onRequest(request: Party.Request): Promise<any> {
    const { path, query } = below(request.url);
    switch (path) {
      case "fail":
        throw Object.assign(new Error("callee failed"), { code: 418 });
      case "crash":
        throw new Error("callee crashed");
      case "redirect":
        return new Response(null, { status: 302, headers: { location: `/parties/callee/${this.room.id}/landed` } });
      case "stream":
        return new Response(
          new ReadableStream({
            start(controller) {
              for (const part of ["a", "b", "c"]) controller.enqueue(new TextEncoder().encode(part));
              controller.close();
            },
          }),
        );
      case "host":
        return Response.json(new URL(request.url).host);
      case "never":
        return new Promise(() => {});
      case "call-back": {
        const back = await this.room.context.parties.caller.get(query.get("to")!).fetch("/leaf");
        return new Response(`callee heard: ${await back.text()}`);
      }
      case "count": {
        const count = ((await this.room.storage.get<number>("count")) ?? 0) + 1;
        await this.room.storage.put("count", count);
        return Response.json(count);
      }
    }
    return Response.json({
      room: this.room.id,
      method: request.method,
      path: new URL(request.url).pathname + new URL(request.url).search,
      custom: request.headers.get("x-custom"),
      body: await request.text(),
    });
  }

  onConnect(connection: Party.Connection, { request }: Party.ConnectionContext) {
    const { path, query } = below(request.url);
    if (path === "refuse") throw new Error("not you");
    connection.send(`hello ${query.get("_pk") ?? "nobody"} ${request.headers.get("x-custom")}`);
  }

  onMessage(message: string, connection: Party.Connection) {
    if (message === "bye") connection.close(4001, "bye");
    else connection.send(`callee:${message}`);
  }
}
