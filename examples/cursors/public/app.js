/*
 * The page of the cursors: sends where the pointer is, at most once per frame of the screen, and draws the others.
 *
 * Only the newest position matters, so none is kept for later while the connection is lost; after it comes back the
 * room tells who is where.
 */

import { join } from "./room.js";

const ARROW = "M3 2 L21 12 L12.5 13.5 L9 22 Z";
const field = document.getElementById("field");
const drawn = new Map();
let planned = false;
let position = { x: null, y: null };

const room = join((data) => {
  const { you, others, moved, left } = JSON.parse(data);
  if (you) {
    for (const id of [...drawn.keys()]) remove(id);
    others.forEach(draw);
  }
  if (moved) draw(moved);
  if (left) remove(left);
  const count = drawn.size;
  const texts = ["Nobody else is here. Open a second window.", "One other person is here."];
  document.getElementById("people").textContent = texts[count] ?? `${count} other people are here.`;
});

function remove(id) {
  drawn.get(id)?.remove();
  drawn.delete(id);
}

function draw({ id, hue, country, x, y }) {
  let cursor = drawn.get(id);
  if (cursor === undefined) {
    cursor = document.createElement("div");
    cursor.className = "cursor";
    cursor.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ARROW}"/></svg><span></span>`;
    cursor.querySelector("span").textContent = country ? `Guest from ${country}` : `Guest ${id.slice(0, 4)}`;
    cursor.style.setProperty("--hue", hue);
    drawn.set(id, cursor);
    field.append(cursor);
  }
  cursor.hidden = x === null;
  cursor.style.setProperty("--x", x ?? 0);
  cursor.style.setProperty("--y", y ?? 0);
}

function move(next) {
  position = next;
  if (planned) return;
  planned = true;
  requestAnimationFrame(() => {
    planned = false;
    room.send(JSON.stringify(position));
  });
}

field.addEventListener("pointermove", ({ clientX, clientY }) => {
  const { left, top, width, height } = field.getBoundingClientRect();
  const within = (part) => Math.min(1, Math.max(0, part));
  move({ x: within((clientX - left) / width), y: within((clientY - top) / height) });
});
field.addEventListener("pointerleave", () => move({ x: null, y: null }));

new ResizeObserver(() => {
  field.style.setProperty("--width", `${field.clientWidth}px`);
  field.style.setProperty("--height", `${field.clientHeight}px`);
}).observe(field);
