/*
 * `HTMLRewriter` as the documentation of the Workers platform describes it; tests/platform/rewriter.rs knows what each
 * check has to give.
 */

import { failure, party } from "./check";

declare const HTMLRewriter: any;

const html = (text: string, init: ResponseInit = { headers: { "content-type": "text/html" } }) =>
  new Response(text, init);

/** Text in chunks of one byte. */
const trickle = (text: string) =>
  new Response(
    new ReadableStream({
      start(controller) {
        for (const byte of new TextEncoder().encode(text)) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    }),
  );

const rewrite = (text: string, build: (rewriter: any) => any) =>
  build(new HTMLRewriter()).transform(html(text)).text();

const pause = () => new Promise((resolve) => setTimeout(resolve, 1));

export default party({
  attributes: () =>
    rewrite('<a href="http://x/" class=c data-a>x</a>', (it) =>
      it.on("a", {
        element(e: any) {
          const before = JSON.stringify([...e.attributes]);
          e.setAttribute("href", e.getAttribute("HREF").replace("http:", "https:")).removeAttribute("class");
          e.setAttribute("title", 'a "b"');
          e.after(`${before}${e.hasAttribute("class")}${e.getAttribute("none")}${e.getAttribute("href")}`);
        },
      })),
  content: () =>
    rewrite("<p>in</p>", (it) =>
      it.on("p", {
        element(e: any) {
          e.before("<b>", { html: true }).before("<").prepend("P1").prepend("P2").append("A1").append("A2")
            .after("1").after("2");
        },
      })),
  replaced: () =>
    rewrite("<i>1</i><b>2</b><u>3</u><s>4</s>", (it) =>
      it.on("i", { element: (e: any) => e.replace("<x>", { html: true }) })
        .on("b", { element: (e: any) => void e.setInnerContent("<y>") })
        .on("u", { element: (e: any) => void e.remove() })
        .on("s", { element: (e: any) => void e.removeAndKeepContent() })),
  names: () =>
    rewrite("<DIV>x</DIV>", (it) =>
      it.on("div", {
        element(e: any) {
          e.append(`${e.tagName} ${e.namespaceURI} ${e.removed}`);
          e.tagName = "section";
        },
      })),
  text: async () => {
    const seen: unknown[] = [];
    const out = await rewrite("<p>one<br>two &amp; three</p>", (it) =>
      it.on("p", {
        text(t: any) {
          seen.push([t.text, t.lastInTextNode, t.removed]);
          if (t.text.includes("two")) t.replace("2").before("<").after("!", { html: true });
          if (t.text === "one") t.remove();
        },
      }));
    return [out, seen];
  },
  comments: () =>
    rewrite("<!--a--><p><!--b--></p><!--c-->", (it) =>
      it.on("p", { comments: (c: any) => void (c.text = c.text.toUpperCase()) })
        .onDocument({ comments: (c: any) => (c.text === "c" ? c.replace("C") : c.before(`[${c.text}]`)) })),
  document: async () => {
    const seen: unknown[] = [];
    const out = await rewrite('<!doctype html PUBLIC "-//X" "http://y"><p>x</p>', (it) =>
      it.onDocument({
        doctype: (d: any) => void seen.push([d.name, d.publicId, d.systemId]),
        text: (t: any) => void seen.push(t.text),
        end: (e: any) => void e.append("<end>", { html: true }).append("<"),
      }));
    return [out, seen];
  },
  "end-tags": () =>
    rewrite("<p>a<b>b</b></p><p>c", (it) =>
      it.on("p", {
        element(e: any) {
          e.onEndTag(async (tag: any) => {
            await pause();
            tag.before(`(${tag.name})`).after("|");
            tag.name = "q";
          });
        },
      })),
  async: async () => {
    const order: string[] = [];
    const out = await rewrite("<p>1</p><p>2</p>", (it) =>
      it.on("p", {
        async element(e: any) {
          order.push("start");
          await pause();
          e.setAttribute("at", `${order.length}`);
          order.push("end");
        },
      }));
    return [out, order];
  },
  "async-storage": () =>
    rewrite("<p></p>", (it) =>
      it.on("p", { element: async (e: any) => e.append(await crypto.subtle.digest("SHA-1", new Uint8Array()).then((d) => `${d.byteLength}`)) })),
  streamed: async () => {
    const given = new HTMLRewriter().on("b", { element: (e: any) => void e.setInnerContent("x") })
      .transform(trickle("<p>caf\u00e9 <b class='a'>bold</b></p>"));
    return await given.text();
  },
  "content-of-a-stream": () =>
    rewrite("<p>x</p>", (it) => it.on("p", { element: (e: any) => void e.replace(new Response("<s>streamed</s>"), { html: true }) })),
  headers: async () => {
    const given = new HTMLRewriter().on("p", {}).transform(
      html("<p>", { status: 203, headers: { "content-type": "text/html", "content-length": "3", "x-a": "1" } }),
    );
    return [given.status, [...given.headers], given instanceof Response, await given.text()];
  },
  charset: async () => {
    const body = Uint8Array.of(...[..."<p>caf\u00e9</p>"].map((letter) => letter.charCodeAt(0)));
    const given = new HTMLRewriter().on("p", { element: (e: any) => void e.append("\u00fc\u4e00") })
      .transform(new Response(body, { headers: { "content-type": 'text/html; charset="iso-8859-1"' } }));
    return [...new Uint8Array(await given.arrayBuffer())];
  },
  empty: async () => {
    const none = new Response(null, { status: 204 });
    return [new HTMLRewriter().transform(none) === none, await rewrite("", (it) => it.on("p", {}))];
  },
  selectors: () =>
    rewrite('<div id=a class="x y"><p lang=en-GB>1</p><ul><li>1</li><li>2</li></ul></div>', (it) => {
      const matched: string[] = [];
      for (const selector of ["*", "#a", ".x.y", "div > p", "div li", "p[lang|=en]", "[class~=y]", "p:not(.x)", "li:nth-child(2)", "p, ul"]) {
        it = it.on(selector, { element: () => void matched.push(selector) });
      }
      return it.onDocument({ end: (e: any) => e.append(`\n${[...new Set(matched)].join(" ; ")}`, { html: true }) });
    }),
  shared: async () => {
    const rewriter = new HTMLRewriter().on("p", { count: 0, element(this: any, e: any) { e.append(`${++this.count}`); } });
    const both = [rewriter.transform(html("<p></p>")), rewriter.transform(html("<p></p>"))];
    return await Promise.all(both.map((it) => it.text()));
  },
  chained: () =>
    new HTMLRewriter().on("b", { element: (e: any) => void e.append("2") })
      .transform(new HTMLRewriter().on("a", { element: (e: any) => void e.after("<b>1</b>", { html: true }) }).transform(html("<a></a>"))).text(),
  errors: async () => {
    let kept: any;
    await rewrite("<p>", (it) => it.on("p", { element: (e: any) => void (kept = e) }));
    const inside = (change: (e: any) => void) => failure(() => rewrite("<p><br>", (it) => it.on("p, br", { element: change })));
    return [
      await failure(() => new HTMLRewriter().on("p[", {})),
      await failure(() => new HTMLRewriter().on("a + b", {})),
      await failure(() => new HTMLRewriter().on(":not(".repeat(500), {})),
      await failure(() => new HTMLRewriter().on("p", { element: 1 })),
      await failure(() => new HTMLRewriter().transform("x")),
      await failure(() => kept.tagName),
      await failure(() => kept.append("x")),
      await inside(() => { throw new RangeError("mine"); }),
      await inside((e) => Promise.reject(new RangeError("later")) as never),
      await inside((e) => e.setAttribute("a b", "x")),
      await inside((e) => void (e.tagName = "1")),
      await inside((e) => void (e.tagName === "br" && e.onEndTag(() => {}))),
      await failure(() => rewrite("<p><!--x-->", (it) => it.onDocument({ comments: (c: any) => void (c.text = "-->") }))),
    ];
  },
  abandoned: async () => {
    // More than may be open at once: each is cancelled in the middle, one of them while its handler waits.
    let cancelled = 0;
    for (let i = 0; i < 200; i++) {
      const source = new ReadableStream({
        pull: (controller) => controller.enqueue(new TextEncoder().encode("<p>x</p>")),
        cancel: () => void cancelled++,
      });
      const given = new HTMLRewriter().on("p", { element: (e: any) => (i === 7 ? pause() : undefined) }).transform(new Response(source));
      const reader = given.body!.getReader();
      await reader.read();
      await reader.cancel();
    }
    return cancelled;
  },
  "too-many": async () => {
    const open: any[] = [];
    const why = await failure(async () => {
      for (let i = 0; i < 100; i++) {
        const source = new ReadableStream({ pull: (c) => c.enqueue(new TextEncoder().encode("<p>x</p>")) });
        const reader = new HTMLRewriter().on("p", {}).transform(new Response(source)).body!.getReader();
        open.push(reader);
        await reader.read();
      }
    });
    for (const reader of open) await reader.cancel().catch(() => {});
    return [open.length, why, await rewrite("<p>still</p>", (it) => it.on("p", {}))];
  },
  fetched: async (request) => {
    const given = await fetch(new URL("/parties/rewriter/other/page", request.url));
    return await new HTMLRewriter().on("title", { element: (e: any) => void e.setInnerContent("new") }).transform(given).text();
  },
  page: () => html("<title>old</title>"),
  answer: () => new HTMLRewriter().on("p", { element: async (e: any) => (await pause(), void e.append("!")) }).transform(html("<p>x</p>")),
});
