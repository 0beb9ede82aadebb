/*
 * `jose`: a JSON Web Token in the query of a WebSocket, checked in `onBeforeConnect`.
 *
 * GET `/…/<room>` gives a token for `?name=`; `?keys=` one that is signed with a key pair made on the spot, verified
 * over its JWK set. Who has no valid token gets a 401 that says why.
 */

import { SignJWT, calculateJwkThumbprint, createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } from "jose";
import type * as Party from "partykit/server";

const secretOf = (env: Party.Lobby["env"]) => new TextEncoder().encode(String(env.SECRET));

export default class Members implements Party.Server {
  static async onBeforeConnect(request: Party.Request, lobby: Party.Lobby) {
    try {
      const token = new URL(request.url).searchParams.get("token") ?? "";
      const { payload } = await jwtVerify(token, secretOf(lobby.env), { audience: lobby.id });
      request.headers.set("x-name", String(payload.sub));
      return request;
    } catch (error) {
      return new Response((error as { code?: string }).code ?? String(error), { status: 401 });
    }
  }

  constructor(readonly room: Party.Room) {}

  onConnect(connection: Party.Connection, { request }: Party.ConnectionContext) {
    connection.send(`Welcome, ${request.headers.get("x-name")}`);
  }

  async onRequest(request: Party.Request) {
    const { searchParams } = new URL(request.url);
    if (searchParams.has("keys")) return this.withKeys(searchParams.get("keys") ?? "");
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(searchParams.get("name") ?? "nobody")
      .setAudience(this.room.id)
      .setIssuedAt()
      .setExpirationTime(searchParams.get("expires") ?? "1h")
      .sign(secretOf(this.room.env));
    return new Response(token);
  }

  private async withKeys(alg: string) {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = await exportJWK(publicKey);
    const kid = await calculateJwkThumbprint(jwk);
    const token = await new SignJWT({ sub: alg }).setProtectedHeader({ alg, kid }).sign(privateKey);
    const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: [{ ...jwk, kid, alg }] }));
    return Response.json(payload);
  }
}

Members satisfies Party.Worker;
