/* A party to be debugged: see tests/clients/inspect.js. */

import type * as Party from "partykit/server";

interface Greeting {
  name: string;
}

const loaded = Date.now();

function spin(): string {
  const end = Date.now() + 300;
  let sum = 0;
  while (Date.now() < end) sum += Math.sqrt(sum + 1);
  return sum > 0 ? "busy" : "idle";
}

async function fail(): Promise<void> {
  await null;
  throw new RangeError("as it was asked to");
}

export default class Server implements Party.Server {
  started = 0;

  constructor(readonly room: Party.Room) {}

  async onStart(): Promise<void> {
    this.started = loaded;
  }

  async onRequest(request: Party.Request): Promise<Response> {
    const asked = new URL(request.url).searchParams;
    if (asked.has("busy")) return new Response(spin());
    if (asked.has("fail")) await fail();
    if (asked.has("forever")) {
      console.log("loops");
      for (;;) spin();
    }
    if (asked.has("full")) {
      const kept: unknown[] = [];
      for (;;) kept.push(new Array(1000).fill(kept.length));
    }
    const greeting: Greeting = { name: asked.get("name") ?? "nobody" };
    console.log("greets", greeting);
    const text = `Hello, ${greeting.name}`;
    return new Response(text);
  }
}
