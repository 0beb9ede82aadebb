/*
 * The party `connections`: how many connections every chat room has. It has one room that matters,
 * `active-connections`.
 *
 * Chat rooms POST their count when it changes. Every answer is all counts, as in `{ "lobby": 2 }`,
 * and listeners on a WebSocket get the same object when they connect and with each change. A room
 * without connections is not listed.
 *
 * Counts are saved, so that they survive a restart. After a crash nobody has told us who left, so
 * saved counts are doubtful: an alarm asks the chat rooms themselves, some seconds after a start
 * and then every minute while there is somebody to count. Only chat rooms may report: what comes
 * from outside is refused before it reaches the room.
 */

import type * as Party from "partykit/server";

/** The one room of this party that all chat rooms report to. */
export const ACTIVE_CONNECTIONS = "active-connections";

export type CountReport = { room: string; count: number };

const PREFIX = "count:";
/** Time for the clients of a host that has restarted to come back. */
const CHECK_AFTER_START_MS = 5_000;
const CHECK_EVERY_MS = 60_000;

export default class Connections implements Party.Server {
  readonly options: Party.ServerOptions = { hibernate: true };

  private counts = new Map<string, number>();

  /** Calls from other parties do not come through here: whoever does is a stranger. */
  static onBeforeRequest(request: Party.Request) {
    if (request.method === "GET" || request.method === "HEAD") return request;
    return new Response("Only chat rooms report counts", { status: 403 });
  }

  constructor(readonly room: Party.Room) {}

  async onStart() {
    const saved = await this.room.storage.list<number>({ prefix: PREFIX });
    for (const [key, count] of saved) this.counts.set(key.slice(PREFIX.length), count);
    if (this.counts.size > 0) await this.checkIn(CHECK_AFTER_START_MS);
  }

  onConnect(connection: Party.Connection) {
    connection.send(this.json());
  }

  async onRequest(request: Party.Request) {
    if (request.method === "POST") {
      const report = await request.json().catch(() => null);
      if (!isReport(report)) return new Response("Not a count", { status: 400 });
      await this.take(report);
    }
    return new Response(this.json(), { headers: { "Content-Type": "application/json" } });
  }

  /** Asks every listed room for its count; one that cannot answer has nobody in it. */
  async onAlarm() {
    const { main } = this.room.context.parties;
    await Promise.all(
      [...this.counts.keys()].map(async (room) => {
        const before = this.counts.get(room);
        const answer = await main.get(room).fetch().then((it) => it.json()).catch(() => null);
        // What the room has reported in the meantime is newer than its answer.
        if (this.counts.get(room) !== before) return;
        await this.take({ room, count: isReport(answer) ? answer.count : 0 });
      }),
    );
    if (this.counts.size > 0) await this.room.storage.setAlarm(Date.now() + CHECK_EVERY_MS);
  }

  /** Sets the alarm, unless it will ring sooner anyway. */
  private async checkIn(delay: number) {
    const time = Date.now() + delay;
    const pending = await this.room.storage.getAlarm();
    if (pending === null || pending > time) await this.room.storage.setAlarm(time);
  }

  private async take({ room, count }: CountReport) {
    if ((this.counts.get(room) ?? 0) === count) return;
    if (count > 0) {
      this.counts.set(room, count);
      await this.room.storage.put(PREFIX + room, count);
      await this.checkIn(CHECK_EVERY_MS);
    } else {
      this.counts.delete(room);
      await this.room.storage.delete(PREFIX + room);
    }
    this.room.broadcast(this.json());
  }

  private json() {
    return JSON.stringify(Object.fromEntries(this.counts));
  }
}

/** A count is a whole number and never below zero. */
function isReport(body: unknown): body is CountReport {
  const { room, count } = (body ?? {}) as Partial<CountReport>;
  return typeof room === "string" && Number.isInteger(count) && Number(count) >= 0;
}

Connections satisfies Party.Worker;
