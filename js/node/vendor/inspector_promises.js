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
var noop_default;
var init_noop = __esm({
  "node_modules/unenv/dist/runtime/mock/noop.mjs"() {
    noop_default = Object.assign(() => {
    }, { __unenv__: true });
  }
});
var promises_exports = {};
__export(promises_exports, {
  Network: () => Network,
  Session: () => Session,
  close: () => close,
  console: () => console,
  default: () => promises_default,
  open: () => open,
  url: () => url,
  waitForDebugger: () => waitForDebugger
});
var console, Network, Session, url, waitForDebugger, open, close, promises_default;
var init_promises = __esm({
  "node_modules/unenv/dist/runtime/node/inspector/promises.mjs"() {
    init_utils();
    init_noop();
    console = {
      debug: noop_default,
      error: noop_default,
      info: noop_default,
      log: noop_default,
      warn: noop_default,
      dir: noop_default,
      dirxml: noop_default,
      table: noop_default,
      trace: noop_default,
      group: noop_default,
      groupCollapsed: noop_default,
      groupEnd: noop_default,
      clear: noop_default,
      count: noop_default,
      countReset: noop_default,
      assert: noop_default,
      profile: noop_default,
      profileEnd: noop_default,
      time: noop_default,
      timeLog: noop_default,
      timeStamp: noop_default
    };
    Network = /* @__PURE__ */ notImplementedClass("inspectorPromises.Network");
    Session = /* @__PURE__ */ notImplementedClass("inspectorPromises.Session");
    url = /* @__PURE__ */ notImplemented("inspectorPromises.url");
    waitForDebugger = /* @__PURE__ */ notImplemented("inspectorPromises.waitForDebugger");
    open = /* @__PURE__ */ notImplemented("inspectorPromises.open");
    close = /* @__PURE__ */ notImplemented("inspectorPromises.close");
    promises_default = {
      close,
      console,
      Network,
      open,
      Session,
      url,
      waitForDebugger
    };
  }
});
module.exports = (init_promises(), __toCommonJS(promises_exports)).default;
