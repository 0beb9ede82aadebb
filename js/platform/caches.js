/*
 * `caches`: the Cache API of the Workers platform over the memory of one isolate. Loaded by the first access.
 *
 * What HTTP says about keeping a response holds: Cache-Control, Expires, Set-Cookie, Vary; a hit answers ranges and
 * conditions. A cache is no store: entries go with their room, and the oldest when there is too much of them.
 */

(function () {
  const { core } = __bootstrap;
  const { URL } = core.loadExtScript("ext:deno_web/00_url.js");

  /** Bytes of bodies that all caches of an isolate keep, and the largest of them. */
  const BYTES_MAX = 16 << 20;
  const ENTRY_BYTES_MAX = 8 << 20;

  const INTERNAL = Symbol("internal");

  /** Entries in the order in which they came: [cache, key, entry]. */
  const order = new Set();
  let kept = 0;

  function drop(item) {
    order.delete(item);
    kept -= item.body.byteLength;
    const list = item.entries.get(item.key);
    const rest = list?.filter((it) => it !== item) ?? [];
    if (rest.length === 0) item.entries.delete(item.key);
    else item.entries.set(item.key, rest);
  }

  function keep(item) {
    order.add(item);
    kept += item.body.byteLength;
    for (const oldest of order) {
      if (kept <= BYTES_MAX) break;
      drop(oldest);
    }
  }

  /** Seconds a response may be kept; 0 if not at all, undefined if it does not say. */
  function lifetime(headers) {
    const control = (headers.get("cache-control") ?? "").toLowerCase();
    if (/\b(no-store|private|no-cache)\b/.test(control)) return 0;
    const seconds = /\bs-maxage\s*=\s*"?(\d+)/.exec(control) ?? /\bmax-age\s*=\s*"?(\d+)/.exec(control);
    if (seconds !== null) return Number(seconds[1]);
    const expires = headers.get("expires");
    if (expires === null) return undefined;
    const at = Date.parse(expires);
    return Number.isNaN(at) ? 0 : Math.max(0, (at - Date.now()) / 1000);
  }

  const namesOf = (vary) => (vary ?? "").split(",").map((name) => name.trim().toLowerCase()).filter((it) => it !== "");

  function requestOf(request) {
    const it = request instanceof globalThis.Request ? request : new globalThis.Request(`${request}`);
    if (!/^https?:$/.test(new URL(it.url).protocol)) {
      throw new TypeError(`The cache takes http and https URLs only, not ${it.url}.`);
    }
    return it;
  }

  function keyOf(request) {
    const url = new URL(request.url);
    url.hash = "";
    return url.href;
  }

  /** [first, last] of a range of bytes; null if the header is none or says nothing that can be given. */
  function rangeOf(header, size) {
    const parts = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
    if (parts === null || parts[1] === "" && parts[2] === "") return undefined;
    const [first, last] = parts[1] === ""
      ? [Math.max(0, size - Number(parts[2])), size - 1]
      : [Number(parts[1]), parts[2] === "" ? size - 1 : Math.min(Number(parts[2]), size - 1)];
    return first > last || first >= size ? null : [first, last];
  }

  /** Whether the client has what is kept: 304. */
  function isUnchanged(request, headers) {
    const etag = headers.get("etag");
    const wanted = request.headers.get("if-none-match");
    if (wanted !== null) {
      const strong = (tag) => tag.trim().replace(/^W\//, "");
      return wanted.trim() === "*" || etag !== null && wanted.split(",").map(strong).includes(strong(etag));
    }
    const since = Date.parse(request.headers.get("if-modified-since") ?? "");
    const modified = Date.parse(headers.get("last-modified") ?? "");
    return !Number.isNaN(since) && !Number.isNaN(modified) && modified <= since;
  }

  function answer(request, { status, statusText, headers: list, body }) {
    const { Response, Headers } = globalThis;
    const headers = new Headers(list);
    headers.set("cf-cache-status", "HIT");
    if (isUnchanged(request, headers)) return new Response(null, { status: 304, headers });
    const range = status === 200 ? rangeOf(request.headers.get("range"), body.byteLength) : undefined;
    if (range === undefined) return new Response(body.slice(), { status, statusText, headers });
    if (range === null) {
      headers.set("content-range", `bytes */${body.byteLength}`);
      return new Response(null, { status: 416, headers });
    }
    const [first, last] = range;
    headers.set("content-range", `bytes ${first}-${last}/${body.byteLength}`);
    headers.delete("content-length");
    return new Response(body.slice(first, last + 1), { status: 206, headers });
  }

  class Cache {
    /** key → variants */
    #entries = new Map();

    constructor(key) {
      if (key !== INTERNAL) throw new TypeError("Illegal constructor");
    }

    async put(request, response) {
      const asked = requestOf(request);
      const { Response } = globalThis;
      if (!(response instanceof Response)) throw new TypeError("cache.put: the second argument must be a Response.");
      if (asked.method !== "GET") throw new TypeError("Cannot cache response to non-GET request.");
      if (response.status === 206) throw new TypeError("Cannot cache response to a range request (206 Partial Content).");
      const names = namesOf(response.headers.get("vary"));
      if (names.includes("*")) throw new TypeError("Cannot cache response with 'Vary: *' header.");
      if (response.bodyUsed) throw new TypeError("Body has already been used.");
      const body = new Uint8Array(await response.arrayBuffer());
      const key = keyOf(asked);
      const vary = names.map((name) => [name, asked.headers.get(name)]);
      const found = this.#find(key, asked);
      if (found !== undefined) drop(found);
      const control = response.headers.get("cache-control") ?? "";
      // A response with cookies is somebody's, unless it says that they are not part of it.
      const personal = response.headers.has("set-cookie") && !/\b(private|no-cache)\s*=\s*"?set-cookie/i.test(control);
      const seconds = lifetime(response.headers);
      if (personal || seconds === 0 || body.byteLength > ENTRY_BYTES_MAX) return;
      const { status, statusText } = response;
      const headers = [...response.headers].filter(([name]) => name !== "set-cookie");
      const item = {
        entries: this.#entries,
        key,
        vary,
        until: seconds === undefined ? Infinity : Date.now() + seconds * 1000,
        status,
        statusText,
        headers,
        body,
      };
      this.#entries.set(key, [...(this.#entries.get(key) ?? []), item]);
      keep(item);
    }

    async match(request, options = undefined) {
      const asked = requestOf(request);
      if (asked.method !== "GET" && options?.ignoreMethod !== true) return undefined;
      const found = this.#find(keyOf(asked), asked);
      return found === undefined ? undefined : answer(asked, found);
    }

    async delete(request, options = undefined) {
      const asked = requestOf(request);
      if (asked.method !== "GET" && options?.ignoreMethod !== true) return false;
      const found = this.#find(keyOf(asked), asked);
      if (found === undefined) return false;
      drop(found);
      return true;
    }

    /** The variant a request would be answered with. */
    #find(key, request) {
      for (const item of this.#entries.get(key) ?? []) {
        if (item.until <= Date.now()) drop(item);
        else if (item.vary.every(([name, value]) => request.headers.get(name) === value)) return item;
      }
      return undefined;
    }
  }

  class CacheStorage {
    #named = new Map();
    #default = new Cache(INTERNAL);

    constructor(key) {
      if (key !== INTERNAL) throw new TypeError("Illegal constructor");
    }

    get default() {
      return this.#default;
    }

    async open(name) {
      const key = `${name}`;
      if (!this.#named.has(key)) this.#named.set(key, new Cache(INTERNAL));
      return this.#named.get(key);
    }
  }
  for (const Kind of [Cache, CacheStorage]) {
    Object.defineProperty(Kind.prototype, Symbol.toStringTag, { value: Kind.name, configurable: true });
  }

  return { Cache, CacheStorage, caches: new CacheStorage(INTERNAL) };
})();
