/*
 * Made by js/node/vendor.sh; do not edit. From:
 *   unenv@2.0.0-rc.24
 * Licences: LICENSES.txt
 */
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __esm = (fn, res) => function __init() {
  return fn && (res = (0, fn[__getOwnPropNames(fn)[0]])(fn = 0)), res;
};
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);
var CONNECT, FETCH, INSTEAD, SERVER, text, createNotImplementedError, notImplemented, notImplementedClass;
var init_utils = __esm({
  "node_modules/unenv/dist/runtime/_internal/utils.mjs"() {
    CONNECT = 'use `connect` from "cloudflare:sockets"';
    FETCH = "use `fetch`";
    INSTEAD = {
      fs: "keep data in `this.room.storage`, or `import` the file",
      net: CONNECT,
      tls: CONNECT,
      http: FETCH,
      https: FETCH
    };
    SERVER = "a party answers in `onRequest` and `onConnect`";
    text = (name) => {
      const [module2, member] = name.split(".");
      const advice = INSTEAD[module2] && module2 !== "fs" && /server$/i.test(member) ? SERVER : INSTEAD[module2];
      return name + " is not available in a party" + (advice ? "; " + advice : "");
    };
    createNotImplementedError = (name) => new Error(text(name));
    notImplemented = (name) => {
      return function() {
        throw createNotImplementedError(name);
      };
    };
    notImplementedClass = (name) => class {
      constructor() {
        throw createNotImplementedError(name);
      }
    };
  }
});
var repl_exports = {};
__export(repl_exports, {
  REPLServer: () => REPLServer,
  REPL_MODE_SLOPPY: () => REPL_MODE_SLOPPY,
  REPL_MODE_STRICT: () => REPL_MODE_STRICT,
  Recoverable: () => Recoverable,
  _builtinLibs: () => _builtinLibs,
  builtinModules: () => builtinModules,
  default: () => repl_default,
  start: () => start,
  writer: () => writer
});
var import_node_module, writer, start, Recoverable, REPLServer, REPL_MODE_SLOPPY, REPL_MODE_STRICT, builtinModules, _builtinLibs, repl_default;
var init_repl = __esm({
  "node_modules/unenv/dist/runtime/node/repl.mjs"() {
    import_node_module = require("node:module");
    init_utils();
    writer = /* @__PURE__ */ notImplementedClass("repl.writer");
    start = /* @__PURE__ */ notImplemented("repl.start");
    Recoverable = /* @__PURE__ */ notImplementedClass("repl.Recoverable");
    REPLServer = /* @__PURE__ */ notImplementedClass("repl.REPLServer");
    REPL_MODE_SLOPPY = /* @__PURE__ */ Symbol("repl-sloppy");
    REPL_MODE_STRICT = /* @__PURE__ */ Symbol("repl-strict");
    builtinModules = /* @__PURE__ */ import_node_module.builtinModules.filter((m) => m[0] !== "_");
    _builtinLibs = builtinModules;
    repl_default = {
      writer,
      start,
      Recoverable,
      REPLServer,
      builtinModules,
      _builtinLibs,
      REPL_MODE_SLOPPY,
      REPL_MODE_STRICT
    };
  }
});
module.exports = (init_repl(), __toCommonJS(repl_exports)).default;
