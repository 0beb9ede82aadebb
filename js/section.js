/*
 * Critical sections: the callbacks of `blockConcurrencyWhile` and `transaction`.
 *
 * The host decides when a section begins and what runs meanwhile (runtime/room/section.rs); this file
 * keeps the callbacks and tells the host how they ended. A failing `blockConcurrencyWhile` resets the
 * room and its promise never settles (GATE-15); a failing transaction only rejects.
 */

import { core } from "ext:core/mod.js";
import { messageOf } from "ext:houseparty/errors.js";

const { op_section_request, op_section_close, op_room_break } = core.ops;

const sections = new Map();
let open = 0;
let whenIdle = null;

/**
 * Runs `callback` in a critical section that begins after the current turn. `fatal`: a failure
 * resets the room. Throws if sections nest too deeply (GATE-17).
 */
export function section(callback, fatal) {
  const id = op_section_request();
  open++;
  return new Promise((resolve, reject) => {
    sections.set(id, { callback, fatal, resolve, reject });
  });
}

/** Resolves when no section is open or waiting: the start of a room waits for this. */
export function sectionsIdle() {
  if (open === 0) return undefined;
  return new Promise((resolve) => {
    whenIdle = resolve;
  });
}

/** The host opened the section: run it. */
export function beginSection(id) {
  const entry = sections.get(id);
  sections.delete(id);
  let outcome;
  try {
    outcome = Promise.resolve(entry.callback());
  } catch (error) {
    outcome = Promise.reject(error);
  }
  outcome.then(
    (value) => {
      end(id);
      entry.resolve(value);
    },
    (error) => {
      if (entry.fatal) {
        op_room_break(messageOf(error));
        return;
      }
      end(id);
      entry.reject(error);
    },
  );
}

function end(id) {
  op_section_close(id);
  open--;
  if (open === 0 && whenIdle !== null) {
    whenIdle();
    whenIdle = null;
  }
}
