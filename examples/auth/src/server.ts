/*
 * Only those with a token get into a room.
 *
 * `POST /login` gives a JSON Web Token to who knows the password. `onBeforeConnect` and `onBeforeRequest` are static:
 * they run before a room is started or disturbed, and what they answer in place of the request is what the client gets,
 * here a 401 that says why. Browsers cannot set headers on a WebSocket, so its token is in the query.
 *
 * The room trusts the header `x-name`, because every request has been through a hook that sets it.
 */

import type * as Party from "partykit/server";
import { sign, verify } from "./token";

const NAME = /^[\p{L}\p{N} ]{1,20}$/u;
const LIFETIME = "1h";

export default class Members implements Party.Server {
  static onBeforeConnect(request: Party.Request, lobby: Party.Lobby) {
    return admit(request, new URL(request.url).searchParams.get("token"), lobby.env);
  }

  static onBeforeRequest(request: Party.Request, lobby: Party.Lobby) {
    return admit(request, request.headers.get("authorization")?.replace(/^Bearer /, ""), lobby.env);
  }

  static async onFetch(request: Party.Request, lobby: Party.FetchLobby) {
    if (new URL(request.url).pathname !== "/login") return null;
    const { name, password } = Object(await request.json().catch(() => null));
    if (typeof name !== "string" || !NAME.test(name)) {
      return new Response("A name is 1 to 20 letters", { status: 400 });
    }
    const known = equal(String(password), String(lobby.env.PASSWORD));
    if (!known) return new Response("This is not the password", { status: 403 });
    return new Response(await sign(name, LIFETIME, lobby.env));
  }

  constructor(readonly room: Party.Room) {}

  onConnect(connection: Party.Connection, { request }: Party.ConnectionContext) {
    const name = nameIn(request);
    this.room.broadcast(`${name} came in`, [connection.id]);
    connection.send(`Welcome, ${name}`);
  }

  onRequest(request: Party.Request) {
    return new Response(`Hello, ${nameIn(request)}`);
  }
}

/** The request with the name of who sends it, or a refusal. */
async function admit(request: Party.Request, token: string | null | undefined, env: Party.Lobby["env"]) {
  if (!token) return new Response("A token is missing", { status: 401 });
  try {
    // Set, not appended: what a client says of itself in this header is overwritten.
    request.headers.set("x-name", encodeURIComponent(await verify(token, env)));
    return request;
  } catch (error) {
    return new Response(`The token is refused: ${(error as Error).message}`, { status: 401 });
  }
}

/** A header holds no letters but those of English; the hook has encoded the name. */
function nameIn(request: { headers: { get(name: string): string | null } }) {
  return decodeURIComponent(request.headers.get("x-name") ?? "");
}

/** Takes the same time wherever two texts differ, so that nobody guesses a password letter by letter. */
function equal(a: string, b: string) {
  const [left, right] = [new TextEncoder().encode(a), new TextEncoder().encode(b)];
  let difference = left.length ^ right.length;
  for (const [index, byte] of left.entries()) difference |= byte ^ (right[index] ?? 0);
  return difference === 0;
}

Members satisfies Party.Worker;
