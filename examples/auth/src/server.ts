/*
 * Only those with a token get into a room.
 *
 * `onBeforeConnect` and `onBeforeRequest` are static: they run before a room is started or
 * disturbed, and what they answer in place of the request is what the client gets, here a 401. A
 * token is `<name>.<HMAC of the name>`, signed with `SECRET`; `GET /token?name=ann` gives one away,
 * where a real project would first ask for a password. Browsers cannot set headers on a WebSocket,
 * so its token is in the query.
 *
 * The room trusts the header `x-name`, because every request has been through a hook that sets it.
 */

import type * as Party from "partykit/server";

const NAME = /^[a-z0-9]{1,20}$/;
const HMAC = { name: "HMAC", hash: "SHA-256" };

export default class Members implements Party.Server {
  static onBeforeConnect(request: Party.Request, lobby: Party.Lobby) {
    return admit(request, new URL(request.url).searchParams.get("token"), lobby.env);
  }

  static onBeforeRequest(request: Party.Request, lobby: Party.Lobby) {
    return admit(request, request.headers.get("authorization")?.replace(/^Bearer /, ""), lobby.env);
  }

  static async onFetch(request: Party.Request, lobby: Party.FetchLobby) {
    const { pathname, searchParams } = new URL(request.url);
    const name = searchParams.get("name") ?? "";
    if (pathname !== "/token" || !NAME.test(name)) return null;
    return new Response(`${name}.${await sign(name, lobby.env)}`);
  }

  constructor(readonly room: Party.Room) {}

  onConnect(connection: Party.Connection, { request }: Party.ConnectionContext) {
    this.room.broadcast(`${request.headers.get("x-name")} came in`, [connection.id]);
    connection.send(`Welcome, ${request.headers.get("x-name")}`);
  }

  onRequest(request: Party.Request) {
    return new Response(`Hello, ${request.headers.get("x-name")}`);
  }
}

/** The request with the name of who sends it, or a refusal. */
async function admit(
  request: Party.Request,
  token: string | null | undefined,
  env: Party.Lobby["env"],
) {
  const [name = "", signature = ""] = token?.split(".") ?? [];
  const valid = NAME.test(name) && equal(signature, await sign(name, env));
  if (!valid) return new Response("Token missing or not valid", { status: 401 });
  // Set, not appended: what a client says of itself in this header is overwritten.
  request.headers.set("x-name", name);
  return request;
}

async function sign(name: string, env: Party.Lobby["env"]) {
  const secret = new TextEncoder().encode(String(env.SECRET));
  const key = await crypto.subtle.importKey("raw", secret, HMAC, false, ["sign"]);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(name)));
  return [...mac].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Takes the same time wherever two texts differ, so that nobody guesses a signature bit by bit. */
function equal(a: string, b: string) {
  const [left, right] = [new TextEncoder().encode(a), new TextEncoder().encode(b)];
  return left.length === right.length && crypto.subtle.timingSafeEqual(left, right);
}

Members satisfies Party.Worker;
