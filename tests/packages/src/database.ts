/*
 * `drizzle-orm` with a driver that is a fetch, and `postgres`, whose build for workers wants TCP.
 *
 * GET `/…/<room>/rows` selects through the service of the header `x-service`; `/built` only builds SQL. `/postgres` asks a database
 * that is not there, which has to fail as a rejection and not as a crash or a hang.
 */

import { eq, sql } from "drizzle-orm";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { drizzle } from "drizzle-orm/pg-proxy";
import type * as Party from "partykit/server";
import postgres from "postgres";

const people = pgTable("people", { id: integer("id").primaryKey(), name: text("name").notNull() });

export default class Database implements Party.Server {
  async onRequest(request: Party.Request) {
    const db = drizzle(async (query, params, method) => {
      const body = JSON.stringify({ query, params, method });
      const answer = await fetch(`${request.headers.get("x-service")}/query`, { method: "POST", body });
      return (await answer.json()) as { rows: unknown[] };
    });
    const byId = db.select().from(people).where(eq(people.id, 7)).orderBy(sql`lower(${people.name})`);
    switch (new URL(request.url).pathname.split("/").at(-1)) {
      case "rows":
        return Response.json(await byId);
      case "postgres":
        return this.unreachable();
      default:
        return Response.json(byId.toSQL());
    }
  }

  private async unreachable() {
    const client = postgres("postgres://ann:secret@127.0.0.1:1/none", { connect_timeout: 2, max: 1 });
    try {
      return Response.json(await client`select 1`);
    } catch (error) {
      return new Response(String(error), { status: 502 });
    } finally {
      await client.end({ timeout: 0 });
    }
  }
}

Database satisfies Party.Worker;
