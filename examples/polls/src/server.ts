/*
 * A poll: a question, its answers, and a vote per person that can be changed, but not faster than the limit.
 *
 * POST makes the poll of a room, once; votes come over WebSockets. Whoever votes too fast is told when to try again; who
 * does not listen and goes on is closed with 4029. A person is a `voter` id of the client, so a vote is one per browser;
 * a real project would know people as the example `auth` does. Votes are stored one key per voter, the totals are
 * counted once per start. What makes no sense is answered with an error and changes nothing.
 */

import type * as Party from "partykit/server";
import { type Bucket, full, take } from "./limit";

export type Poll = { question: string; options: string[] };

type Voter = { id: string; bucket: Bucket; refused: number };

/** So many votes at once, then one more each two seconds. */
const BURST = 5;
const PER_SECOND = 0.5;
/** So many refused votes in a row, and the connection is closed. */
const REFUSED_MAX = 20;

const VOTER = /^[0-9a-f-]{8,36}$/;

export default class PollRoom implements Party.Server {
  private poll: Poll | null = null;
  private votes = new Map<string, number>();

  constructor(readonly room: Party.Room) {}

  async onStart() {
    this.poll = (await this.room.storage.get<Poll>("poll")) ?? null;
    for (const [key, option] of await this.room.storage.list<number>({ prefix: "vote:" })) {
      this.votes.set(key.slice("vote:".length), option);
    }
  }

  async onRequest(request: Party.Request) {
    if (request.method !== "POST") return Response.json(this.state());
    if (this.poll !== null) return new Response("This room has a poll already", { status: 409 });
    const poll = read(await request.json().catch(() => null));
    if (poll === null) return new Response("Send a question and 2 to 6 different options", { status: 400 });
    this.poll = poll;
    await this.room.storage.put("poll", poll);
    this.tellAll();
    return Response.json(this.state(), { status: 201 });
  }

  onConnect(connection: Party.Connection<Voter>, { request }: Party.ConnectionContext) {
    const id = new URL(request.url).searchParams.get("voter") ?? "";
    if (!VOTER.test(id)) return connection.close(4000, "a voter id is missing");
    connection.setState({ id, bucket: full(BURST, Date.now()), refused: 0 });
    connection.send(JSON.stringify({ ...this.state(), yours: this.votes.get(id) ?? null }));
  }

  async onMessage(message: string | ArrayBuffer | ArrayBufferView, sender: Party.Connection<Voter>) {
    const voter = sender.state;
    const option = /^\d$/.test(String(message)) ? Number(message) : -1;
    if (voter === null || this.poll?.options[option] === undefined) {
      return sender.send(JSON.stringify({ error: "There is no such answer" }));
    }
    const { allowed, bucket } = take(voter.bucket, Date.now(), BURST, PER_SECOND);
    const refused = allowed ? 0 : voter.refused + 1;
    sender.setState({ ...voter, bucket, refused });
    if (refused > REFUSED_MAX) return sender.close(4029, "too many votes");
    if (!allowed) {
      const seconds = Math.ceil((1 - bucket.tokens) / PER_SECOND);
      return sender.send(JSON.stringify({ error: `Not so fast: try again in ${seconds} s`, wait: seconds }));
    }
    this.votes.set(voter.id, option);
    await this.room.storage.put(`vote:${voter.id}`, option);
    sender.send(JSON.stringify({ yours: option }));
    this.tellAll();
  }

  private state() {
    const counts = this.poll?.options.map(() => 0) ?? [];
    for (const option of this.votes.values()) counts[option] += 1;
    return { poll: this.poll, counts };
  }

  private tellAll() {
    this.room.broadcast(JSON.stringify(this.state()));
  }
}

/** A poll as a client may have sent it, or nothing. */
function read(body: unknown): Poll | null {
  const { question, options } = Object(body);
  const isText = (text: unknown) => typeof text === "string" && text.trim() !== "" && text.length <= 120;
  const valid =
    isText(question) && Array.isArray(options) && options.length >= 2 && options.length <= 6 && options.every(isText);
  if (!valid || new Set(options).size < options.length) return null;
  return { question: question.trim(), options: options.map((option: string) => option.trim()) };
}

PollRoom satisfies Party.Worker;
