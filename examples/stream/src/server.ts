/*
 * Answers that are written while they are being thought of: POST a question, read the words as server-sent events.
 *
 * The body of the answer is a stream that is pulled: the generator makes the next word when the client has taken the
 * last one, and stops when the client has gone. Events are `word` with a JSON text, then `done` with how many there
 * were. The last questions are stored; GET lists them. An empty question is answered with 400.
 */

import type * as Party from "partykit/server";
import { answer } from "./model";

const QUESTION_LENGTH_MAX = 500;
const KEPT = 5;

export default class Assistant implements Party.Server {
  /** How many answers are being written now. */
  private writing = 0;

  constructor(readonly room: Party.Room) {}

  async onRequest(request: Party.Request) {
    if (request.method !== "POST") {
      return Response.json({ questions: await this.questions(), writing: this.writing });
    }
    const question = (await request.text()).trim().slice(0, QUESTION_LENGTH_MAX);
    if (question === "") return new Response("Ask something", { status: 400 });
    await this.room.storage.put("questions", [question, ...(await this.questions())].slice(0, KEPT));
    return new Response(this.write(answer(question)), {
      headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
    });
  }

  private write(words: AsyncGenerator<string>) {
    const encoder = new TextEncoder();
    const event = (name: string, data: unknown) =>
      encoder.encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    let count = 0;
    const stop = () => {
      this.writing -= 1;
    };
    this.writing += 1;
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { value, done } = await words.next();
        if (!done) {
          count += 1;
          return controller.enqueue(event("word", value));
        }
        stop();
        controller.enqueue(event("done", { words: count }));
        controller.close();
      },
      async cancel() {
        stop();
        await words.return(undefined);
      },
    });
  }

  private async questions() {
    return (await this.room.storage.get<string[]>("questions")) ?? [];
  }
}

Assistant satisfies Party.Worker;
