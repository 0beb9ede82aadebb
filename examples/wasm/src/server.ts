/*
 * The Game of Life for everybody in the room, computed by WebAssembly.
 *
 * `life.wasm` is imported like any module and instantiated once per room, so each room has a memory of its own; the
 * board lives in it. While anybody is connected the room takes a step every `STEP_MS` and broadcasts the board as
 * bytes, one bit per cell. A client sends two bytes, column and row, to bring a cell to life with its neighbours; what
 * else it sends is ignored. Nothing is stored: a room that stops forgets its board.
 */

import type * as Party from "partykit/server";
import life from "./life.wasm";

const WIDTH = 64;
const HEIGHT = 48;
const STEP_MS = 150;

/** An R-pentomino: five cells that take more than a thousand generations to settle. */
const SEED = [[1, 0], [2, 0], [0, 1], [1, 1], [1, 2]];

type Exports = { memory: WebAssembly.Memory; step(width: number, height: number): number };

export default class Life implements Party.Server {
  private readonly wasm = new WebAssembly.Instance(life).exports as Exports;
  private readonly board = new Uint8Array(this.wasm.memory.buffer, 0, WIDTH * HEIGHT);
  private clock: ReturnType<typeof setInterval> | undefined;
  private generation = 0;

  constructor(readonly room: Party.Room) {}

  onStart() {
    this.place(WIDTH / 2, HEIGHT / 2);
  }

  onConnect(connection: Party.Connection) {
    connection.send(this.packed());
    this.clock ??= setInterval(() => this.step(), STEP_MS);
  }

  onMessage(message: string | ArrayBuffer | ArrayBufferView) {
    if (!(message instanceof ArrayBuffer) || message.byteLength !== 2) return;
    const [column, row] = new Uint8Array(message);
    this.place(column, row);
    this.room.broadcast(this.packed());
  }

  onClose() {
    if ([...this.room.getConnections()].length > 0) return;
    // Nobody looks: no need to compute anything.
    clearInterval(this.clock);
    this.clock = undefined;
  }

  onRequest() {
    const alive = this.board.reduce((sum, cell) => sum + cell, 0);
    return Response.json({ width: WIDTH, height: HEIGHT, generation: this.generation, alive });
  }

  private step() {
    const alive = this.wasm.step(WIDTH, HEIGHT);
    this.generation += 1;
    if (alive === 0) this.place(WIDTH / 2, HEIGHT / 2);
    this.room.broadcast(this.packed());
  }

  private place(column: number, row: number) {
    for (const [x, y] of SEED) this.board[((row + y) % HEIGHT) * WIDTH + ((column + x) % WIDTH)] = 1;
  }

  /** Eight cells in a byte, the first in its highest bit. */
  private packed() {
    const bytes = new Uint8Array(this.board.length / 8);
    this.board.forEach((cell, index) => {
      bytes[index >> 3] |= cell << (7 - (index & 7));
    });
    return bytes;
  }
}

Life satisfies Party.Worker;
