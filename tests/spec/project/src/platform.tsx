/*
 * What party code finds around it: the environment, constants, globals, the bundler's features.
 */
import * as PartyKit from "partykit/server";
import type * as Party from "partykit/server";
import { Colour, Inner, Point } from "@lib/shapes";
import data from "./lib/data.json";
import note from "./lib/note.txt";
import { below, said } from "./lib/wire";

declare const BUILD_NUMBER: number;
declare const BUILD_NAME: string;
declare const PARTYKIT_HOST: string;

const React = { createElement: (...parts: unknown[]) => parts };
const moduleTime = Date.now();
let calls = 0;

export default class Platform implements Party.Server {
  readonly early: unknown[];

  constructor(readonly room: Party.Room) {
    const none = (room as any).connections;
    room.broadcast("to nobody");
    this.early = [typeof room.getConnection("x"), [...room.getConnections()].length, none instanceof Map && none.size];
  }

  async onRequest(request: Party.Request): Promise<any> {
    const { path } = below(request.url);
    switch (path) {
      case "env":
        return Response.json(this.room.env);
      case "process":
        return Response.json([process.env.SECRET, process.env.BOTH, process.env.NODE_ENV]);
      case "defines":
        return Response.json([BUILD_NUMBER, BUILD_NAME, PARTYKIT_HOST]);
      case "bundle":
        return Response.json({
          enum: [Colour.Green, Colour[1]],
          namespace: Inner.value,
          decorator: new Point(3).shown(),
          json: data.from,
          text: note,
          jsx: <p title="t">text</p>,
          late: (await import("./lib/late")).late,
          server: typeof PartyKit,
          time: moduleTime > 0,
        });
      case "absent":
        return Response.json(
          ["Deno", "Bun", "window", "document", "require", "localStorage", "Worker", "__bootstrap"]
            .filter((name) => typeof (globalThis as any)[name] !== "undefined"),
        );
      case "present":
        return Response.json(
          ["fetch", "Request", "Response", "Headers", "FormData", "Blob", "File", "WebSocket", "WebSocketPair", "URL",
            "URLPattern", "TextEncoder", "TextDecoderStream", "ReadableStream", "CompressionStream", "crypto",
            "structuredClone", "setTimeout", "queueMicrotask", "AbortController", "Event", "CustomEvent", "performance",
            "atob", "caches", "WebAssembly", "Intl", "scheduler", "reportError"]
            .filter((name) => typeof (globalThis as any)[name] === "undefined"),
        );
      case "agent":
        return new Response(navigator.userAgent);
      case "eval":
        try {
          return Response.json((0, eval)("1 + 1"));
        } catch (error) {
          return new Response((error as Error).name);
        }
      case "timer-id":
        return Response.json(typeof setTimeout(() => {}, 1));
      case "digest": {
        const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("abc"));
        return Response.json([...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
      }
      case "calls":
        return Response.json(++calls);
      case "self-fetch":
        return fetch(`http://${PARTYKIT_HOST}/party/reached-by-network/x`);
      case "own-room": {
        const url = request.url.replace(/self-room.*$|own-room.*$/, "agent");
        return fetch(url);
      }
      case "asset": {
        const asset = await this.room.context.assets.fetch("/data.json");
        return new Response(asset?.body);
      }
      case "asset-missing":
        return Response.json(await this.room.context.assets.fetch("/nope"));
      case "keys":
        return Response.json(Object.keys(this.room).slice(0, 9));
      case "all-keys":
        return Response.json(Object.keys(this.room));
      case "early":
        return Response.json(this.early);
      case "read-only":
        try {
          (this.room as any).id = "another";
          return new Response("changed");
        } catch (error) {
          return new Response((error as Error).name);
        }
      case "context": {
        const { ai, vectorize, bindings } = this.room.context as any;
        return Response.json({ keys: Object.keys(this.room.context), ai: typeof ai, vectorize, bindings });
      }
      case "analytics":
        this.room.analytics.writeDataPoint({} as any);
        return new Response("counted");
      case "console":
        console.log("from the room", { deep: { er: [1, 2] } });
        return new Response("logged");
      case "wasm": {
        const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
        try {
          return Response.json(WebAssembly.validate(bytes));
        } catch (error) {
          return new Response(said(error));
        }
      }
    }
    return new Response("what?", { status: 400 });
  }
}
