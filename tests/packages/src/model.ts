/*
 * `openai`: the words of a model, as they come, to everybody in the room.
 *
 * The service is named in the header `x-service`; the test runs one that speaks the same protocol. POST a prompt; each piece is broadcast,
 * the answer is the whole text. A service that fails is a 502 with the client's own message.
 */

import OpenAI from "openai";
import type * as Party from "partykit/server";

export default class Model implements Party.Server {
  constructor(readonly room: Party.Room) {}

  async onRequest(request: Party.Request) {
    const baseURL = `${request.headers.get("x-service")}/v1`;
    const client = new OpenAI({ apiKey: "none", baseURL, maxRetries: 0 });
    const messages = [{ role: "user" as const, content: await request.text() }];
    try {
      const stream = await client.chat.completions.create({ model: "tiny", messages, stream: true });
      let whole = "";
      for await (const chunk of stream) {
        const piece = chunk.choices[0]?.delta.content ?? "";
        if (piece === "") continue;
        whole += piece;
        this.room.broadcast(piece);
      }
      return new Response(whole);
    } catch (error) {
      return new Response((error as Error).message, { status: 502 });
    }
  }
}

Model satisfies Party.Worker;
