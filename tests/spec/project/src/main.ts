/*
 * The main party: says what reached it. Its static handlers answer what is not a room.
 */
import type * as Party from "partykit/server";
import { below, said } from "./lib/wire";

export default class Main implements Party.Server {
  constructor(readonly room: Party.Room) {}

  async onRequest(request: Party.Request) {
    return Response.json({
      party: this.room.name,
      room: this.room.id,
      internal: this.room.internalID,
      url: request.url,
      method: request.method,
      body: await request.text(),
    });
  }

  onConnect(connection: Party.Connection) {
    connection.send(JSON.stringify({ party: this.room.name, room: this.room.id, uri: connection.uri }));
  }

  static async onFetch(request: Party.Request, lobby: Party.FetchLobby, ctx: Party.ExecutionContext) {
    const { pathname } = new URL(request.url);
    switch (pathname) {
      case "/fetch/text":
        return new Response(`onFetch ${request.method}`, { status: 202, headers: { "x-from": "edge" } });
      case "/fetch/throw":
        throw Object.assign(new Error("edge failure"), { code: 418 });
      case "/fetch/number":
        return 5 as any;
      case "/fetch/members":
        return Response.json({
          parties: "caller" in lobby.parties,
          env: lobby.env.TEXT,
          id: "id" in lobby,
          waitUntil: typeof ctx.waitUntil,
        });
      case "/fetch/this":
        return Response.json(typeof this);
      case "/fetch/lobby":
        return Response.json(Object.keys(lobby).sort());
      case "/fetch/env": {
        const before = lobby.env.CHANGED ?? null;
        lobby.env.CHANGED = true;
        return Response.json(before);
      }
      case "/fetch/wait-until": {
        ctx.passThroughOnException();
        const later = new Promise((resolve) => setTimeout(resolve, 20));
        ctx.waitUntil(later.then(() => lobby.parties.callee.get("waited-until").fetch("/count")));
        return new Response("answered before it is done");
      }
      case "/fetch/throw-text":
        throw "only a text";
      case "/fetch/room":
        return lobby.parties.main.get("from-the-edge").fetch("/sub", { method: "PUT", body: "b" });
      case "/fetch/asset": {
        const asset = await lobby.assets.fetch("/words.txt");
        return new Response(asset?.body, { headers: { "x-asset": String(asset?.status) } });
      }
      case "/fetch/no-asset":
        return Response.json(await lobby.assets.fetch("/nothing-here"));
      case "/fetch/asset-path":
        try {
          return (await lobby.assets.fetch("words.txt")) ?? new Response("null");
        } catch (error) {
          return new Response(said(error));
        }
      case "/words.txt":
        return new Response(`onFetch instead of an asset: ${request.method}`);
    }
    return null as any;
  }

  static onSocket(socket: any, lobby: Party.FetchLobby) {
    const { pathname } = new URL(socket.request.url);
    if (pathname === "/socket/throw") throw new Error("socket failure");
    if (pathname === "/socket/this") socket.send(String(this === Main));
    socket.send(`${pathname} ${lobby.env.TEXT}`);
    socket.addEventListener("message", (event: MessageEvent) => {
      if (event.data === "close") socket.close(4002, "asked to");
      else socket.send(`edge:${event.data}`);
    });
  }

  static async onCron(this: unknown, cron: any, lobby: Party.CronLobby): Promise<any> {
    if (cron.name === "broken") throw new Error("cron failure");
    if (cron.name === "retry") cron.noRetry();
    if (cron.name === "members") throw new Error(JSON.stringify([Object.keys(cron), Object.keys(lobby).sort(), typeof this]));
    return new Response("nobody sees this", { status: 418 });
  }
}
