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
var module_exports = {};
__export(module_exports, {
  Module: () => Module,
  SourceMap: () => SourceMap,
  _cache: () => _cache,
  _debug: () => _debug,
  _extensions: () => _extensions,
  _findPath: () => _findPath,
  _initPaths: () => _initPaths,
  _load: () => _load,
  _nodeModulePaths: () => _nodeModulePaths,
  _pathCache: () => _pathCache,
  _preloadModules: () => _preloadModules,
  _readPackage: () => _readPackage,
  _resolveFilename: () => _resolveFilename,
  _resolveLookupPaths: () => _resolveLookupPaths,
  _stat: () => _stat,
  builtinModules: () => builtinModules,
  constants: () => constants,
  createRequire: () => createRequire,
  default: () => module_default,
  enableCompileCache: () => enableCompileCache,
  findPackageJSON: () => findPackageJSON,
  findSourceMap: () => findSourceMap,
  flushCompileCache: () => flushCompileCache,
  getCompileCacheDir: () => getCompileCacheDir,
  getSourceMapsSupport: () => getSourceMapsSupport,
  globalPaths: () => globalPaths,
  isBuiltin: () => isBuiltin,
  register: () => register,
  runMain: () => runMain,
  setSourceMapsSupport: () => setSourceMapsSupport,
  stripTypeScriptTypes: () => stripTypeScriptTypes,
  syncBuiltinESMExports: () => syncBuiltinESMExports,
  wrap: () => wrap,
  wrapper: () => wrapper
});
var _cache, _extensions, createRequire, getCompileCacheDir, enableCompileCache, constants, builtinModules, isBuiltin, runMain, register, syncBuiltinESMExports, findSourceMap, flushCompileCache, wrap, wrapper, stripTypeScriptTypes, SourceMap, _debug, _findPath, _initPaths, _load, _nodeModulePaths, _preloadModules, _resolveFilename, _resolveLookupPaths, _stat, _readPackage, findPackageJSON, getSourceMapsSupport, setSourceMapsSupport, _pathCache, globalPaths, Module, module_default;
var init_module = __esm({
  "node_modules/unenv/dist/runtime/node/module.mjs"() {
    init_utils();
    _cache = /* @__PURE__ */ Object.create(null);
    _extensions = {
      ".js": /* @__PURE__ */ notImplemented("module.require.extensions['.js']"),
      ".json": /* @__PURE__ */ notImplemented("module.require.extensions['.json']"),
      ".node": /* @__PURE__ */ notImplemented("module.require.extensions['.node']")
    };
    createRequire = function(_filename) {
      return Object.assign(/* @__PURE__ */ notImplemented("module.require"), {
        resolve: Object.assign(/* @__PURE__ */ notImplemented("module.require.resolve"), { paths: /* @__PURE__ */ notImplemented("module.require.resolve.paths") }),
        cache: /* @__PURE__ */ Object.create(null),
        extensions: _extensions,
        main: void 0
      });
    };
    getCompileCacheDir = function() {
      return void 0;
    };
    enableCompileCache = function(_cacheDir) {
      return {
        status: 0,
        message: "not implemented"
      };
    };
    constants = Object.freeze({ compileCacheStatus: Object.freeze({
      FAILED: 0,
      ENABLED: 1,
      ALREADY_ENABLED: 2,
      DISABLED: 3
    }) });
    builtinModules = [
      "_http_agent",
      "_http_client",
      "_http_common",
      "_http_incoming",
      "_http_outgoing",
      "_http_server",
      "_stream_duplex",
      "_stream_passthrough",
      "_stream_readable",
      "_stream_transform",
      "_stream_wrap",
      "_stream_writable",
      "_tls_common",
      "_tls_wrap",
      "assert",
      "assert/strict",
      "async_hooks",
      "buffer",
      "child_process",
      "cluster",
      "console",
      "constants",
      "crypto",
      "dgram",
      "diagnostics_channel",
      "dns",
      "dns/promises",
      "domain",
      "events",
      "fs",
      "fs/promises",
      "http",
      "http2",
      "https",
      "inspector",
      "inspector/promises",
      "module",
      "net",
      "os",
      "path",
      "path/posix",
      "path/win32",
      "perf_hooks",
      "process",
      "punycode",
      "querystring",
      "readline",
      "readline/promises",
      "repl",
      "stream",
      "stream/consumers",
      "stream/promises",
      "stream/web",
      "string_decoder",
      "sys",
      "timers",
      "timers/promises",
      "tls",
      "trace_events",
      "tty",
      "url",
      "util",
      "util/types",
      "v8",
      "vm",
      "wasi",
      "worker_threads",
      "zlib"
    ];
    isBuiltin = function(id) {
      return id.startsWith("node:") || builtinModules.includes(id);
    };
    runMain = /* @__PURE__ */ notImplemented("module.runMain");
    register = /* @__PURE__ */ notImplemented("module.register");
    syncBuiltinESMExports = function() {
      return [];
    };
    findSourceMap = function(path, error) {
      return void 0;
    };
    flushCompileCache = function flushCompileCache2() {
    };
    wrap = function(source) {
      return `(function (exports, require, module, __filename, __dirname) { ${source}
});`;
    };
    wrapper = ["(function (exports, require, module, __filename, __dirname) { ", "\n});"];
    stripTypeScriptTypes = /* @__PURE__ */ notImplemented("module.stripTypeScriptTypes");
    SourceMap = /* @__PURE__ */ notImplementedClass("module.SourceMap");
    _debug = console.debug;
    _findPath = /* @__PURE__ */ notImplemented("module._findPath");
    _initPaths = /* @__PURE__ */ notImplemented("module._initPaths");
    _load = /* @__PURE__ */ notImplemented("module._load");
    _nodeModulePaths = /* @__PURE__ */ notImplemented("module._nodeModulePaths");
    _preloadModules = /* @__PURE__ */ notImplemented("module._preloadModules");
    _resolveFilename = /* @__PURE__ */ notImplemented("module._resolveFilename");
    _resolveLookupPaths = /* @__PURE__ */ notImplemented("module._resolveLookupPaths");
    _stat = /* @__PURE__ */ notImplemented("module._stat");
    _readPackage = /* @__PURE__ */ notImplemented("module._readPackage");
    findPackageJSON = /* @__PURE__ */ notImplemented("module.findPackageJSON");
    getSourceMapsSupport = /* @__PURE__ */ notImplemented("module.getSourceMapsSupport");
    setSourceMapsSupport = /* @__PURE__ */ notImplemented("module.setSourceMapsSupport");
    _pathCache = /* @__PURE__ */ Object.create(null);
    globalPaths = ["node_modules"];
    Module = {
      get Module() {
        return Module;
      },
      SourceMap,
      _cache,
      _extensions,
      _debug,
      _pathCache,
      _findPath,
      _initPaths,
      _load,
      _nodeModulePaths,
      _preloadModules,
      _resolveFilename,
      _resolveLookupPaths,
      _stat,
      _readPackage,
      builtinModules,
      constants,
      createRequire,
      enableCompileCache,
      findSourceMap,
      getCompileCacheDir,
      globalPaths,
      isBuiltin,
      register,
      runMain,
      syncBuiltinESMExports,
      wrap,
      wrapper,
      flushCompileCache,
      stripTypeScriptTypes,
      findPackageJSON,
      getSourceMapsSupport,
      setSourceMapsSupport
    };
    module_default = Module;
  }
});
module.exports = (init_module(), __toCommonJS(module_exports)).default;
