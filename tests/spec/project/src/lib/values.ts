/*
 * One of every kind of value that structured clone takes, made anew each time, and whether what came back is the same to
 * the bit. Used by `durable`.
 */

export interface Kind {
  make(): unknown;
  /** `back` was read, `made` made anew. */
  same(back: any, made: any): boolean;
}

const is = Object.is;
const bytesOf = (value: any) =>
  [...(value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array(value.buffer, value.byteOffset, value.byteLength))];
const sameBytes = (a: any, b: any) => JSON.stringify(bytesOf(a)) === JSON.stringify(bytesOf(b));
const typeOf = (value: any) => Object.prototype.toString.call(value);
const plain = (make: () => unknown): Kind => ({ make, same: is });

/** Two bytes of larger memory, so that a view has an offset. */
function view(type: any): Kind {
  return {
    make: () => new type(new Uint8Array(Array.from({ length: 64 }, (_, index) => index * 7)).buffer, 16, 2),
    same: (back, made) => typeOf(back) === typeOf(made) && back.byteOffset === 16 && back.length === made.length
      && back.buffer.byteLength === 64 && sameBytes(back, made) && sameBytes(back.buffer, made.buffer),
  };
}

const boxed = (make: () => object): Kind => ({
  make, same: (back, made) => typeof back === "object" && typeOf(back) === typeOf(made) && is(back.valueOf(), made.valueOf()),
});

const date = (ms: number): Kind => ({
  make: () => new Date(ms), same: (back, made) => back instanceof Date && is(back.getTime(), made.getTime()),
});

function views(): Record<string, Kind> {
  const types = ["Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array",
    "Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array"];
  return Object.fromEntries(types.map((name) => [name, view((globalThis as any)[name])]));
}

export const values: Record<string, Kind> = {
  null: plain(() => null),
  true: plain(() => true),
  false: plain(() => false),
  zero: plain(() => 0),
  "minus zero": plain(() => -0),
  nan: plain(() => NaN),
  infinity: plain(() => Infinity),
  "minus infinity": plain(() => -Infinity),
  "small integer": plain(() => -1073741825),
  "largest integer": plain(() => Number.MAX_SAFE_INTEGER),
  denormal: plain(() => Number.MIN_VALUE),
  "largest number": plain(() => Number.MAX_VALUE),
  bigint: plain(() => -(2n ** 200n) + 1n),
  "bigint zero": plain(() => 0n),
  "empty text": plain(() => ""),
  latin: plain(() => "\u00ff\u0080\0"),
  "long latin text": plain(() => "\u00e9".repeat(20_000)),
  "wide text": plain(() => "ü\u{1f600}\u4e2d"),
  "lone surrogates": plain(() => "\ud800x\udc00\ud83d"),
  "long text": plain(() => "long ".repeat(20000)),
  "boxed number": boxed(() => new Number(-0)),
  "boxed boolean": boxed(() => new Boolean(false)),
  "boxed text": boxed(() => new String("boxed")),
  "boxed bigint": boxed(() => Object(5n)),
  date: date(-123456789.0),
  "no date": date(NaN),
  regexp: {
    make: () => Object.assign(/a(?<n>.)[/\n]?/giu, { lastIndex: 3 }),
    same: (back, made) => back instanceof RegExp && back.source === made.source && back.flags === made.flags && back.lastIndex === 0,
  },
  buffer: {
    make: () => new Uint8Array([0, 255, 7]).buffer,
    same: (back, made) => back instanceof ArrayBuffer && sameBytes(back, made),
  },
  "empty buffer": { make: () => new ArrayBuffer(0), same: (back) => back instanceof ArrayBuffer && back.byteLength === 0 },
  ...views(),
  DataView: {
    make: () => new DataView(new Uint8Array([9, 8, 7, 6]).buffer, 1, 2),
    same: (back, made) => back instanceof DataView && back.byteOffset === 1 && sameBytes(back, made) && back.buffer.byteLength === 4,
  },
  "views of one buffer": {
    make: () => {
      const whole = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
      return [whole, new Uint16Array(whole.buffer, 2, 2), whole.buffer];
    },
    same: ([a, b, buffer]) => {
      a[2] = 0xaa;
      return a.buffer === buffer && b.buffer === buffer && (b[0] & 0xff) === 0xaa;
    },
  },
  map: {
    make: () => new Map<unknown, unknown>([["b", 1], ["a", new Map([[NaN, -0]])], [{ key: 1 }, undefined]]),
    same: (back) => back instanceof Map && [...back.keys()].slice(0, 2).join() === "b,a" && is(back.get("a").get(NaN), -0)
      && [...back.keys()][2].key === 1 && back.size === 3,
  },
  set: {
    make: () => new Set<unknown>(["z", 1, undefined, new Set([2])]),
    same: (back) => back instanceof Set && [...back].slice(0, 3).join() === "z,1," && [...back][3].has(2),
  },
  "empty array": { make: () => [], same: (back) => Array.isArray(back) && back.length === 0 },
  holes: {
    make: () => [1, , undefined, , 5, ,],
    same: (back) => back.length === 6 && Object.keys(back).join() === "0,2,4" && 2 in back && !(1 in back),
  },
  "very sparse": {
    make: () => Object.assign([], { 4000000000: "far", length: 4294967295 }),
    same: (back) => back.length === 4294967295 && Object.keys(back).join() === "4000000000",
  },
  "array with names": {
    make: () => Object.assign([1, 2], { name: "named", "-1": "before" }),
    same: (back) => back.length === 2 && back.name === "named" && back["-1"] === "before",
  },
  "order of members": {
    make: () => ({ z: 1, 10: 2, a: 3, 2: 4, "": 5, undefined: undefined }),
    same: (back) => Object.keys(back).join() === "2,10,z,a,,undefined" && "undefined" in back,
  },
  "a member called __proto__": {
    make: () => JSON.parse('{"__proto__": {"polluted": true}, "a": 1}'),
    same: (back) => Object.hasOwn(back, "__proto__") && back.polluted === undefined && back.a === 1,
  },
  "no prototype": {
    make: () => Object.assign(Object.create(null), { a: 1 }),
    same: (back) => Object.getPrototypeOf(back) === Object.prototype && back.a === 1,
  },
  cycle: {
    make: () => {
      const it: any = { list: [], map: new Map() };
      it.self = it;
      it.list.push(it.list, it);
      it.map.set(it, it.map);
      return it;
    },
    same: (it) => it.self === it && it.list[0] === it.list && it.list[1] === it && it.map.get(it) === it.map,
  },
  "met twice": {
    make: () => {
      const one = { n: 1 };
      const when = new Date(5);
      return [one, one, { n: 1 }, when, when];
    },
    same: ([a, b, c, d, e]) => a === b && a !== c && d === e,
  },
  deep: {
    make: () => {
      let it: any = "bottom";
      for (let depth = 0; depth < 2000; depth++) it = [it];
      return it;
    },
    same: (back) => {
      let depth = 0;
      while (Array.isArray(back)) {
        back = back[0];
        depth++;
      }
      return depth === 2000 && back === "bottom";
    },
  },
  "class instance": {
    make: () => new (class Point { x = 1; #hidden = 2; get double() { return this.#hidden; } })(),
    same: (back) => Object.getPrototypeOf(back) === Object.prototype && JSON.stringify(back) === '{"x":1}',
  },
  accessor: {
    make: () => ({ get computed() { return 5; }, plain: 1 }),
    same: (back) => back.computed === 5 && Object.getOwnPropertyDescriptor(back, "computed")!.value === 5,
  },
};
