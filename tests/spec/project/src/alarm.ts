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
    await storage.put("fired", [...fired, line]);
    const mode = await storage.get("mode");
    if (mode === "repeat" && fired.length < 2) await storage.setAlarm(Date.now() + 1);
    if (mode === "fail-once" && fired.length === 0) throw new Error("the first time");
  }
}
