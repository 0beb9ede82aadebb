/*
 * WebSocket semantics: a client sends JSON objects with a member `do`, or anything else to have it echoed.
 * What cannot be seen by the client that caused it is kept in storage and read at `/log`.
 */
import type * as Party from "partykit/server";
import { below, said } from "./lib/wire";

export default class Socket implements Party.Server {
  readonly born = crypto.randomUUID();
  seen?: Map<string, unknown>;

  constructor(readonly room: Party.Room) {}

  async remember(line: string) {
    const log = (await this.room.storage.get<string[]>("log")) ?? [];
    await this.room.storage.put("log", [...log, line]);
  }

  async getConnectionTags(connection: Party.Connection, { request }: Party.ConnectionContext) {
    const { query } = below(request.url);
    if (query.has("tagfail")) throw new Error("no tags");
    if (query.has("tagstate")) connection.setState({ from: "tags" });
    if (query.has("nottags")) return undefined as any;
    return query.get("tags")?.split(",") ?? [];
  }

  async onConnect(connection: Party.Connection, { request }: Party.ConnectionContext) {
    const { query } = below(request.url);
    if (query.has("fail")) throw new Error(query.get("fail")!);
    if (query.has("failobject")) throw { code: 409 };
    if (query.has("announce")) this.room.broadcast(`${connection.id} is there`);
    if (query.has("greet")) connection.send(`hello ${connection.id}`);
    if (query.has("header")) connection.send(String(request.headers.get("x-custom")));
    if (query.has("close")) connection.close(Number(query.get("close")), "at once");
    if (query.has("wait")) {
      connection.send("before");
      await new Promise((resolve) => setTimeout(resolve, Number(query.get("wait"))));
      connection.send("after");
    }
    if (query.has("listen")) {
      connection.addEventListener("message", (event: any) => {
        if (event.data === "listener throws") throw new Error("in a listener");
        connection.send(`listener:${event.data}`);
      });
    }
  }

  async onMessage(message: string | ArrayBuffer, connection: Party.Connection) {
    if (typeof message !== "string") {
      connection.send(message instanceof ArrayBuffer ? message : "not an ArrayBuffer");
    } else if (message.startsWith("{")) {
      await this.command(JSON.parse(message), connection);
    } else {
      connection.send(message.length > 1000 ? `length ${message.length}` : `echo:${message}`);
    }
  }

  async command(command: any, connection: any) {
    const { room } = this;
    const answer = (value: unknown) => connection.send(JSON.stringify(value ?? null));
    switch (command.do) {
      case "close":
        try {
          connection.close(...command.args);
        } catch (error) {
          connection.send(said(error));
        }
        return;
      case "close-twice":
        connection.close(4001, "first");
        connection.close(4002, "second");
        return;
      case "send-after-close":
        connection.close(4000, "done");
        try {
          connection.send("too late");
        } catch (error) {
          await this.remember(said(error));
        }
        return;
      case "broadcast":
        return room.broadcast(command.message, command.without);
      case "broadcast-bytes":
        return room.broadcast(new Uint8Array(command.bytes));
      case "broadcast-object":
        return room.broadcast({} as any);
      case "broadcast-detached": {
        const { broadcast } = room;
        return broadcast("detached");
      }
      case "broadcast-after-close":
        room.getConnection(command.id)?.close();
        return room.broadcast("to the rest");
      case "view":
        return connection.send(new Uint8Array([1, 2, 3, 4]).subarray(1, 3));
      case "many":
        for (let i = 0; i < command.count; i++) connection.send(String(i));
        return;
      case "throw":
        throw new Error("in onMessage");
      case "reject":
        return Promise.reject(new Error("rejected in onMessage"));
      case "list":
        return answer([...room.getConnections(command.tag)].map(({ id }) => id).sort());
      case "early": {
        const connections = room.getConnections();
        for (const _ of connections) break;
        return answer([...connections].length);
      }
      case "listen-late":
        connection.addEventListener("message", (event: any) => connection.send(`late:${event.data}`));
        return;
      case "twice": {
        const connections = room.getConnections();
        return answer([[...connections].length, [...connections].length]);
      }
      case "kind": {
        const connections: any = room.getConnections();
        return answer([typeof connections.next, typeof connections.length, typeof connections.map]);
      }
      case "order":
        return answer([...room.getConnections(command.tag)].map(({ id }) => id));
      case "mutate-state":
        connection.state.count += 1;
        return answer(connection.state);
      case "attachment":
        connection.serializeAttachment(command.value);
        return answer([connection.deserializeAttachment(), connection.state]);
      case "binary-type":
        connection.binaryType = "blob";
        return answer(true);
      case "large":
        return connection.send("x".repeat(command.size));
      case "live-map": {
        const { connections } = room as any;
        const same = connections === (room as any).connections;
        const seen = (this.seen ??= connections as Map<string, unknown>);
        return answer([same, [...seen.keys()]]);
      }
      case "has":
        return answer(room.getConnection(command.id)?.id);
      case "duplicates":
        try {
          return answer(room.getConnection(command.id)?.id);
        } catch (error) {
          return connection.send(said(error));
        }
      case "send-to":
        return room.getConnection(command.id)?.send(command.message);
      case "self": {
        const { id, uri, url, readyState, extensions, protocol } = connection;
        const same = room.getConnection(id) === connection;
        const itself = connection.socket === connection;
        return answer({ id, uri, url, readyState, extensions, protocol, same, itself });
      }
      case "constants": {
        const { CONNECTING, OPEN, CLOSING, CLOSED } = WebSocket as any;
        return answer([CONNECTING, OPEN, CLOSING, CLOSED]);
      }
      case "state":
        return answer(connection.state);
      case "set-state":
        return answer(connection.setState(command.value));
      case "update-state":
        return answer(connection.setState((state: any) => ({ count: (state?.count ?? 0) + 1 })));
      case "assign-state":
        try {
          connection.state = command.value;
          return answer("assigned");
        } catch (error) {
          return connection.send((error as Error).name);
        }
      case "undefined-state":
        connection.setState(undefined);
        return connection.send(String(connection.state));
      case "function-state":
        try {
          connection.setState({ f() {} });
          return connection.send("kept as it is");
        } catch (error) {
          return connection.send((error as Error).name);
        }
      case "large-state":
        try {
          connection.setState("x".repeat(command.size));
          return answer(connection.state.length);
        } catch (error) {
          return connection.send((error as Error).name);
        }
      case "states":
        return answer([...room.getConnections()].map(({ id, state }) => [id, state]).sort());
      case "slow":
        await new Promise((resolve) => setTimeout(resolve, command.ms));
        return connection.send("slow is done");
      case "later":
        setTimeout(() => room.broadcast("from a timer"), 5);
        return;
      case "slow-storage":
        await room.storage.put("slow", 1);
        await room.storage.get("slow");
        return connection.send("storage is done");
      case "born":
        return answer(this.born);
      case "deprecated": {
        const { connections, parties, context } = room as any;
        return answer([connections.size, connections.has(connection.id), parties === context.parties]);
      }
    }
  }

  async onClose(connection: Party.Connection) {
    await this.remember(`close ${connection.id} listed=${this.listed(connection)}`);
  }

  async onError(connection: Party.Connection) {
    await this.remember(`error ${connection.id}`);
  }

  listed(connection: Party.Connection) {
    return [...this.room.getConnections()].includes(connection);
  }

  async onRequest(request: Party.Request) {
    const { path, query } = below(request.url);
    if (path === "log") return Response.json((await this.room.storage.get("log")) ?? []);
    if (path === "born") return Response.json(this.born);
    if (path === "broadcast") this.room.broadcast(await request.text());
    const tag = query.get("tag") ?? undefined;
    return Response.json([...this.room.getConnections(tag)].map(({ id }) => id).sort());
  }
}
