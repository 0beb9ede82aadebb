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
var CONNECT, FETCH, INSTEAD, SERVER, text, createNotImplementedError, notImplemented;
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
  }
});
var Script;
var init_script = __esm({
  "node_modules/unenv/dist/runtime/node/internal/vm/script.mjs"() {
    init_utils();
    Script = class {
      runInContext(contextifiedObject, options) {
        throw createNotImplementedError("Script.runInContext");
      }
      runInNewContext(contextObject, options) {
        throw createNotImplementedError("Script.runInNewContext");
      }
      runInThisContext(options) {
        throw createNotImplementedError("Script.runInThisContext");
      }
      createCachedData() {
        throw createNotImplementedError("Script.createCachedData");
      }
    };
  }
});
var constants_exports = {};
__export(constants_exports, {
  DONT_CONTEXTIFY: () => DONT_CONTEXTIFY,
  USE_MAIN_CONTEXT_DEFAULT_LOADER: () => USE_MAIN_CONTEXT_DEFAULT_LOADER
});
var USE_MAIN_CONTEXT_DEFAULT_LOADER, DONT_CONTEXTIFY;
var init_constants = __esm({
  "node_modules/unenv/dist/runtime/node/internal/vm/constants.mjs"() {
    USE_MAIN_CONTEXT_DEFAULT_LOADER = /* @__PURE__ */ Symbol("vm_dynamic_import_main_context_default");
    DONT_CONTEXTIFY = /* @__PURE__ */ Symbol("vm_context_no_contextify");
  }
});
var vm_exports = {};
__export(vm_exports, {
  Script: () => Script,
  compileFunction: () => compileFunction,
  constants: () => constants_exports,
  createContext: () => createContext,
  createScript: () => createScript,
  default: () => vm_default,
  isContext: () => isContext,
  measureMemory: () => measureMemory,
  runInContext: () => runInContext,
  runInNewContext: () => runInNewContext,
  runInThisContext: () => runInThisContext
});
var compileFunction, _contextSymbol, createContext, createScript, isContext, measureMemory, runInContext, runInNewContext, runInThisContext, vm_default;
var init_vm = __esm({
  "node_modules/unenv/dist/runtime/node/vm.mjs"() {
    init_utils();
    init_script();
    init_constants();
    init_script();
    init_constants();
    compileFunction = /* @__PURE__ */ notImplemented("vm.compileFunction");
    _contextSymbol = /* @__PURE__ */ Symbol("uenv.vm.context");
    createContext = function createContext2() {
      return Object.create(null, { [_contextSymbol]: { value: true } });
    };
    createScript = function createScript2() {
      return new Script();
    };
    isContext = (context) => {
      return context && context[_contextSymbol] === true;
    };
    measureMemory = () => Promise.resolve({
      total: {
        jsMemoryEstimate: 0,
        jsMemoryRange: [1, 2]
      },
      WebAssembly: {
        code: 0,
        metadata: 0
      }
    });
    runInContext = /* @__PURE__ */ notImplemented("vm.runInContext");
    runInNewContext = /* @__PURE__ */ notImplemented("vm.runInNewContext");
    runInThisContext = /* @__PURE__ */ notImplemented("vm.runInThisContext");
    vm_default = {
      Script,
      compileFunction,
      constants: constants_exports,
      createContext,
      isContext,
      measureMemory,
      runInContext,
      runInNewContext,
      runInThisContext,
      createScript
    };
  }
});
module.exports = (init_vm(), __toCommonJS(vm_exports)).default;
