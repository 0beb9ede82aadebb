/*
 * Ways out of a party: each check tries the address in the query `to` and says what became of it.
 */

import { connect } from "cloudflare:sockets";

import { failure, party } from "./check";

const to = (request: Request) => new URL(request.url).searchParams.get("to")!;
const scope = globalThis as any;

/** Of this life of the room. */
let life = "";
const lifeOf = () => (life ||= crypto.randomUUID());
const open: unknown[] = [];

export default party({
  life: lifeOf,
  "open-socket": async (request) => {
    const socket = new WebSocket(new URL("/socket", request.url).href.replace("http", "ws"));
    await new Promise((resolve) => (socket.onopen = resolve));
    open.push(socket);
    return lifeOf();
  },
  "open-connection": async (request) => {
    const { hostname, port } = new URL(request.url);
    const socket = connect({ hostname, port: Number(port) });
    await socket.opened;
    open.push(socket);
    return lifeOf();
  },
  fetch: (request) => fetch(to(request)).then((it) => it.text(), (error) => `${error.name}: ${error.message}`),
  redirect: async (request) => {
    const away = new URL("/parties/outbound/other/away", request.url);
    away.searchParams.set("to", to(request));
    return await fetch(away).then((it) => it.text(), (error) => `${error.name}: ${error.message}`);
  },
  away: (request) => Response.redirect(to(request)),
  own: async (request) => (await fetch(new URL("/parties/outbound/other/here", request.url))).text(),
  "own-by-name": async (request) => {
    const url = new URL("/parties/outbound/other/here", request.url);
    url.hostname = "localhost";
    return (await fetch(url)).text();
  },
  here: () => new Response("here"),
  socket: (request) =>
    failure(async () => {
      const url = new URL(to(request));
      const socket = connect({ hostname: url.hostname, port: Number(url.port) });
      await socket.opened;
      await socket.close();
    }),
  "web-socket": (request) =>
    new Promise((resolve) => {
      const socket = new WebSocket(to(request).replace("http", "ws"));
      socket.onerror = (event) => resolve((event as ErrorEvent).message);
      socket.onopen = () => resolve("open");
    }),
  upgrade: (request) => failure(() => fetch(to(request), { headers: { upgrade: "websocket" } })),
  "event-source": (request) =>
    new Promise((resolve) => {
      const source = new scope.EventSource(to(request));
      source.onerror = () => (source.close(), resolve("error"));
      source.onopen = () => (source.close(), resolve("open"));
    }),
});
