/*
 * Values that JSON cannot carry, written as JSON objects with one member that starts with a dollar.
 * Used by `store` to take arguments from a case and to show results.
 */

const makers: Record<string, (value: any) => unknown> = {
  $date: (ms) => new Date(ms),
  $map: (pairs) => new Map(pairs.map((pair: any[]) => pair.map(decode))),
  $set: (items) => new Set(items.map(decode)),
  $bigint: (digits) => BigInt(digits),
  $bytes: (bytes) => new Uint8Array(bytes),
  $floats: (numbers) => new Float64Array(numbers),
  $buffer: (bytes) => new Uint8Array(bytes).buffer,
  $undefined: () => undefined,
  $number: (name) => Number(name),
  $regexp: ([source, flags]) => new RegExp(source, flags),
  $failure: ([name, message]) => new (globalThis as any)[name](message),
  $repeat: ([text, count]) => text.repeat(count),
  $zeros: (count) => new Uint8Array(count),
  $function: () => () => 1,
  $cycle: () => {
    const cycle: any = { name: "cycle" };
    cycle.self = cycle;
    return cycle;
  },
  $sparse: () => {
    const sparse: unknown[] = [];
    sparse[2] = "third";
    return sparse;
  },
};

export function decode(value: any): any {
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== "object" || value === null) return value;
  const [key] = Object.keys(value);
  if (key !== undefined && key in makers) return makers[key](value[key]);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, decode(member)]));
}

export function encode(value: any, above: unknown[] = []): any {
  if (value === undefined) return { $undefined: true };
  if (typeof value === "bigint") return { $bigint: String(value) };
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) {
    return { $number: Object.is(value, -0) ? "-0" : String(value) };
  }
  if (typeof value !== "object" || value === null) return value;
  if (above.includes(value)) return { $cycle: true };
  const inside = [...above, value];
  if (Array.isArray(value)) {
    if (value.length > Object.keys(value).length) return { $sparse: Object.keys(value) };
    return value.map((item) => encode(item, inside));
  }
  if (value instanceof Date) return { $date: value.getTime() };
  if (value instanceof Map) return { $map: [...value].map((pair) => encode(pair, inside)) };
  if (value instanceof Set) return { $set: [...value].map((item) => encode(item, inside)) };
  if (value instanceof RegExp) return { $regexp: [value.source, value.flags] };
  if (value instanceof Error) return { $failure: [value.name, value.message] };
  if (value instanceof ArrayBuffer) return { $buffer: [...new Uint8Array(value)] };
  if (value instanceof Float64Array) return { $floats: [...value] };
  if (value instanceof Uint8Array) return { $bytes: [...value] };
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, encode(member, inside)]),
  );
}

/** What a caught value says. */
export function said(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${String(error)}`;
}

/** The path below the room, and the query. */
export function below(url: string): { path: string; query: URLSearchParams } {
  const { pathname, searchParams } = new URL(url);
  const parts = pathname.split("/");
  return { path: parts.slice(parts[1] === "party" ? 3 : 4).join("/"), query: searchParams };
}

/** Whether the room hibernates, by what its first connection lets happen to its state. */
export function mode(room: { getConnections(): Iterable<unknown> }): string {
  const [connection] = [...room.getConnections()] as any[];
  if (connection === undefined) return "nobody is here";
  try {
    connection.state = "assigned";
    return "stays";
  } catch {
    return "hibernates";
  }
}
