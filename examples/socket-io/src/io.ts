/*
 * The server's side of Socket.IO for one room: events with names, arguments, binary parts and acknowledgements.
 *
 * Used by `server.ts`, which hands in the room's connections and messages. The packets are made and read by Socket.IO's
 * own parsers. Only WebSockets are spoken, as a room has no long polling, and only the namespace `/`: others are refused
 * in the way that clients understand. A client that sends what is no packet is closed with 1002. A silent connection is
 * found by the host, so pings are sent for the client alone, which expects them.
 */

import { decodePacket, encodePacket, type Packet as Frame } from "engine.io-parser";
import type * as Party from "partykit/server";
import { Decoder, Encoder, type Packet, PacketType } from "socket.io-parser";

const PING_INTERVAL_MS = 25_000;
const PING_TIMEOUT_MS = 20_000;
const PAYLOAD_MAX = 1_000_000;

type Listener = (...args: any[]) => void;

/** One client, once it has joined the namespace. */
export class Peer {
  private readonly listeners = new Map<string, Listener>();

  constructor(
    readonly id: string,
    private readonly send: (packet: Packet) => void,
    private readonly others: () => Iterable<Peer>,
  ) {}

  /** The last argument of the listener is the acknowledgement, if the client wants one. */
  on(event: string, listener: Listener) {
    this.listeners.set(event, listener);
  }

  emit(event: string, ...args: unknown[]) {
    this.send({ type: PacketType.EVENT, nsp: "/", data: [event, ...args] });
  }

  /** To everybody but this client. */
  broadcast(event: string, ...args: unknown[]) {
    for (const peer of this.others()) if (peer !== this) peer.emit(event, ...args);
  }

  receive({ data: [event, ...args], id }: Packet) {
    if (id !== undefined) {
      args.push((...answer: unknown[]) => this.send({ type: PacketType.ACK, nsp: "/", id, data: answer }));
    }
    this.listeners.get(event)?.(...args);
  }

  leave() {
    this.listeners.get("disconnect")?.();
  }
}

type Open = { connection: Party.Connection; decoder: Decoder; peer: Peer | null };

export class SocketIo {
  private readonly open = new Map<string, Open>();
  private readonly encoder = new Encoder();
  private clock: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly onConnection: (peer: Peer) => void) {}

  connected(connection: Party.Connection) {
    const decoder = new Decoder();
    const open: Open = { connection, decoder, peer: null };
    this.open.set(connection.id, open);
    decoder.on("decoded", (packet: Packet) => this.received(open, packet));
    const settings = { pingInterval: PING_INTERVAL_MS, pingTimeout: PING_TIMEOUT_MS, maxPayload: PAYLOAD_MAX };
    frame(connection, { type: "open", data: JSON.stringify({ sid: connection.id, upgrades: [], ...settings }) });
    this.clock ??= setInterval(() => this.ping(), PING_INTERVAL_MS);
  }

  message(data: string | ArrayBuffer | ArrayBufferView, connection: Party.Connection) {
    const { type, data: inner } = decodePacket(data, "arraybuffer");
    try {
      if (type === "message") this.open.get(connection.id)?.decoder.add(inner);
      else if (type === "close") connection.close(1000);
      else if (type === "error") throw new Error("no packet of Engine.IO");
    } catch {
      connection.close(1002, "not a packet");
    }
  }

  closed(connection: Party.Connection) {
    const open = this.open.get(connection.id);
    this.open.delete(connection.id);
    open?.decoder.destroy();
    open?.peer?.leave();
    if (this.open.size > 0) return;
    clearInterval(this.clock);
    this.clock = undefined;
  }

  private *peers() {
    for (const { peer } of this.open.values()) if (peer !== null) yield peer;
  }

  private received(open: Open, packet: Packet) {
    const send = (packet: Packet) => {
      for (const data of this.encoder.encode(packet)) frame(open.connection, { type: "message", data });
    };
    if (packet.nsp !== "/") {
      const data = { message: "Invalid namespace" };
      return send({ type: PacketType.CONNECT_ERROR, nsp: packet.nsp, data });
    }
    const isEvent = packet.type === PacketType.EVENT || packet.type === PacketType.BINARY_EVENT;
    if (packet.type === PacketType.CONNECT && open.peer === null) {
      open.peer = new Peer(open.connection.id, send, () => this.peers());
      send({ type: PacketType.CONNECT, nsp: "/", data: { sid: open.peer.id } });
      this.onConnection(open.peer);
    } else if (isEvent) {
      open.peer?.receive(packet);
    } else if (packet.type === PacketType.DISCONNECT) {
      open.connection.close(1000);
    }
  }

  private ping() {
    for (const { connection } of this.open.values()) frame(connection, { type: "ping" });
  }
}

function frame(connection: Party.Connection, packet: Frame) {
  encodePacket(packet, true, (data) => connection.send(data));
}
