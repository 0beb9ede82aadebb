/*
 * `caches`: an in-memory Cache per isolate, for libraries that expect one. Bounded by the heap of its
 * room and gone with it; entries do not expire.
 */

function keyOf(request) {
  return typeof request === "string" ? new globalThis.URL(request).href : request.url;
}

class Cache {
  #entries = new Map();

  async put(request, response) {
    if (typeof request !== "string" && request.method !== "GET") {
      throw new TypeError("Cannot cache response to non-GET request.");
    }
    if (response.status === 206) throw new TypeError("Cannot cache response to a range request.");
    const body = new Uint8Array(await response.arrayBuffer());
    const head = { status: response.status, headers: [...response.headers] };
    this.#entries.set(keyOf(request), { head, body });
  }

  async match(request) {
    const entry = this.#entries.get(keyOf(request));
    if (entry === undefined) return undefined;
    return new globalThis.Response(entry.body.slice(), entry.head);
  }

  async delete(request) {
    return this.#entries.delete(keyOf(request));
  }
}

class CacheStorage {
  #named = new Map();
  default = new Cache();

  async open(name) {
    const key = `${name}`;
    if (!this.#named.has(key)) this.#named.set(key, new Cache());
    return this.#named.get(key);
  }
}

export function createCaches() {
  return new CacheStorage();
}
