/*
 * Critical sections: each path below the room tries one thing and answers with the order in which things happened.
 * Rooms whose id begins with `ctor` use them in the constructor.
 */
import type * as Party from "partykit/server";
import { below, said } from "./lib/wire";

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

type Try = (this: Gates, log: string[]) => Promise<unknown>;

const tries: Record<string, Try> = {
  /** GATE-10 */
  async order(log) {
    const block = this.room.blockConcurrencyWhile(async () => { log.push("in"); });
    log.push("after the call");
    await block;
    log.push("after the await");
    return log;
  },
  /** GATE-13 */
  async two(log) {
    const block = (name: string) => this.room.blockConcurrencyWhile(async () => {
      log.push(`${name}1`);
      await later(5);
      log.push(`${name}2`);
    });
    await Promise.all([block("a"), block("b")]);
    return log;
  },
  /** GATE-11, GATE-21: what was started before waits, what is started inside does not. */
  async timers(log) {
    setTimeout(() => log.push("from before"), 1);
    await this.room.blockConcurrencyWhile(async () => {
      await later(30);
      log.push("from inside");
    });
    log.push("after");
    await later(1);
    return log;
  },
  /** GATE-11: messages of others wait, too. */
  async held(log) {
    const other = await this.room.context.parties.gates.get(this.room.id).socket();
    await this.room.blockConcurrencyWhile(async () => {
      other.send("from outside");
      await later(30);
      this.heard.push("inside");
    });
    while (this.heard.length < 2) await later(1);
    return this.heard;
  },
  /** GATE-18 */
  async plain() {
    return [await this.room.blockConcurrencyWhile((() => "no promise") as any)];
  },
  /** GATE-16: an inner failure is the end, whatever the outer one does. */
  async nested() {
    return this.room.blockConcurrencyWhile(async () => {
      try {
        await this.room.blockConcurrencyWhile(async () => { throw new Error("the inner one"); });
      } catch {}
      return "caught";
    });
  },
  /** A section is a function; anything else is refused and harms nobody. */
  async noFunction() {
    try {
      return [await this.room.blockConcurrencyWhile(5 as any)];
    } catch (error) {
      return [said(error)];
    }
  },
  async nestedWell(log) {
    await this.room.blockConcurrencyWhile(async () => {
      log.push("outer");
      await this.room.blockConcurrencyWhile(async () => {
        await later(1);
        log.push("inner");
      });
      log.push("outer again");
    });
    return log;
  },
  /** GATE-17 */
  async deep() {
    let depth = 0;
    const deeper = (): Promise<unknown> => this.room.blockConcurrencyWhile(async () => {
      depth++;
      try {
        return await deeper();
      } catch (error) {
        return said(error);
      }
    });
    return [await deeper(), depth];
  },
  /** GATE-15: a request that is under way when another one fails the room. */
  async beside() {
    await this.room.context.parties.gates.get(this.room.id).fetch("/fails");
    return "went on";
  },
  async fails() {
    return this.room.blockConcurrencyWhile(async () => { throw new RangeError("in the block"); });
  },
  /** GATE-15: nobody sees how it ends. */
  async caught() {
    try {
      await this.room.blockConcurrencyWhile(() => { throw new Error("thrown at once"); });
    } catch {
      return "caught";
    }
    return "resolved";
  },
  /** KV-56: a reset does not take back what was written before it. */
  async writesAndFails() {
    await this.room.storage.put("before", 1);
    return this.room.blockConcurrencyWhile(async () => {
      await later(10);
      throw new Error("after the write");
    });
  },
  async stored() {
    return [...(await this.room.storage.list()).keys()];
  },
  /** LC: whether this is still the same instance. */
  async born() {
    return this.born;
  },
  /** LIM-12 */
  async timersMax() {
    const timers: any[] = [];
    try {
      for (let i = 0; i < 20000; i++) timers.push(setTimeout(() => {}, 1e6));
      return [timers.length];
    } catch (error: any) {
      return [timers.length, error.message.split(/[.(]/)[0].trim()];
    } finally {
      timers.forEach(clearTimeout);
    }
  },
  async ready() {
    return this.ready;
  },
};

export default class Gates implements Party.Server {
  readonly born = crypto.randomUUID();
  readonly heard: string[] = [];
  ready = "no";

  constructor(readonly room: Party.Room) {
    if (!room.id.startsWith("ctor")) return;
    room.blockConcurrencyWhile(async () => {
      const attempt = await (await room.context.parties.callee.get(`attempts-${room.id}`).fetch("/count")).json();
      await later(20);
      if (room.id.startsWith("ctor-fails") && attempt === 1) throw new Error("not the first time");
      this.ready = "yes";
    });
  }

  onMessage(message: string) {
    this.heard.push(message);
  }

  async onRequest(request: Party.Request) {
    const attempt = tries[below(request.url).path];
    if (attempt === undefined) return new Response("what?", { status: 400 });
    return Response.json(await attempt.call(this, []));
  }
}
