/*
 * The party `user`: one room per user id, which keeps that user's preferences.
 *
 * `GET /parties/user/<id>` answers them as JSON, `PUT` replaces them. Rooms where the user talks
 * keep a socket to this room and get the preferences again whenever they change. Whoever knows a
 * user id may change what it stands for; a real project would check a token in `onBeforeRequest`,
 * as the example `auth` does. A body that makes no sense is answered with 400 and changes nothing.
 */

import type * as Party from "partykit/server";

export type Preferences = {
  /** What others see. */
  name: string;
  /** Colour of the avatar, in degrees. */
  hue: number;
};

const NAME_LENGTH_MAX = 40;

export default class User implements Party.Server {
  // Rooms that watch a user have no need to keep it in memory.
  readonly options: Party.ServerOptions = { hibernate: true };

  constructor(readonly room: Party.Room) {}

  async onRequest(request: Party.Request) {
    switch (request.method) {
      case "GET":
        return Response.json(await this.preferences());
      case "PUT":
        return this.replace(await request.json().catch(() => null));
      default:
        return new Response("Use GET or PUT", { status: 405, headers: { Allow: "GET, PUT" } });
    }
  }

  private async preferences(): Promise<Preferences> {
    return (await this.room.storage.get<Preferences>("preferences")) ?? this.defaults();
  }

  /** A newcomer's name and colour follow from the id, so that they stay the same until changed. */
  private defaults(): Preferences {
    let sum = 0;
    for (const character of this.room.id) sum = (sum * 31 + character.charCodeAt(0)) % 9_000;
    return { name: `Guest ${sum + 1_000}`, hue: (sum * 47) % 360 };
  }

  private async replace(body: unknown) {
    const { name, hue } = (body ?? {}) as Partial<Record<keyof Preferences, unknown>>;
    const before = await this.preferences();
    if (typeof name !== "string" || name.trim() === "" || name.trim().length > NAME_LENGTH_MAX) {
      return refused(`"name" has to be a text of 1 to ${NAME_LENGTH_MAX} characters`);
    }
    if (hue !== undefined && !(Number.isInteger(hue) && Number(hue) >= 0 && Number(hue) < 360)) {
      return refused('"hue" has to be a whole number from 0 to 359');
    }
    const after: Preferences = { name: name.trim(), hue: Number(hue ?? before.hue) };
    await this.room.storage.put("preferences", after);
    this.room.broadcast(JSON.stringify(after));
    return Response.json(after);
  }
}

function refused(problem: string) {
  return Response.json({ error: problem }, { status: 400 });
}

User satisfies Party.Worker;
