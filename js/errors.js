/*
 * What a thrown value says to the outside: message, status, text for the log. Thrown values are
 * anything; nothing here may throw, whatever getters or proxies a party throws at us.
 */

import { core } from "ext:core/mod.js";

/** Whether a thrown value speaks for itself. */
export function hasMessage(error) {
  try {
    return error !== null && typeof error === "object" && "message" in error;
  } catch {
    return false;
  }
}

/** The message of a thrown value; `fallback` if it is an Error without one (L-40, L-45). */
export function messageOf(error, fallback = "") {
  try {
    if (hasMessage(error)) {
      return String(error.message) || fallback;
    }
    return `${String(error)}`;
  } catch {
    return fallback || "an error that cannot be printed";
  }
}

/** The HTTP status a thrown value asks for through `code`, if it is one (L-40). */
export function statusOf(error) {
  try {
    if (error !== null && typeof error === "object" && "code" in error) {
      const code = Number(error.code);
      if (Number.isInteger(code) && code >= 200 && code <= 599) return code;
    }
  } catch {
    // A getter that throws is not a status.
  }
  return 500;
}

/** A stack with the places of the party's source, without the host's own frames. */
function readable(stack) {
  return stack.split("\n").filter((line) => !/^ +at .*ext:/.test(line)).join("\n")
    .replaceAll("houseparty:/", "");
}

/** The innermost place in the party's source where an error came to be; empty if it does not say. */
export function placeOf(error) {
  try {
    return readable(error.stack).split("\n").find((line) => /^ +at /.test(line))?.trim() ?? "";
  } catch {
    return "";
  }
}

/** A text that may hold stacks somewhere inside, without the host's own frames, as `readable`. */
export function withoutHost(text) {
  if (!text.includes("houseparty:/") && !text.includes("ext:")) return text;
  const lines = [];
  for (const line of text.split("\n")) {
    // Colours and a comma, which an inspected object puts behind its member, may stand around a frame.
    const frame = /^(?:\x1b\[\d+m| )*at .*\(?ext:[^ ]*?\)?(?:\x1b\[\d+m)*(,?)$/.exec(line);
    if (frame === null) lines.push(line);
    else if (lines.length > 0) lines.push(lines.pop() + frame[1]);
  }
  return lines.join("\n").replaceAll("houseparty:/", "");
}

/** Stack and message for the log. */
export function describe(error) {
  try {
    if (core.isNativeError(error) || error instanceof Error) {
      const stack = error.stack;
      let text = typeof stack === "string" && stack !== "" ? readable(stack) : String(error);
      for (let cause = error.cause, depth = 0; cause !== undefined && depth < 5; depth++) {
        text += `\nCaused by: ${
          cause instanceof Error && typeof cause.stack === "string"
            ? readable(cause.stack)
            : String(cause)
        }`;
        cause = cause instanceof Error ? cause.cause : undefined;
      }
      return text;
    }
    return String(error);
  } catch {
    return "an error that cannot be printed";
  }
}
