/*
 * `onFetch` of the project: /socket is a WebSocket that says what it hears and which token its handshake had.
 */

export default {
  onFetch(request: Request) {
    if (new URL(request.url).pathname !== "/socket") return undefined;
    const token = request.headers.get("x-token");
    const [client, server] = Object.values(new (globalThis as any).WebSocketPair()) as any[];
    server.accept();
    server.addEventListener("message", ({ data }: any) => {
      if (data === "close") server.close(4001, "asked");
      else server.send(typeof data === "string" ? `got ${data} token ${token}` : data);
    });
    return new Response(null, { status: 101, webSocket: client, headers: { "sec-websocket-protocol": "b" } } as never);
  },
};
