/*
 * `fetch`: the platform's, with its result and each chunk of its body as events of the room, and with the Workers
 * way to open a WebSocket: a request that asks for an upgrade resolves to a response with status 101 and a
 * `webSocket`, which the party accepts. Loaded by the first access.
 */

(function () {
  const { core } = __bootstrap;
  const { fetch: platformFetch } = core.loadExtScript("ext:deno_fetch/26_fetch.js");

  /** Headers of the handshake, which are the client's own affair. */
  const HANDSHAKE = new Set(["connection", "host", "upgrade"]);

  /** A failure with its cause in its own words; what cannot be loaded at all is told as PartyKit does. */
  function told(error, input) {
    if (/^(Invalid URL|Url scheme)/.test(error?.message)) {
      return new TypeError(`Fetch API cannot load: ${input?.url ?? input}`);
    }
    if (error?.message !== "fetch failed" || error.cause === undefined) return error;
    return new TypeError(`fetch failed: ${error.cause?.message ?? error.cause}`, { cause: error.cause });
  }

  function create({ gated, gateBody, openSocket, Request, Response }) {
    const request = gated(platformFetch);

    /** Whether the call asks for a WebSocket. */
    function isUpgrade(input, init) {
      const own = init?.headers;
      if (own === undefined && !(input instanceof Request)) return false;
      const headers = own === undefined ? input.headers : new globalThis.Headers(own);
      return headers.get("upgrade")?.toLowerCase() === "websocket";
    }

    async function upgrade({ url, headers, signal }) {
      signal.throwIfAborted();
      const protocols = (headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
      const sent = [...headers].filter(([name]) => !HANDSHAKE.has(name) && !name.startsWith("sec-websocket-"));
      const socket = await openSocket(url, protocols.filter((name) => name !== ""), sent, signal);
      const answer = [["upgrade", "websocket"], ["connection", "Upgrade"]];
      if (socket.protocol !== "") answer.push(["sec-websocket-protocol", socket.protocol]);
      return new Response(null, { status: 101, webSocket: socket, headers: answer });
    }

    return async function fetch(input, init = undefined) {
      if (isUpgrade(input, init)) return await upgrade(new Request(input, init));
      let response;
      try {
        response = await request(input, init);
      } catch (error) {
        throw told(error, input);
      }
      return gateBody(response);
    };
  }

  return { create };
})();
