/*
 * Crons: a job each minute that writes into a logbook, and one at midnight that starts a new page.
 *
 * `onCron` is static and belongs to no room: it has the other parties and nothing else, so the work is done by a room
 * that it calls. The room keeps the last entries in storage and tells whoever is connected. Only calls between parties
 * may write: requests from outside pass `onBeforeRequest`, which refuses all but GET.
 */

import type * as Party from "partykit/server";

export type Entry = { cron: string; at: number; scheduled: number };

const KEPT = 50;
const LOGBOOK = "lobby";

export default class Logbook implements Party.Server {
  static async onCron(cron: Party.Cron, lobby: Party.CronLobby) {
    const entry = { cron: cron.name, scheduled: cron.scheduledTime };
    return lobby.parties.main.get(LOGBOOK).fetch({ method: "POST", body: JSON.stringify(entry) });
  }

  static onBeforeRequest(request: Party.Request) {
    return request.method === "GET" ? request : new Response("Only crons write here", { status: 403 });
  }

  constructor(readonly room: Party.Room) {}

  async onConnect(connection: Party.Connection) {
    connection.send(JSON.stringify(await this.entries()));
  }

  async onRequest(request: Party.Request) {
    if (request.method === "POST") {
      const { cron, scheduled } = (await request.json()) as Entry;
      // At midnight the old page is torn out; the job itself is the first entry of the new one.
      const before = cron === "midnight" ? [] : await this.entries();
      const entries = [{ cron, scheduled, at: Date.now() }, ...before].slice(0, KEPT);
      await this.room.storage.put("entries", entries);
      this.room.broadcast(JSON.stringify(entries));
    }
    return Response.json(await this.entries());
  }

  private async entries() {
    return (await this.room.storage.get<Entry[]>("entries")) ?? [];
  }
}

Logbook satisfies Party.Worker;
