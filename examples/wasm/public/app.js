/*
 * The page of the Game of Life: draws each board as it comes, one bit per cell, and sends column and row of where
 * somebody clicks or draws. It computes nothing.
 */

import { join } from "./room.js";

const board = document.getElementById("board");
const { width, height } = board;
const context = board.getContext("2d");

const room = join((data) => {
  const bytes = new Uint8Array(data);
  context.clearRect(0, 0, width, height);
  context.fillStyle = getComputedStyle(board).color;
  let alive = 0;
  for (let index = 0; index < width * height; index++) {
    if (!(bytes[index >> 3] & (128 >> (index & 7)))) continue;
    alive += 1;
    context.fillRect(index % width, Math.floor(index / width), 1, 1);
  }
  document.getElementById("alive").textContent = alive;
});

function place({ clientX, clientY, buttons }) {
  if (buttons === 0) return;
  const box = board.getBoundingClientRect();
  const column = Math.floor(((clientX - box.left) / box.width) * width);
  const row = Math.floor(((clientY - box.top) / box.height) * height);
  if (column >= 0 && column < width && row >= 0 && row < height) room.send(new Uint8Array([column, row]));
}

board.addEventListener("pointerdown", place);
board.addEventListener("pointermove", place);
