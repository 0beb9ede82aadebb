/*
 * Alarms: sets them as asked, keeps what happened in storage.
 */
import type * as Party from "partykit/server";
import { below, said } from "./lib/wire";

/* PartyKit has no id and no parties here (L-51); the rest of the handler is to run there, too. */
function given(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return "none";
  }
}

export default class Alarm implements Party.Server {
  constructor(readonly room: Party.Room) {}

  async onStart() {
    // The guard that PartyKit's guide recommends; it fails there when an alarm starts the room.
    if (this.room.id) await this.room.storage.put("started as", this.room.id);
  }

  async onRequest(request: Party.Request) {
    const { storage } = this.room;
    const { path, query } = below(request.url);
    try {
      switch (path) {
        case "set":
          await storage.put("mode", query.get("mode") ?? "once");
          await storage.setAlarm(Date.now() + Number(query.get("in")));
          await storage.put("set for", await storage.getAlarm());
          break;
        case "set-date":
          await storage.setAlarm(new Date(Number(query.get("at"))));
          break;
        case "set-raw":
          await storage.setAlarm(Number(query.get("at")));
          break;
        case "delete":
          await storage.deleteAlarm();
          break;
        case "delete-all":
          await storage.deleteAll();
          break;
        case "attempts":
          return Response.json((await storage.get<unknown[]>("fired"))?.length ?? 0);
        case "on-time":
          return Response.json((await storage.get("on time")) ?? null);
        case "started":
          return Response.json((await storage.get("started as")) ?? null);
        case "fired":
          return Response.json((await storage.get("fired")) ?? []);
      }
      return Response.json(await storage.getAlarm());
    } catch (error) {
      return new Response(said(error), { status: 400 });
    }
  }

  async onAlarm() {
    const { storage } = this.room;
    const fired = (await storage.get<unknown[]>("fired")) ?? [];
    const line = {
      room: given(() => this.room.id),
      pending: await storage.getAlarm(),
      parties: given(() => "main" in this.room.context.parties),
    };
    const setFor = (await storage.get<number>("set for")) ?? 0;
    await storage.put({ fired: [...fired, line], "on time": Date.now() >= setFor });
    const first = fired.length === 0;
    switch (await storage.get("mode")) {
      case "repeat":
        if (fired.length < 2) await storage.setAlarm(Date.now() + 1);
        return;
      case "chain":
        if (fired.length < 20) await storage.setAlarm(Date.now());
        return;
      case "same-time":
        if (first) await storage.setAlarm(setFor);
        return;
      case "slow":
        await new Promise((resolve) => setTimeout(resolve, 300));
        await storage.put("slow", "through");
        return;
      case "fail-once":
        if (first) throw new Error("the first time");
        return;
      case "delete-and-fail":
        await storage.deleteAlarm();
        throw new Error("there is no alarm to be tried again");
      case "set-and-fail":
        if (!first) return;
        await storage.setAlarm(Date.now() + 20);
        throw new Error("the new alarm counts");
    }
  }
}
