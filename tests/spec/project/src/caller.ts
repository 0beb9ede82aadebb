/*
 * Calls other rooms as a case asks it to, and tells what came back.
 */
import type * as Party from "partykit/server";
import { below, said } from "./lib/wire";

function argument(value: any): any {
  if (value?.$request) return new Request(value.$request.url, value.$request);
  if (value?.$headers) return { headers: new Headers(value.$headers) };
  return value;
}

async function shown(response: Response) {
  const { status } = response;
  const type = response.headers.get("content-type") ?? "";
  const body = type.includes("json") ? await response.json() : await response.text();
  return { status, body };
}

export default class Caller implements Party.Server {
  constructor(readonly room: Party.Room) {}

  stub(call: any) {
    return (this.room.context.parties as any)[call.party ?? "callee"].get(call.room);
  }

  async onRequest(request: Party.Request): Promise<any> {
    const { path } = below(request.url);
    if (path === "leaf") return new Response(`leaf of ${this.room.id}`);
    if (path === "parties") {
      const { parties } = this.room.context;
      return Response.json({
        known: ["main", "callee", "guard_object"].map((name) => Object.hasOwn(parties, name)),
        unknown: typeof (parties as any).nobody,
      });
    }
    const call: any = await request.json();
    const args = (call.args ?? []).map(argument);
    switch (path) {
      case "fetch":
        return Response.json(await shown(await this.stub(call).fetch(...args)));
      case "fetch-error": {
        let promise;
        try {
          promise = this.stub(call).fetch(...args);
        } catch (error) {
          return Response.json({ thrown: said(error) });
        }
        try {
          return Response.json(await shown(await promise));
        } catch (error) {
          return Response.json({ rejected: said(error) });
        }
      }
      case "pass-through":
        return this.stub(call).fetch(...args);
      case "parallel": {
        const calls = Array.from({ length: call.count }, () => this.stub(call).fetch(...args));
        const answers = await Promise.all(calls);
        return Response.json(await Promise.all(answers.map(shown)));
      }
      case "connect": {
        const socket = this.stub(call).connect();
        socket.addEventListener("open", () => socket.send("over the network"));
        const heard = await new Promise((resolve) => {
          socket.addEventListener("message", ({ data }: any) => data.startsWith("callee:") && resolve(data));
        });
        socket.close(1000);
        return Response.json([socket instanceof WebSocket, heard]);
      }
      case "abort": {
        const controller = new AbortController();
        const answer = this.stub(call).fetch("/never", { signal: controller.signal });
        setTimeout(() => controller.abort(), 5);
        return Response.json(await answer.catch((error: Error) => error.name));
      }
      case "socket":
        return Response.json(await this.talk(call, args));
      case "socket-error":
        try {
          await this.stub(call).socket(...args);
          return Response.json("opened");
        } catch (error) {
          return Response.json(said(error));
        }
    }
    return new Response("what?", { status: 400 });
  }

  /** Opens a socket, sends the messages of the call and lists what happens until it is closed. */
  async talk(call: any, args: any[]) {
    const socket = await this.stub(call).socket(...args);
    const seen: unknown[] = [`state ${socket.readyState}`];
    const closed = new Promise<void>((resolve) => {
      socket.addEventListener("open", () => seen.push("open"));
      socket.addEventListener("message", (event: any) => seen.push(event.data));
      socket.addEventListener("close", (event: any) => {
        seen.push(`close ${event.code} ${event.reason}`);
        resolve();
      });
    });
    for (const message of call.messages) socket.send(message);
    await closed;
    return seen;
  }
}
