/*
 * JSON Web Tokens of this project, by `jose`: made by `sign`, checked by `verify`.
 *
 * A token says who somebody is and until when, signed with the project's `SECRET`; whoever reads it can see that but not
 * change it. `verify` throws what `jose` throws, with a `code` that says why a token is refused. A token of a service
 * that publishes its keys is checked the same way, with `createRemoteJWKSet` in place of the secret.
 */

import { SignJWT, jwtVerify } from "jose";
import type * as Party from "partykit/server";

const ISSUER = "houseparty:examples/auth";

const keyOf = (env: Party.Lobby["env"]) => new TextEncoder().encode(String(env.SECRET));

export function sign(name: string, lifetime: string, env: Party.Lobby["env"]) {
  return new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(name)
    .setIssuer(ISSUER)
    .setIssuedAt()
    .setExpirationTime(lifetime)
    .sign(keyOf(env));
}

/** The name in a valid token. */
export async function verify(token: string, env: Party.Lobby["env"]) {
  const options = { issuer: ISSUER, algorithms: ["HS256"], requiredClaims: ["exp", "sub"] };
  const { payload } = await jwtVerify(token, keyOf(env), options);
  return String(payload.sub);
}
