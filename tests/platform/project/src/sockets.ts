/*
 * `cloudflare:sockets` against servers that the test has started: their ports are in the query of each request.
 */

import { EmailMessage } from "cloudflare:email";
import { connect } from "cloudflare:sockets";

import { failure, party } from "./check";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const port = (request: Request, name = "port") => Number(new URL(request.url).searchParams.get(name));
const local = (request: Request) => ({ hostname: "127.0.0.1", port: port(request) });

async function say(socket: any, text: string) {
  const writer = socket.writable.getWriter();
  await writer.write(encoder.encode(text));
  writer.releaseLock();
}

/** Reads until `text` has come. */
async function hear(socket: any, text: string) {
  const reader = socket.readable.getReader();
  let heard = "";
  while (!heard.includes(text)) {
    const { done, value } = await reader.read();
    if (done) break;
    heard += decoder.decode(value);
  }
  reader.releaseLock();
  return heard;
}

const kept: any[] = [];

export default party({
  echo: async (request) => {
    const socket = connect(local(request));
    const { remoteAddress, localAddress } = await socket.opened;
    await say(socket, "hello\n");
    const heard = await hear(socket, "\n");
    await socket.close();
    return [heard, remoteAddress === `127.0.0.1:${port(request)}`, typeof localAddress, (await socket.closed) ?? null];
  },
  "by-name": async (request) => {
    const socket = connect(`localhost:${port(request)}`);
    await say(socket, "name\n");
    return await hear(socket, "\n");
  },
  ended: async (request) => {
    const socket = connect(local(request));
    await say(socket, "quit\n");
    const heard = await new Response(socket.readable).text();
    await socket.closed;
    return [heard, await failure(() => socket.writable.getWriter().write(encoder.encode("x")))];
  },
  "half-open": async (request) => {
    const socket = connect(local(request), { allowHalfOpen: true } as never);
    await say(socket, "end\n");
    const heard = await new Response(socket.readable).text();
    await say(socket, "still here\n");
    await socket.close();
    return heard;
  },
  finish: async (request) => {
    const socket = connect(local(request), { allowHalfOpen: true } as never);
    await say(socket, "count\n");
    const writer = socket.writable.getWriter();
    for (let i = 0; i < 64; i++) await writer.write(new Uint8Array(100_000));
    await writer.close();
    return await new Response(socket.readable).text();
  },
  flood: async (request) => {
    // The server sends as fast as it can; nobody reads: only what fits into the kernel has left it.
    const socket = connect(local(request));
    await say(socket, "flood\n");
    await new Promise((resolve) => setTimeout(resolve, 200));
    let size = 0;
    const reader = socket.readable.getReader();
    while (size < 1_000_000) size += (await reader.read()).value!.byteLength;
    await reader.cancel();
    await socket.close();
    return size >= 1_000_000;
  },
  byob: async (request) => {
    const socket = connect(local(request));
    await say(socket, "0123456789\n");
    const reader = socket.readable.getReader({ mode: "byob" });
    const { value } = await reader.read(new Uint8Array(4));
    return decoder.decode(value);
  },
  tls: async (request) => {
    const socket = connect({ hostname: "localhost", port: port(request, "tls") }, { secureTransport: "on" });
    await say(socket, "secret\n");
    const heard = await hear(socket, "\n");
    await socket.close();
    return [heard, socket.secureTransport];
  },
  "tls-wrong-name": (request) =>
    failure(async () => {
      const socket = connect({ hostname: "127.0.0.1", port: port(request, "tls") }, { secureTransport: "on" });
      await socket.opened;
    }),
  starttls: async (request) => {
    const plain = connect({ hostname: "localhost", port: port(request) }, { secureTransport: "starttls" });
    await say(plain, "starttls\n");
    const ready = await hear(plain, "go\n");
    const secure = plain.startTls();
    await say(secure, "now secret\n");
    const heard = await hear(secure, "\n");
    return [ready, heard, plain.secureTransport, secure.secureTransport, await failure(() => plain.startTls())];
  },
  refused: async (request) => {
    const socket = connect({ hostname: "127.0.0.1", port: port(request, "dead") });
    return [
      await failure(() => socket.opened),
      await failure(() => socket.closed),
      await failure(() => socket.readable.getReader().read()),
      await failure(() => socket.writable.getWriter().write(encoder.encode("x"))),
    ];
  },
  arguments: async () => [
    await failure(() => connect("nowhere")),
    await failure(() => connect({ hostname: "x", port: 0 })),
    await failure(() => connect({ hostname: "x", port: 99999 })),
    await failure(() => connect("x:1", { secureTransport: "maybe" as never })),
    await failure(() => new (EmailMessage as any)("a", "b", "c")),
    await failure(async () => {
      const socket = connect("127.0.0.1:1");
      await socket.writable.getWriter().write("text" as never);
    }),
  ],
  "too-many": async (request) => {
    let open = 0;
    const why = await failure(async () => {
      for (; open < 200; open++) {
        const socket = connect(local(request));
        await socket.opened;
        kept.push(socket);
      }
    });
    await Promise.all(kept.splice(0).map((socket) => socket.close()));
    return [open, why];
  },
  keep: async (request) => {
    const socket = connect(local(request));
    await socket.opened;
    kept.push(socket);
    return kept.length;
  },
  fall: () => {
    for (;;) {
      // The host stops this turn, and with it the room.
    }
  },
});
