/*
 * Who is here, and who is only watching.
 *
 * A client connects with `?name=ann&role=player`; anybody without the role `player` is a watcher.
 * Tags group the connections: `room.getConnections("player")` finds the players without looking at
 * the others, and clients hear of a change of the players' status in `{ players, watchers }`.
 * Players send `away` or `here`; the status is kept on the connection itself with `setState`, so it
 * goes when the connection goes and there is nothing to tidy up. What watchers or others send is
 * ignored.
 */

import type * as Party from "partykit/server";

type Player = { name: string; status: "here" | "away" };

export default class Presence implements Party.Server {
  constructor(readonly room: Party.Room) {}

  getConnectionTags(_: Party.Connection, { request }: Party.ConnectionContext) {
    const role = new URL(request.url).searchParams.get("role");
    return [role === "player" ? "player" : "watcher"];
  }

  onConnect(connection: Party.Connection<Player>, { request }: Party.ConnectionContext) {
    const name = new URL(request.url).searchParams.get("name") ?? "somebody";
    connection.setState({ name, status: "here" });
    this.tellAll();
  }

  onMessage(
    status: string | ArrayBuffer | ArrayBufferView,
    connection: Party.Connection<Player>,
  ) {
    const isPlayer = [...this.room.getConnections("player")].includes(connection);
    if (!isPlayer || (status !== "here" && status !== "away")) return;
    connection.setState((before) => ({ name: before?.name ?? "somebody", status }));
    this.tellAll();
  }

  onClose() {
    // Who has left is no longer among the connections.
    this.tellAll();
  }

  onRequest() {
    return Response.json(this.present());
  }

  private present() {
    const players = [...this.room.getConnections<Player>("player")].map((it) => it.state);
    const watchers = [...this.room.getConnections("watcher")].length;
    return { players, watchers };
  }

  private tellAll() {
    this.room.broadcast(JSON.stringify(this.present()));
  }
}

Presence satisfies Party.Worker;
