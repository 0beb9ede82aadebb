/*
 * A quiz room that can leave memory while its players stay connected.
 *
 * With `options.hibernate` the host drops a quiet room: the instance and its fields are gone, the
 * sockets stay open. The next message starts the room again. What belongs to a connection goes into
 * `connection.setState`, what belongs to the room into storage; both are still there. A field is
 * not, and `wokenAt` shows it: it changes with every wake-up, the points do not.
 *
 * Clients send an answer and get `{ points, wokenAt }`. Listeners added with `addEventListener`
 * would never fire here: there is nobody in memory to call. Binary messages are ignored.
 */

import type * as Party from "partykit/server";

type Player = { points: number };

export default class Quiz implements Party.Server {
  readonly options: Party.ServerOptions = { hibernate: true };

  /** A plain field: lost whenever the room hibernates. */
  readonly wokenAt = new Date().toISOString();

  constructor(readonly room: Party.Room) {}

  onConnect(player: Party.Connection<Player>) {
    player.setState({ points: 0 });
    player.send("What is six times seven?");
  }

  onMessage(answer: string | ArrayBuffer | ArrayBufferView, player: Party.Connection<Player>) {
    if (typeof answer !== "string") return;
    const gained = answer.trim() === "42" ? 1 : 0;
    const points = (player.state?.points ?? 0) + gained;
    // At most 2 KiB in PartyKit: it is kept beside the socket, not in storage.
    player.setState({ points });
    player.send(JSON.stringify({ points, wokenAt: this.wokenAt }));
  }
}

Quiz satisfies Party.Worker;
