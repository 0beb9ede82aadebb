/*
 * `HTMLRewriter` as the Workers platform has it. Loaded by the first access of an isolate.
 *
 * The parser is the host's (runtime/engine/rewriter.rs). It stops at each token somebody has a handler for;
 * the handler, which may be asynchronous, gets an object that notes what it wants changed; the notes go back and the
 * parser goes on. A document is read when its result is read, chunk by chunk. Whatever a handler throws fails the
 * result and cancels the source.
 */

(function () {
  const { core } = __bootstrap;
  const {
    op_html_check,
    op_html_open,
    op_html_write,
    op_html_end,
    op_html_answer,
    op_html_take,
    op_html_close,
  } = core.ops;
  const { ReadableStream } = core.loadExtScript("ext:deno_web/06_streams.js");

  // Shared with runtime/engine/ops/html.rs.
  const ELEMENT = 1;
  const COMMENTS = 2;
  const TEXT = 4;
  const DOCTYPE = 8;
  const END = 16;
  const END_TAG = 32;

  const BEFORE = 0;
  const AFTER = 1;
  const PREPEND = 2;
  const APPEND = 3;
  const REPLACE = 4;
  const SET_INNER = 5;
  const REMOVE = 6;
  const REMOVE_AND_KEEP = 7;
  const SET_ATTRIBUTE = 8;
  const REMOVE_ATTRIBUTE = 9;
  const SET_NAME = 10;
  const SET_TEXT = 11;
  const ON_END_TAG = 12;

  const INTERNAL = Symbol("internal");

  /** Text of a stream that a handler gave as content. */
  async function textOf(source) {
    const Response = globalThis.Response;
    return await (source instanceof Response ? source : new Response(source)).text();
  }

  /** What the party sees of a part of the document, while its handler runs. */
  class Token {
    #changes = [];
    #removed;
    #live = true;

    constructor(key, removed = false) {
      if (key !== INTERNAL) throw new TypeError("Illegal constructor");
      this.#removed = removed;
    }

    static {
      /** The changes, once the handler is through; from then on the token is dead. */
      Token.finish = async (token) => {
        token.#live = false;
        const changes = token.#changes;
        for (let i = 1; i < changes.length; i += 3) {
          if (typeof changes[i] === "object") changes[i] = await textOf(changes[i]);
        }
        return changes;
      };
      Token.changes = (token) => {
        token.#live = false;
        return token.#changes.some((part) => typeof part === "object") ? null : token.#changes;
      };
      Token.check = (token) => token.#check();
      Token.note = (token, code, a = "", b = false) => {
        token.#check();
        token.#changes.push(code, a, b);
        return token;
      };
      Token.insert = (token, code, content, options) => {
        const streamed = content instanceof ReadableStream || content instanceof globalThis.Response;
        return note(token, code, streamed ? content : `${content}`, options?.html === true);
      };
      Token.markRemoved = (token) => (token.#removed = true);
      Token.isRemoved = (token) => {
        token.#check();
        return token.#removed;
      };
    }

    #check() {
      if (!this.#live) {
        throw new TypeError(
          "This content token is no longer valid. Content tokens are only valid during the execution of the " +
            "relevant content handler.",
        );
      }
    }
  }
  const { finish, changes: changesOf, check, note, insert, markRemoved, isRemoved } = Token;
  for (const name of ["finish", "changes", "check", "note", "insert", "markRemoved", "isRemoved"]) {
    delete Token[name];
  }

  /** What all tokens but the doctype and the document's end can do. */
  class Content extends Token {
    before(content, options = undefined) {
      return insert(this, BEFORE, content, options);
    }

    after(content, options = undefined) {
      return insert(this, AFTER, content, options);
    }

    replace(content, options = undefined) {
      insert(this, REPLACE, content, options);
      markRemoved(this);
      return this;
    }

    remove() {
      note(this, REMOVE);
      markRemoved(this);
      return this;
    }
  }

  /** Throws for what cannot be the name of an attribute or of a tag. */
  function checkedName(name, kind, illegal) {
    const text = `${name}`;
    if (text === "") throw new TypeError(`Parser error: ${kind} name can't be empty.`);
    const bad = illegal.exec(text);
    if (bad !== null) {
      throw new TypeError(`Parser error: \`${bad[0]}\` character is forbidden in the ${kind} name`);
    }
    return text;
  }

  class Element extends Content {
    #name;
    #namespace;
    #hasContent;
    #selfClosing;
    #attributes = new Map();
    #endings;

    constructor(key, [, , name, removed, namespace, hasContent, selfClosing, ...attributes], endings) {
      super(key, removed);
      this.#name = name;
      this.#namespace = namespace;
      this.#hasContent = hasContent;
      this.#selfClosing = selfClosing;
      this.#endings = endings;
      for (let i = 0; i < attributes.length; i += 2) {
        // Of two attributes with one name the first counts, as in HTML.
        if (!this.#attributes.has(attributes[i])) this.#attributes.set(attributes[i], attributes[i + 1]);
      }
    }

    get tagName() {
      check(this);
      return this.#name;
    }

    set tagName(name) {
      const text = `${name}`;
      if (!/^[a-zA-Z]/.test(text)) {
        throw new TypeError("Parser error: The first character of the tag name should be an ASCII letter");
      }
      note(this, SET_NAME, checkedName(text, "Tag", /[ \n\r\t\f/>]/));
      this.#name = text.toLowerCase();
    }

    get namespaceURI() {
      check(this);
      return this.#namespace;
    }

    get removed() {
      return isRemoved(this);
    }

    get selfClosing() {
      check(this);
      return this.#selfClosing;
    }

    get canHaveContent() {
      check(this);
      return this.#hasContent;
    }

    get attributes() {
      check(this);
      return [...this.#attributes][Symbol.iterator]();
    }

    getAttribute(name) {
      check(this);
      return this.#attributes.get(`${name}`.toLowerCase()) ?? null;
    }

    hasAttribute(name) {
      check(this);
      return this.#attributes.has(`${name}`.toLowerCase());
    }

    setAttribute(name, value) {
      const key = checkedName(name, "Attribute", /[ \n\r\t\f/>=]/);
      note(this, SET_ATTRIBUTE, key, `${value}`);
      this.#attributes.set(key.toLowerCase(), `${value}`);
      return this;
    }

    removeAttribute(name) {
      note(this, REMOVE_ATTRIBUTE, `${name}`);
      this.#attributes.delete(`${name}`.toLowerCase());
      return this;
    }

    prepend(content, options = undefined) {
      return insert(this, PREPEND, content, options);
    }

    append(content, options = undefined) {
      return insert(this, APPEND, content, options);
    }

    setInnerContent(content, options = undefined) {
      return insert(this, SET_INNER, content, options);
    }

    removeAndKeepContent() {
      note(this, REMOVE_AND_KEEP);
      markRemoved(this);
      return this;
    }

    onEndTag(handler) {
      check(this);
      if (typeof handler !== "function") throw new TypeError("onEndTag: the handler must be a function.");
      if (!this.#hasContent) throw new TypeError("Parser error: No end tag.");
      this.#endings.push(handler);
      note(this, ON_END_TAG, this.#endings.length - 1);
    }
  }

  class EndTag extends Content {
    #name;

    constructor(key, [, , name, removed]) {
      super(key, removed);
      this.#name = name;
    }

    get name() {
      check(this);
      return this.#name;
    }

    set name(name) {
      note(this, SET_NAME, checkedName(name, "Tag", /[ \n\r\t\f/>]/));
      this.#name = `${name}`;
    }

    get removed() {
      return isRemoved(this);
    }
  }

  class Comment extends Content {
    #text;

    constructor(key, [, , text, removed]) {
      super(key, removed);
      this.#text = text;
    }

    get text() {
      check(this);
      return this.#text;
    }

    set text(text) {
      if (`${text}`.includes("-->")) {
        throw new TypeError("Parser error: Comment text shouldn't contain comment closing sequence (`-->`).");
      }
      note(this, SET_TEXT, `${text}`);
      this.#text = `${text}`;
    }

    get removed() {
      return isRemoved(this);
    }
  }

  class Text extends Content {
    #text;
    #last;

    constructor(key, [, , text, removed, last]) {
      super(key, removed);
      this.#text = text;
      this.#last = last;
    }

    get text() {
      check(this);
      return this.#text;
    }

    get lastInTextNode() {
      check(this);
      return this.#last;
    }

    get removed() {
      return isRemoved(this);
    }
  }

  class Doctype extends Token {
    #parts;

    constructor(key, [, , ...parts]) {
      super(key);
      this.#parts = parts;
    }

    get name() {
      check(this);
      return this.#parts[0];
    }

    get publicId() {
      check(this);
      return this.#parts[1];
    }

    get systemId() {
      check(this);
      return this.#parts[2];
    }
  }

  class DocumentEnd extends Token {
    append(content, options = undefined) {
      return insert(this, APPEND, content, options);
    }
  }

  /** kind → [class, name of the handler] */
  const KINDS = new Map([
    [ELEMENT, [Element, "element"]],
    [COMMENTS, [Comment, "comments"]],
    [TEXT, [Text, "text"]],
    [DOCTYPE, [Doctype, "doctype"]],
    [END, [DocumentEnd, "end"]],
  ]);

  /** The handlers an object has, as bits. */
  function kindsOf(handlers, kinds) {
    if (typeof handlers !== "object" && typeof handlers !== "function" || handlers === null) {
      throw new TypeError("HTMLRewriter: the handlers must be an object.");
    }
    let found = 0;
    for (const kind of kinds) {
      const handler = handlers[KINDS.get(kind)[1]];
      if (handler === undefined || handler === null) continue;
      if (typeof handler !== "function") {
        throw new TypeError(`HTMLRewriter: the handler \`${KINDS.get(kind)[1]}\` must be a function.`);
      }
      found |= kind;
    }
    return found;
  }

  /** One document: pulls from `reader`, gives what comes out. */
  class Passage {
    #reader;
    #charset;
    #handlers;
    #endings = [];
    #document = 0;

    constructor(reader, charset, handlers) {
      this.#reader = reader;
      this.#charset = charset;
      this.#handlers = handlers;
    }

    async pull(controller) {
      try {
        this.#document ||= op_html_open(
          this.#charset,
          this.#handlers.map(([selector, kinds]) => [selector, kinds]),
        );
        for (;;) {
          const { done, value } = await this.#reader.read();
          if (!done && !(value instanceof Uint8Array)) {
            throw new TypeError("HTMLRewriter: the body must be a stream of bytes.");
          }
          const id = this.#document;
          await this.#through(done ? op_html_end(id) : op_html_write(id, value));
          const output = op_html_take(id);
          if (output.byteLength > 0) controller.enqueue(output);
          if (done) {
            this.#close();
            controller.close();
            controller.byobRequest?.respond(0);
            return;
          }
          if (output.byteLength > 0) return;
        }
      } catch (error) {
        this.cancel(error);
        throw error;
      }
    }

    cancel(reason) {
      this.#close();
      return this.#reader.cancel(reason).catch(() => {});
    }

    #close() {
      if (this.#document !== 0) op_html_close(this.#document);
    }

    /** Calls handlers until the parser wants more to read. */
    async #through(step) {
      while (step !== null) {
        const token = this.#tokenOf(step);
        for (const call of this.#callsOf(step)) {
          const result = call(token);
          if (typeof result?.then === "function") await result;
        }
        step = op_html_answer(this.#document, changesOf(token) ?? await finish(token));
      }
    }

    #tokenOf(step) {
      const kind = step[1];
      if (kind === END_TAG) return new EndTag(INTERNAL, step);
      const [Kind] = KINDS.get(kind);
      return new Kind(INTERNAL, step, this.#endings);
    }

    #callsOf(step) {
      const kind = step[1];
      if (kind === END_TAG) return step.slice(4).map((number) => this.#endings[number]);
      const handlers = this.#handlers[step[0]][2];
      return [(token) => handlers[KINDS.get(kind)[1]](token)];
    }
  }

  class HTMLRewriter {
    /** [selector, kinds, handlers]; an empty selector is the document. */
    #handlers = [];

    on(selector, handlers) {
      const text = `${selector}`;
      op_html_check(text);
      this.#handlers.push([text, kindsOf(handlers, [ELEMENT, COMMENTS, TEXT]), handlers]);
      return this;
    }

    onDocument(handlers) {
      this.#handlers.push(["", kindsOf(handlers, [DOCTYPE, COMMENTS, TEXT, END]), handlers]);
      return this;
    }

    transform(response) {
      const Response = globalThis.Response;
      if (!(response instanceof Response)) {
        throw new TypeError("HTMLRewriter.transform: the argument must be a Response.");
      }
      const { body, status, statusText } = response;
      if (body === null) return response;
      const headers = new globalThis.Headers(response.headers);
      headers.delete("content-length");
      const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(headers.get("content-type") ?? "")?.[1];
      const passage = new Passage(body.getReader(), charset ?? "utf-8", [...this.#handlers]);
      const stream = new ReadableStream({
        type: "bytes",
        pull: (controller) => passage.pull(controller),
        cancel: (reason) => passage.cancel(reason),
      }, { highWaterMark: 0 });
      return new Response(stream, { status, statusText, headers });
    }
  }
  Object.defineProperty(HTMLRewriter.prototype, Symbol.toStringTag, {
    value: "HTMLRewriter",
    configurable: true,
  });

  return { HTMLRewriter };
})();
