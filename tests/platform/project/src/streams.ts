/*
 * Streams, compression and their likes. A check throws if something is not as it should be.
 */

import { bytes, failure, hex, is, party, pause } from "./check";

const scope = globalThis as any;
const text = (stream: ReadableStream) => new Response(stream as never).text();

async function all<T>(stream: ReadableStream<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const chunk of stream as any) list.push(chunk);
  return list;
}

/** A stream of bytes that gives `list` one by one. */
const bytesOf = (list: Uint8Array[], onPull = (_: any) => {}) =>
  new ReadableStream({
    type: "bytes",
    pull(controller) {
      onPull(controller);
      const next = list.shift();
      if (next === undefined) {
        controller.close();
        (controller as any).byobRequest?.respond(0);
      } else {
        controller.enqueue(next as never);
      }
    },
  });

export default party({
  async from() {
    is(await all(scope.ReadableStream.from([1, 2])), [1, 2]);
    is(await all(scope.ReadableStream.from((async function* () { yield "a"; yield "b"; })())), ["a", "b"]);
  },
  async tee() {
    const [a, b] = new ReadableStream({ start: (c) => (c.enqueue(1), c.enqueue(2), c.close()) }).tee();
    is([await all(a), await all(b)], [[1, 2], [1, 2]]);
  },
  async iterate() {
    let cancelled: unknown;
    const stream = new ReadableStream({ pull: (c) => c.enqueue(1), cancel: (why) => void (cancelled = why ?? "nothing") });
    for await (const _ of stream as any) break;
    is(cancelled, "nothing");
    const kept = new ReadableStream({ pull: (c) => c.enqueue(1) });
    for await (const _ of (kept as any).values({ preventCancel: true })) break;
    is(kept.locked, false);
  },
  async "back-pressure"() {
    let pulled = 0;
    const stream = new ReadableStream({ pull: (c) => c.enqueue(pulled++) }, { highWaterMark: 3 });
    await pause();
    is(pulled, 3);
    const reader = stream.getReader();
    await reader.read();
    await pause();
    is(pulled, 4);
    const queue: string[] = [];
    const writable = new WritableStream({ write: async (chunk) => (await pause(), void queue.push(chunk)) }, new CountQueuingStrategy({ highWaterMark: 2 }));
    const writer = writable.getWriter();
    is(writer.desiredSize, 2);
    writer.write("a");
    writer.write("b");
    is(writer.desiredSize, 0);
    await writer.ready;
    await writer.close();
    is(queue, ["a", "b"]);
  },
  async errors() {
    const stream = new ReadableStream({ start: (c) => c.error(new RangeError("r")) });
    is(await failure(() => stream.getReader().read()), "RangeError: r");
    const { readable, writable } = new TransformStream({ transform: () => { throw new RangeError("t"); } });
    const writer = writable.getWriter();
    writer.write(1).catch(() => {});
    is(await failure(() => readable.getReader().read()), "RangeError: t");
    is(await failure(() => writer.closed), "RangeError: t");
    is((await failure(() => { const s = new ReadableStream(); s.getReader(); s.getReader(); })).split(":")[0], "TypeError");
  },
  async pipe() {
    const seen: string[] = [];
    await new ReadableStream({ start: (c) => (c.enqueue("a"), c.enqueue("b"), c.close()) })
      .pipeThrough(new TransformStream({ transform: (x, c) => c.enqueue(x.toUpperCase()), flush: (c) => c.enqueue("!") }))
      .pipeTo(new WritableStream({ write: (x) => void seen.push(x), close: () => void seen.push("closed") }));
    is(seen, ["A", "B", "!", "closed"]);
    const controller = new AbortController();
    const piped = new ReadableStream({ pull: async (c) => (await pause(), c.enqueue(1)) }).pipeTo(new WritableStream(), { signal: controller.signal });
    controller.abort(new RangeError("stop"));
    is(await failure(() => piped), "RangeError: stop");
  },
  async byob() {
    const stream = bytesOf([bytes("hello"), bytes("world")]);
    const reader = stream.getReader({ mode: "byob" });
    const first = await reader.read(new Uint8Array(3));
    const second = await reader.read(new Uint8Array(10));
    is([first.value, second.value, first.done], [[104, 101, 108], [108, 111], false]);
    const third = await (reader as any).read(new Uint8Array(5), { min: 5 });
    is(third.value, bytes("world"));
    const last = await reader.read(new Uint8Array(4));
    is([last.done, last.value?.byteLength], [true, 0]);
  },
  async "byob-read-at-least"() {
    const reader = bytesOf([bytes("ab"), bytes("cd"), bytes("ef")]).getReader({ mode: "byob" }) as any;
    is([(await reader.readAtLeast(3, new Uint8Array(8))).value, typeof reader.readAtLeast], [bytes("abcd"), "function"]);
  },
  async "byob-request"() {
    const stream = new ReadableStream({
      type: "bytes",
      pull(controller: any) {
        const view = controller.byobRequest.view;
        view[0] = 7;
        controller.byobRequest.respond(1);
      },
    } as never);
    is((await stream.getReader({ mode: "byob" }).read(new Uint8Array(2))).value, [7]);
  },
  async "auto-allocate"() {
    let size = 0;
    const stream = new ReadableStream({ type: "bytes", autoAllocateChunkSize: 16, pull: (c: any) => { size = c.byobRequest.view.byteLength; c.byobRequest.view[0] = 1; c.byobRequest.respond(1); } } as never);
    is([(await stream.getReader().read()).value, size], [[1], 16]);
  },
  async "byob-of-bodies"() {
    const reader = new Response("0123456789").body!.getReader({ mode: "byob" });
    is((await reader.read(new Uint8Array(4))).value, bytes("0123"));
    is((await reader.read(new Uint8Array(40))).value, bytes("456789"));
  },
  async identity() {
    const { readable, writable } = new scope.IdentityTransformStream();
    const writer = writable.getWriter();
    const written = writer.write(bytes("abc")).then(() => writer.close());
    is(await text(readable), "abc");
    await written;
    const other = new scope.IdentityTransformStream();
    const refused = failure(() => other.writable.getWriter().write("text"));
    other.readable.getReader().read().catch(() => {});
    is((await refused).split(":")[0], "TypeError");
    const byob = new scope.IdentityTransformStream();
    byob.writable.getWriter().write(bytes("xyz"));
    is((await byob.readable.getReader({ mode: "byob" }).read(new Uint8Array(2))).value, bytes("xy"));
  },
  async "fixed-length"() {
    const good = new scope.FixedLengthStream(3);
    const writer = good.writable.getWriter();
    writer.write(bytes("abc"));
    writer.close();
    is(await text(good.readable), "abc");
    const more = new scope.FixedLengthStream(2);
    more.readable.getReader().read().catch(() => {});
    is((await failure(() => more.writable.getWriter().write(bytes("abc")))).split(":")[0], "TypeError");
    const less = new scope.FixedLengthStream(5);
    const short = less.writable.getWriter();
    const read = failure(() => text(less.readable));
    short.write(bytes("abc")).catch(() => {});
    is((await failure(() => short.close())).split(":")[0], "TypeError");
    is((await read).split(":")[0], "TypeError");
    for (const bad of [-1, 1.5, "x"]) is((await failure(() => new scope.FixedLengthStream(bad))).split(":")[0], "TypeError", `${bad}`);
    is(new scope.FixedLengthStream(5n).readable instanceof ReadableStream, true);
  },
  async "fixed-length-answer"() {
    const { readable, writable } = new scope.FixedLengthStream(5);
    const writer = writable.getWriter();
    writer.write(bytes("fixed"));
    writer.close();
    return new Response(readable);
  },
  async "text-streams"() {
    const stream = new ReadableStream({ start: (c) => (c.enqueue("h\u00e9"), c.enqueue("\ud83d"), c.enqueue("\ude00"), c.close()) });
    is(hex(await new Response(stream.pipeThrough(new TextEncoderStream() as never) as never).arrayBuffer()), "68c3a9f09f9880");
    const split = new ReadableStream({ start: (c) => (c.enqueue(Uint8Array.of(0xf0, 0x9f)), c.enqueue(Uint8Array.of(0x98, 0x80)), c.close()) });
    is((await all(split.pipeThrough(new TextDecoderStream() as never))).join(""), "\u{1f600}");
    const bad = new ReadableStream({ start: (c) => (c.enqueue(Uint8Array.of(0xff)), c.close()) });
    is((await failure(() => all(bad.pipeThrough(new TextDecoderStream("utf-8", { fatal: true }) as never)))).split(":")[0], "TypeError");
    is(new TextDecoderStream("latin1").encoding, "windows-1252");
  },
  async compression() {
    for (const format of ["gzip", "deflate", "deflate-raw"] as const) {
      const packed = await new Response(new Response("x".repeat(5000)).body!.pipeThrough(new CompressionStream(format) as never)).arrayBuffer();
      is(packed.byteLength < 200, true, format);
      is((await text(new Response(packed).body!.pipeThrough(new DecompressionStream(format) as never))).length, 5000);
      const cut = new Response(packed.slice(0, packed.byteLength - 4)).body!.pipeThrough(new DecompressionStream(format) as never);
      is((await failure(() => text(cut as never))).split(":")[0], "TypeError", `cut ${format}`);
    }
    const gzip = Uint8Array.from(atob("H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA=="), (c) => c.charCodeAt(0));
    is(await text(new Response(gzip).body!.pipeThrough(new DecompressionStream("gzip") as never)), "hello");
    is((await failure(() => new CompressionStream("br" as never))).split(":")[0], "TypeError");
    is((await failure(() => text(new Response("junk").body!.pipeThrough(new DecompressionStream("gzip") as never) as never))).split(":")[0], "TypeError");
  },
  async blob() {
    const blob = new Blob(["ab", bytes("cd"), new Blob(["ef"])], { type: "Text/Plain" });
    is([blob.size, blob.type, await blob.text(), await blob.slice(1, 3, "x/y").text()], [6, "text/plain", "abcdef", "bc"]);
    is([hex(await blob.arrayBuffer()), hex(await (blob as any).bytes()), await text(blob.stream() as never)], ["616263646566", "616263646566", "abcdef"]);
    const file = new File(["x"], "n.txt", { type: "a/b", lastModified: 5 });
    is([file.name, file.type, file.lastModified, file.size, file instanceof Blob], ["n.txt", "a/b", 5, 1, true]);
    is(await new Blob(["a\r\nb\n"], { endings: "transparent" }).text(), "a\r\nb\n");
  },
  async "a-big-stream"() {
    let left = 200;
    const stream = bytesOf(Array.from({ length: left }, () => new Uint8Array(10_000).fill(left--)));
    const packed = stream.pipeThrough(new CompressionStream("gzip") as never).pipeThrough(new DecompressionStream("gzip") as never);
    is((await new Response(packed as never).arrayBuffer()).byteLength, 2_000_000);
  },
});
