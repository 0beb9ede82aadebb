/*
 * The party `main`: one chat room per room id.
 *
 * A client connects to `/party/<room>?user=<user id>` and sends plain text; everybody else in the
 * room gets it as JSON, `{ type: "message", name, hue, text }`. The room asks two other parties for
 * help: it tells `connections` how many are here, and asks `user` what a sender wants to be called.
 *
 * The room stores nothing and never gives a user id away, as who knows it may change the
 * preferences behind it. If `connections` or `user` fail, people go on chatting: the count is sent
 * again with the next change, and the sender is called "Somebody".
 */

import type * as Party from "partykit/server";
import { ACTIVE_CONNECTIONS, type CountReport } from "./connections";
import type { Preferences } from "./user";

/** What a room sends to its clients. */
export type RoomEvent =
  | { type: "message"; name: string; hue: number; text: string }
  | { type: "renamed"; from: string; to: string };

type Member = { user: string };

const TEXT_LENGTH_MAX = 2_000;
const SOMEBODY: Preferences = { name: "Somebody", hue: 0 };

/** A user whose preferences this room reads, and the socket on which it hears of their changes. */
type Watched = { preferences: Preferences; socket: Awaited<ReturnType<Party.Stub["socket"]>> };

export default class ChatRoom implements Party.Server {
  /** By user id; from a user's first message until the last connection of that user is gone. */
  private watched = new Map<string, Promise<Watched>>();
  private countChanged = false;
  private reporting = false;

  constructor(readonly room: Party.Room) {}

  onConnect(connection: Party.Connection<Member>, { request }: Party.ConnectionContext) {
    const user = new URL(request.url).searchParams.get("user");
    connection.setState({ user: user || connection.id });
    // Not awaited: nobody should have to wait for a statistic.
    void this.reportCount();
  }

  async onMessage(
    message: string | ArrayBuffer | ArrayBufferView,
    sender: Party.Connection<Member>,
  ) {
    if (typeof message !== "string") return;
    const text = message.trim().slice(0, TEXT_LENGTH_MAX);
    if (text === "" || sender.state === null) return;
    const { name, hue } = await this.preferencesOf(sender.state.user);
    this.tell({ type: "message", name, hue, text }, [sender.id]);
  }

  async onClose(connection: Party.Connection<Member>) {
    if (connection.state !== null) void this.forget(connection.state.user);
    await this.reportCount();
  }

  onError(connection: Party.Connection<Member>) {
    return this.onClose(connection);
  }

  /** How many are here: `connections` asks when it doubts what it has saved. */
  onRequest() {
    return Response.json({ room: this.room.id, count: this.count() } satisfies CountReport);
  }

  private tell(event: RoomEvent, without: string[] = []) {
    this.room.broadcast(JSON.stringify(event), without);
  }

  private count() {
    return [...this.room.getConnections()].length;
  }

  /**
   * Posts the number of connections, not "one more" or "one less": a number that got lost is put
   * right by the next one. One post at a time, so that they cannot overtake each other; what
   * changes meanwhile goes into the next post.
   */
  private async reportCount() {
    this.countChanged = true;
    if (this.reporting) return;
    this.reporting = true;
    const counter = this.room.context.parties.connections.get(ACTIVE_CONNECTIONS);
    try {
      while (this.countChanged) {
        this.countChanged = false;
        const report: CountReport = { room: this.room.id, count: this.count() };
        const response = await counter.fetch({ method: "POST", body: JSON.stringify(report) });
        if (!response.ok) console.error(`count not taken: ${await response.text()}`);
      }
    } catch (error) {
      console.error("count not reported:", error);
    } finally {
      this.reporting = false;
    }
  }

  /** Reads a user's preferences the first time and hears of changes from then on. */
  private async preferencesOf(user: string): Promise<Preferences> {
    let watched = this.watched.get(user);
    if (watched === undefined) {
      // Whatever ends it, the next message of this user starts it again.
      const end = () => {
        if (this.watched.get(user) === started) this.watched.delete(user);
      };
      const started = this.watch(user, end);
      this.watched.set(user, started);
      watched = started;
    }
    try {
      return (await watched).preferences;
    } catch (error) {
      console.error("preferences not read:", error);
      return SOMEBODY;
    }
  }

  private async watch(user: string, end: () => void): Promise<Watched> {
    const userRoom = this.room.context.parties.user.get(user);
    try {
      // The socket first: a change between the two calls must not be missed.
      const socket = await userRoom.socket();
      socket.addEventListener("close", end);
      const watched: Watched = { preferences: SOMEBODY, socket };
      socket.addEventListener("message", ({ data }) => this.changed(watched, JSON.parse(String(data))));
      const response = await userRoom.fetch();
      if (response.ok) watched.preferences = (await response.json()) as Preferences;
      else socket.close();
      return watched;
    } catch (error) {
      end();
      throw error;
    }
  }

  private changed(watched: Watched, preferences: Preferences) {
    const from = watched.preferences.name;
    const to = preferences.name;
    watched.preferences = preferences;
    if (from !== to) this.tell({ type: "renamed", from, to });
  }

  /** Stops listening to a user of whom no connection is left. */
  private async forget(user: string) {
    for (const other of this.room.getConnections<Member>()) {
      if (other.state?.user === user) return;
    }
    const watched = this.watched.get(user);
    this.watched.delete(user);
    (await watched?.catch(() => undefined))?.socket.close();
  }
}

ChatRoom satisfies Party.Worker;
