/*
 * The readable form of a stored value, as JSON: itself where JSON can say it, otherwise an object with one member that
 * begins with `$`. For people who look at a store; `data` beside it says what is stored to the bit. A value that is met
 * again, as in a cycle, is a reference to where it was first.
 *
 * Evaluated by json.rs in an isolate of its own, without a party.
 */
((JSON) => {
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

  const record = (entries) => {
    // Without a prototype, `__proto__` is a name like others.
    const made = Object.create(null);
    for (const [name, value] of entries) made[name] = value;
    return made;
  };

  function array(list, path, seen) {
    const names = Object.keys(list);
    const isDense = names.length === list.length && names.every((name, index) => name === String(index));
    if (isDense) return list.map((item, index) => shape(item, `${path}[${index}]`, seen));
    const items = names.map((name) => [name, shape(list[name], `${path}[${name}]`, seen)]);
    return { $sparse: { length: list.length, items: record(items) } };
  }

  function bytes(value) {
    const isBuffer = value instanceof ArrayBuffer;
    const view = isBuffer
      ? new Uint8Array(value)
      : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return { $bytes: isBuffer ? "ArrayBuffer" : value.constructor.name, hex: hex(view) };
  }

  function error(value, path, seen) {
    const { name, message, stack } = value;
    const made = { name: String(name), message: String(message), stack: String(stack) };
    if (Object.hasOwn(value, "cause")) made.cause = shape(value.cause, `${path}.cause`, seen);
    return { $error: made };
  }

  function object(value, path, seen) {
    const first = seen.get(value);
    if (first !== undefined) return { $ref: first };
    seen.set(value, path);
    if (Array.isArray(value)) return array(value, path, seen);
    if (value instanceof Date) return { $date: Number.isNaN(value.valueOf()) ? null : value.toISOString() };
    if (value instanceof RegExp) return { $regexp: String(value) };
    if (value instanceof Map) {
      const pairs = [...value].map(([key, item], index) => [
        shape(key, `${path}.key${index}`, seen),
        shape(item, `${path}.value${index}`, seen),
      ]);
      return { $map: pairs };
    }
    if (value instanceof Set) {
      return { $set: [...value].map((item, index) => shape(item, `${path}.item${index}`, seen)) };
    }
    if (value instanceof Error) return error(value, path, seen);
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return bytes(value);
    const isBoxed = [Number, String, Boolean, BigInt].some((kind) => value instanceof kind);
    if (isBoxed) return { $boxed: shape(value.valueOf(), path, seen) };
    return record(Object.keys(value).map((name) => [name, shape(value[name], `${path}.${name}`, seen)]));
  }

  function shape(value, path, seen) {
    switch (typeof value) {
      case "undefined":
        return { $undefined: true };
      case "bigint":
        return { $bigint: String(value) };
      case "number":
        return Number.isFinite(value) && !Object.is(value, -0)
          ? value
          : { $number: Object.is(value, -0) ? "-0" : String(value) };
      case "object":
        return value === null ? null : object(value, path, seen);
      default:
        return value;
    }
  }

  return (value) => JSON.stringify(shape(value, "$", new Map()));
})(JSON);
