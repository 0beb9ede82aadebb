/*
 * Reminders: POST one with a delay, and everybody connected to the room gets it when its time
 * comes.
 *
 * A room has one alarm but may have many reminders, so each reminder is a key that sorts by time,
 * and the alarm is always set for the first of them. Reminders and alarm are durable: those that
 * fell due while the host was off are sent soon after it starts. If `onAlarm` throws, the host
 * calls it again and it goes on with what is still stored. Who is not connected at the time misses
 * a reminder. A POST that makes no sense is answered with 400.
 */

import type * as Party from "partykit/server";

type Reminder = { text: string; at: number };

const DELAY_SECONDS_MAX = 365 * 24 * 3600;

export default class Reminders implements Party.Server {
  constructor(readonly room: Party.Room) {}

  async onRequest(request: Party.Request) {
    if (request.method === "POST") {
      const { text, seconds } = Object(await request.json().catch(() => null));
      const valid = typeof text === "string" && seconds >= 0 && seconds <= DELAY_SECONDS_MAX;
      if (!valid) return new Response('Send { "text": …, "seconds": … }', { status: 400 });
      await this.add({ text, at: Date.now() + seconds * 1000 });
    }
    return Response.json([...(await this.pending()).values()]);
  }

  async onAlarm() {
    const now = Date.now();
    for (const [key, reminder] of await this.pending()) {
      if (reminder.at > now) break;
      this.room.broadcast(JSON.stringify(reminder));
      await this.room.storage.delete(key);
    }
    await this.setAlarm();
  }

  private async add(reminder: Reminder) {
    // Padded, so that the order of the keys is the order of the times.
    const time = String(Math.ceil(reminder.at)).padStart(15, "0");
    await this.room.storage.put(`reminder:${time}:${crypto.randomUUID()}`, reminder);
    await this.setAlarm();
  }

  /** Sets the alarm for the first reminder, if there is one. */
  private async setAlarm() {
    const [first] = (await this.pending(1)).values();
    if (first !== undefined) await this.room.storage.setAlarm(first.at);
  }

  private pending(limit?: number) {
    return this.room.storage.list<Reminder>({ prefix: "reminder:", limit });
  }
}

Reminders satisfies Party.Worker;
