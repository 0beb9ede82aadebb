/*
 * `onBeforeRequest` and `onBeforeConnect` do what the query asks for; the room says what reached it.
 */
import type * as Party from "partykit/server";

async function before(this: unknown, request: Party.Request, lobby: Party.Lobby): Promise<any> {
  const url = new URL(request.url);
  const act = url.searchParams.get("do");
  switch (act) {
    case "response":
      return new Response("not today", { status: 403, headers: { "x-guard": "yes" } });
    case "throw":
      throw Object.assign(new Error("no entry"), { code: 418 });
    case "throw-empty":
      throw new Error("");
    case "throw-text":
      throw "plain text";
    case "throw-empty-text":
      throw "";
    case "header":
      request.headers.set("x-user", `seen by ${lobby.id}`);
      return request;
    case "rewrite":
      return new Request(`${url.origin}/parties/guard/elsewhere?rewritten`, request);
    case "mutate-only":
      request.headers.set("x-user", "lost");
      return undefined;
    case "new-request":
      return new Request(request, { headers: { "x-user": "of a new request" } });
    case "text":
      return "hello";
    case "throw-undefined":
      throw undefined;
    case "throw-symbol":
      throw Symbol("a symbol");
    case "this":
      return Response.json([this === Guard, typeof this, (this as any)?.name]);
    case "lobby":
      return Response.json({ keys: Object.keys(lobby).sort(), id: lobby.id });
    case "undefined":
      return undefined;
    case "env":
      return Response.json({ env: lobby.env.TEXT, storage: "storage" in lobby, parties: "main" in lobby.parties });
  }
  return request;
}

export default class Guard implements Party.Server {
  static onBeforeRequest = before;
  static onBeforeConnect = before;

  constructor(readonly room: Party.Room) {}

  async onRequest(request: Party.Request) {
    const user = request.headers.get("x-user");
    const { pathname } = new URL(request.url);
    return Response.json({ room: this.room.id, user, pathname, body: await request.text() });
  }

  onConnect(connection: Party.Connection, { request }: Party.ConnectionContext) {
    connection.send(JSON.stringify({ room: this.room.id, user: request.headers.get("x-user") }));
  }
}
