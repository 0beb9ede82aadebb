/*
 * `partymix`: the server side of a Remix app, with the build that Remix's compiler would have written put together by
 * hand.
 *
 * Two routes: `/` renders a document and streams it, with the visits of a session in a signed cookie; `/room` has a
 * loader that asks a room of this project, an action that changes it, and a redirect. All other paths are Remix's 404.
 */

import { createCookieSessionStorage, createRequestHandler, json, redirect } from "partymix";
import type * as Party from "partykit/server";
import type { ActionFunctionArgs, EntryContext, LoaderFunctionArgs, ServerBuild } from "@remix-run/server-runtime";

const { getSession, commitSession } = createCookieSessionStorage({
  cookie: { name: "visits", secrets: ["of the tests"], path: "/", sameSite: "lax" },
});

async function countVisit({ request }: LoaderFunctionArgs) {
  const session = await getSession(request.headers.get("cookie"));
  session.set("visits", (session.get("visits") ?? 0) + 1);
  const headers = { "set-cookie": await commitSession(session) };
  return json({ visits: session.get("visits") }, { headers });
}

const note = (context: unknown) => (context as { lobby: Party.FetchLobby }).lobby.parties.main.get("note");

async function readNote({ context }: LoaderFunctionArgs) {
  return json({ note: await (await note(context).fetch()).text() });
}

async function writeNote({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  await note(context).fetch({ method: "POST", body: String(form.get("note")) });
  return redirect("/room?_data=routes%2Froom", 303);
}

function renderDocument(_: Request, status: number, headers: Headers, context: EntryContext) {
  const data = JSON.stringify(context.staticHandlerContext.loaderData);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of ["<!doctype html><title>Remix</title><pre>", data, "</pre>"]) {
        controller.enqueue(encoder.encode(part));
      }
      controller.close();
    },
  });
  headers.set("content-type", "text/html");
  return new Response(body, { status, headers });
}

const pages = {
  root: { id: "root", path: "", module: { default: () => null } },
  "routes/_index": {
    id: "routes/_index",
    parentId: "root",
    index: true,
    module: {
      default: () => null,
      loader: countVisit,
      headers: ({ loaderHeaders }: { loaderHeaders: Headers }) => loaderHeaders,
    },
  },
  "routes/room": {
    id: "routes/room",
    parentId: "root",
    path: "room",
    module: { default: () => null, loader: readNote, action: writeNote },
  },
};

const build = {
  entry: { module: { default: renderDocument } },
  routes: pages,
  assets: { entry: { imports: [], module: "" }, routes: {}, url: "", version: "1" },
  assetsBuildDirectory: "public/build",
  future: {},
  isSpaMode: false,
  mode: "production",
  publicPath: "/build/",
} as unknown as ServerBuild;

const handle = createRequestHandler({ build, getLoadContext: (_, lobby) => ({ lobby }) });

export default class Remix implements Party.Server {
  static onFetch(request: Party.Request, lobby: Party.FetchLobby, context: Party.ExecutionContext) {
    return handle(request, lobby, context);
  }

  constructor(readonly room: Party.Room) {}

  async onRequest(request: Party.Request) {
    if (request.method === "POST") await this.room.storage.put("note", await request.text());
    return new Response((await this.room.storage.get<string>("note")) ?? "");
  }
}

Remix satisfies Party.Worker;
