/*
 * HTTP semantics of `onRequest`: bodies, statuses, headers, errors.
 */
import type * as Party from "partykit/server";
import { below } from "./lib/wire";

const text = new TextEncoder();

export default class Rest implements Party.Server {
  constructor(readonly room: Party.Room) {}

  async onRequest(request: any, ...others: unknown[]): Promise<any> {
    const { path, query } = below(request.url);
    switch (path) {
      case "echo":
        return new Response(request.body, {
          headers: { "content-type": request.headers.get("content-type") ?? "none" },
        });
      case "size":
        return Response.json((await request.arrayBuffer()).byteLength);
      case "json":
        return Response.json(await request.json(), { status: 201 });
      case "form":
        return Response.json([...(await request.formData())]);
      case "headers":
        return Response.json({ custom: request.headers.get("x-custom"), host: request.headers.get("host") });
      case "status":
        return new Response(null, { status: Number(query.get("code")), statusText: "As Asked" });
      case "cookies": {
        const headers = new Headers();
        headers.append("set-cookie", "a=1");
        headers.append("set-cookie", "b=2");
        return new Response("cookies", { headers });
      }
      case "redirect":
        return Response.redirect("http://example.com/there", 302);
      case "bytes":
        return new Response(new Uint8Array([0, 255, 10, 13]).subarray(1));
      case "stream":
        return new Response(
          new ReadableStream({
            async start(controller) {
              for (const part of ["one ", "two ", "three"]) {
                controller.enqueue(text.encode(part));
                await new Promise((resolve) => setTimeout(resolve, 5));
              }
              controller.close();
            },
          }),
        );
      case "large":
        return new Response("x".repeat(Number(query.get("size"))));
      case "throw":
        throw new Error("it broke");
      case "throw-code":
        throw Object.assign(new Error("coded"), { code: JSON.parse(query.get("code") ?? "0") });
      case "throw-empty":
        throw new Error("");
      case "throw-string":
        throw "just text";
      case "throw-object":
        throw { code: 409 };
      case "reject":
        return Promise.reject(new Error("rejected"));
      case "undefined":
        return undefined;
      case "number":
        return 5;
      case "unhandled":
        Promise.reject(new Error("nobody listens"));
        return new Response("still here");
      case "immutable":
        try {
          request.headers.set("x-a", "b");
          return new Response("changed");
        } catch (error) {
          return new Response((error as Error).name);
        }
      case "arguments":
        return Response.json(others.length);
      case "socket":
        return new Response(null, { status: 101, webSocket: new WebSocketPair()[0] } as any);
      case "no-body":
        return new Response("", { status: Number(query.get("code")) });
      case "kinds": {
        const { status, type } = Response.error();
        return Response.json({
          error: [status, type],
          json: (Response.json({}) as any).headers.get("content-type"),
          redirect: Response.redirect("http://example.com/", 307).status,
        });
      }
      case "place": {
        const copies = [request, new Request(request), request.clone()];
        const places = copies.map(({ cf }: any) => [typeof cf, typeof cf?.country, Object.keys(cf ?? {}).length]);
        const own = (new Request("http://a/", { cf: { country: "NZ" } } as any) as any).cf;
        return Response.json({ places, own });
      }
      case "events": {
        const events = new ReadableStream({
          async start(controller) {
            for (const id of [1, 2]) {
              controller.enqueue(text.encode(`id: ${id}\ndata: {"n":${id}}\n\n`));
              await new Promise((resolve) => setTimeout(resolve, 5));
            }
            controller.close();
          },
        });
        return new Response(events, { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } });
      }
      case "members":
        return Response.json({
          redirect: request.redirect,
          cf: typeof request.cf,
          isRequest: request instanceof Request,
          bodyUsed: request.bodyUsed,
        });
    }
    return new Response(`${request.method} ${path}`, { headers: { "x-path": path } });
  }
}
