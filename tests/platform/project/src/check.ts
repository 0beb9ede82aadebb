/*
 * A party of checks: a request for `all` lists their names, one for a name runs that check and answers with what it
 * gives, as JSON. What a check throws is told as text with status 500.
 */

export type Checks = Record<string, (request: Request) => unknown>;

export function party(checks: Checks) {
  return {
    async onRequest(request: Request) {
      const name = new URL(request.url).pathname.split("/").pop()!;
      if (name === "all") return Response.json(Object.keys(checks));
      const check = checks[name];
      if (check === undefined) return new Response(`no check ${name}`, { status: 404 });
      try {
        const given = await check(request);
        return given instanceof Response ? given : Response.json(given ?? null);
      } catch (error) {
        return new Response(`${(error as Error)?.stack ?? error}`, { status: 500 });
      }
    },
  };
}

/** What a call throws or rejects with: "Name: message". */
export async function failure(run: () => unknown): Promise<string> {
  try {
    await run();
    return "nothing was thrown";
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

/** Throws unless both are the same as JSON; `undefined` and BigInt count. */
export function is(given: unknown, wanted: unknown, what = "it"): void {
  const text = (value: unknown) =>
    JSON.stringify(value, (_, part) => {
      if (part === undefined) return "<undefined>";
      if (typeof part === "bigint") return `${part}n`;
      if (ArrayBuffer.isView(part) && !(part instanceof DataView)) return [...(part as Uint8Array)];
      return part instanceof ArrayBuffer ? [...new Uint8Array(part)] : part;
    });
  if (text(given) !== text(wanted)) throw new Error(`${what} is ${text(given)}, not ${text(wanted)}`);
}

export const bytes = (text: string) => new TextEncoder().encode(text);
export const hex = (buffer: ArrayBuffer | Uint8Array) =>
  [...new Uint8Array(buffer as ArrayBuffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
export const pause = (ms = 1) => new Promise((resolve) => setTimeout(resolve, ms));
