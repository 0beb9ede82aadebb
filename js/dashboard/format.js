/*
 * Numbers, times, sizes and values as people read them. Pure.
 */

const number = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const count = (value) => (value < 10_000 ? number.format(value) : short.format(value));

export const whole = (value) => number.format(value);

export function bytes(value) {
  if (value === null || value === undefined) return "–";
  const units = ["B", "KB", "MB", "GB", "TB"];
  let at = 0;
  let left = value;
  while (left >= 1024 && at < units.length - 1) {
    left /= 1024;
    at += 1;
  }
  return `${left < 10 && at > 0 ? left.toFixed(1) : Math.round(left)} ${units[at]}`;
}

/** A duration given in milliseconds. */
export function duration(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1) return ms === 0 ? "0 ms" : `${ms.toFixed(2)} ms`;
  if (ms < 1_000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** How long ago a moment was, roughly. */
export function ago(at) {
  if (!at) return "–";
  const ms = Date.now() - at;
  if (ms < 1_500) return "now";
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s ago`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min ago`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h ago`;
  return `${Math.round(ms / 86_400_000)} d ago`;
}

/** How long it is until a moment. */
export function until(at) {
  const ms = at - Date.now();
  return ms <= 0 ? "now" : `in ${duration(Math.max(ms, 1_000))}`;
}

const pad = (value, digits = 2) => String(value).padStart(digits, "0");

export function clock(at) {
  const date = new Date(at);
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map((it) => pad(it)).join(":");
  return `${time}.${pad(date.getMilliseconds(), 3)}`;
}

export const moment = (at) => new Date(at).toLocaleString();

/** JSON with line breaks, if it is JSON, and neither too small nor too large to be worth it. */
export function pretty(json) {
  if (json.length < 72 || json.length > 200_000 || !/^\s*[[{]/.test(json)) return json;
  try {
    const parsed = JSON.parse(json);
    // Numbers that JavaScript would round stay as they are written.
    return JSON.stringify(parsed) === json ? JSON.stringify(parsed, null, 2) : json;
  } catch {
    return json;
  }
}

/** What a raw room id says, if it has percent signs that stand for something; else null. */
export function decoded(id) {
  try {
    const text = decodeURIComponent(id);
    return text === id ? null : text;
  } catch {
    return null;
  }
}

/** Hues that look good in light and dark, far from each other. */
const HUES = [205, 265, 155, 330, 38, 185, 232, 300];

/** A hue that always goes with the same name. */
export function hue(name) {
  if (name === "main") return 14;
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return HUES[sum % HUES.length];
}

export const hex = (buffer, most = 64) => {
  const view = new Uint8Array(buffer);
  const text = Array.from(view.subarray(0, most), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return view.length > most ? `${text} …` : text;
};
