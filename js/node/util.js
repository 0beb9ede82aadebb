/*
 * `node:util` over the `util` package; what came to Node after it is added here from the platform or from
 * other maintained packages.
 */

const base = require("houseparty:vendor/util");
const { platform } = require("houseparty:process");

// Escape sequences of terminals: CSI, OSC, single characters.
const CONTROL = /[\u001b\u009b](?:\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[[()#;?]*(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PR-TZcf-nq-uy=><~])/g;

const STYLES = {
  reset: [0, 0], bold: [1, 22], dim: [2, 22], italic: [3, 23], underline: [4, 24], inverse: [7, 27],
  hidden: [8, 28], strikethrough: [9, 29], black: [30, 39], red: [31, 39], green: [32, 39],
  yellow: [33, 39], blue: [34, 39], magenta: [35, 39], cyan: [36, 39], white: [37, 39], gray: [90, 39],
  grey: [90, 39], redBright: [91, 39], greenBright: [92, 39], yellowBright: [93, 39],
  blueBright: [94, 39], magentaBright: [95, 39], cyanBright: [96, 39], whiteBright: [97, 39],
  bgBlack: [40, 49], bgRed: [41, 49], bgGreen: [42, 49], bgYellow: [43, 49], bgBlue: [44, 49],
  bgMagenta: [45, 49], bgCyan: [46, 49], bgWhite: [47, 49],
};

function styleText(format, text) {
  return [format].flat().reduceRight((styled, name) => {
    const codes = STYLES[name];
    if (codes === undefined) throw new TypeError(`The style \`${name}\` is unknown`);
    return `\u001b[${codes[0]}m${styled}\u001b[${codes[1]}m`;
  }, `${text}`);
}

function aborted(signal, _resource) {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function parseEnv(text) {
  const pairs = {};
  for (const line of text.split("\n")) {
    const match = /^\s*(?:export\s+)?([\w.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|`([^`]*)`|([^#]*))/.exec(line);
    if (match === null) continue;
    pairs[match[1]] = match[2]?.replace(/\\n/g, "\n") ?? match[3] ?? match[4] ?? match[5].trim();
  }
  return pairs;
}

/** As the console of the room shows values, so that both look the same. */
function inspect(value, options = {}, depth = undefined, colors = undefined) {
  const given = typeof options === "object" && options !== null
    ? options
    : { showHidden: options, depth, colors };
  return platform.inspect(value, { ...inspect.defaultOptions, ...given });
}
inspect.custom = Symbol.for("nodejs.util.inspect.custom");
inspect.defaultOptions = { colors: false, quotes: ["'", '"', "`"] };
inspect.colors = base.inspect.colors;
inspect.styles = base.inspect.styles;

/** The console of the platform cuts `%d` to a whole number, Node does not. */
function wholeNumbers([format, ...values]) {
  if (typeof format !== "string" || !format.includes("%d")) return [format, ...values];
  let next = 0;
  const text = format.replace(/%[sdifjoOc%]/g, (mark) => {
    if (mark === "%%" || next >= values.length) return mark;
    const at = next++;
    if (mark !== "%d" || typeof values[at] === "object") return mark;
    const value = values[at];
    const number = typeof value === "symbol" ? NaN : Number(value);
    values[at] = typeof value === "bigint" ? `${value}n` : `${number}`;
    return "%s";
  });
  return [text, ...values];
}

const formatWithOptions = (options, ...args) =>
  platform.inspectArgs(wholeNumbers(args), { ...inspect.defaultOptions, ...options });

/** Loaded when it is used: it needs this module itself. */
function isDeepStrictEqual(a, b) {
  return require("houseparty:vendor/comparisons").isDeepStrictEqual(a, b);
}

const absent = (name) => function () {
  throw new Error(`util.${name} is not available in a party`);
};

const { types } = base;
types.isExternal ??= () => false;
types.isModuleNamespaceObject ??= (value) => value?.[Symbol.toStringTag] === "Module";
types.isNativeError ??= (value) => value instanceof Error;
types.isProxy ??= () => false;
types.isBoxedPrimitive ??= (value) =>
  [Number, String, Boolean, BigInt, Symbol].some((kind) => value instanceof kind);
types.isCryptoKey = (value) => value instanceof CryptoKey;
types.isKeyObject = () => false;

module.exports = {
  ...base,
  types,
  TextDecoder,
  TextEncoder,
  aborted,
  isArray: Array.isArray,
  isDeepStrictEqual,
  parseEnv,
  stripVTControlCharacters: (text) => `${text}`.replace(CONTROL, ""),
  styleText,
  toUSVString: (text) => `${text}`.toWellFormed(),
  debug: base.debuglog,
  format: (...args) => formatWithOptions({}, ...args),
  formatWithOptions,
  inspect,
  getSystemErrorName: absent("getSystemErrorName"),
  getSystemErrorMap: absent("getSystemErrorMap"),
  getSystemErrorMessage: absent("getSystemErrorMessage"),
  getCallSites: absent("getCallSites"),
  parseArgs: absent("parseArgs"),
  MIMEParams: absent("MIMEParams"),
  MIMEType: absent("MIMEType"),
  transferableAbortController: () => new AbortController(),
  transferableAbortSignal: (signal) => signal,
};
