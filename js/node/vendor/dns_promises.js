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
var noop_default;
var init_noop = __esm({
  "node_modules/unenv/dist/runtime/mock/noop.mjs"() {
    noop_default = Object.assign(() => {
    }, { __unenv__: true });
  }
});
var CONNECT, FETCH, INSTEAD, SERVER, text, createNotImplementedError, notImplemented, notImplementedAsync, notImplementedClass;
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
    notImplementedAsync = notImplemented;
    notImplementedClass = (name) => class {
      constructor() {
        throw createNotImplementedError(name);
      }
    };
  }
});
var NODATA, FORMERR, SERVFAIL, NOTFOUND, NOTIMP, REFUSED, BADQUERY, BADNAME, BADFAMILY, BADRESP, CONNREFUSED, TIMEOUT, EOF, FILE, NOMEM, DESTRUCTION, BADSTR, BADFLAGS, NONAME, BADHINTS, NOTINITIALIZED, LOADIPHLPAPI, ADDRGETNETWORKPARAMS, CANCELLED;
var init_constants = __esm({
  "node_modules/unenv/dist/runtime/node/internal/dns/constants.mjs"() {
    NODATA = "ENODATA";
    FORMERR = "EFORMERR";
    SERVFAIL = "ESERVFAIL";
    NOTFOUND = "ENOTFOUND";
    NOTIMP = "ENOTIMP";
    REFUSED = "EREFUSED";
    BADQUERY = "EBADQUERY";
    BADNAME = "EBADNAME";
    BADFAMILY = "EBADFAMILY";
    BADRESP = "EBADRESP";
    CONNREFUSED = "ECONNREFUSED";
    TIMEOUT = "ETIMEOUT";
    EOF = "EOF";
    FILE = "EFILE";
    NOMEM = "ENOMEM";
    DESTRUCTION = "EDESTRUCTION";
    BADSTR = "EBADSTR";
    BADFLAGS = "EBADFLAGS";
    NONAME = "ENONAME";
    BADHINTS = "EBADHINTS";
    NOTINITIALIZED = "ENOTINITIALIZED";
    LOADIPHLPAPI = "ELOADIPHLPAPI";
    ADDRGETNETWORKPARAMS = "EADDRGETNETWORKPARAMS";
    CANCELLED = "ECANCELLED";
  }
});
var promises_exports = {};
__export(promises_exports, {
  ADDRGETNETWORKPARAMS: () => ADDRGETNETWORKPARAMS,
  BADFAMILY: () => BADFAMILY,
  BADFLAGS: () => BADFLAGS,
  BADHINTS: () => BADHINTS,
  BADNAME: () => BADNAME,
  BADQUERY: () => BADQUERY,
  BADRESP: () => BADRESP,
  BADSTR: () => BADSTR,
  CANCELLED: () => CANCELLED,
  CONNREFUSED: () => CONNREFUSED,
  DESTRUCTION: () => DESTRUCTION,
  EOF: () => EOF,
  FILE: () => FILE,
  FORMERR: () => FORMERR,
  LOADIPHLPAPI: () => LOADIPHLPAPI,
  NODATA: () => NODATA,
  NOMEM: () => NOMEM,
  NONAME: () => NONAME,
  NOTFOUND: () => NOTFOUND,
  NOTIMP: () => NOTIMP,
  NOTINITIALIZED: () => NOTINITIALIZED,
  REFUSED: () => REFUSED,
  Resolver: () => Resolver,
  SERVFAIL: () => SERVFAIL,
  TIMEOUT: () => TIMEOUT,
  default: () => promises_default,
  getDefaultResultOrder: () => getDefaultResultOrder,
  getServers: () => getServers,
  lookup: () => lookup,
  lookupService: () => lookupService,
  resolve: () => resolve,
  resolve4: () => resolve4,
  resolve6: () => resolve6,
  resolveAny: () => resolveAny,
  resolveCaa: () => resolveCaa,
  resolveCname: () => resolveCname,
  resolveMx: () => resolveMx,
  resolveNaptr: () => resolveNaptr,
  resolveNs: () => resolveNs,
  resolvePtr: () => resolvePtr,
  resolveSoa: () => resolveSoa,
  resolveSrv: () => resolveSrv,
  resolveTxt: () => resolveTxt,
  reverse: () => reverse,
  setDefaultResultOrder: () => setDefaultResultOrder,
  setServers: () => setServers
});
var Resolver, getDefaultResultOrder, getServers, lookup, lookupService, resolve, resolve4, resolve6, resolveAny, resolveCaa, resolveCname, resolveMx, resolveNaptr, resolveNs, resolvePtr, resolveSoa, resolveSrv, resolveTxt, reverse, setDefaultResultOrder, setServers, promises_default;
var init_promises = __esm({
  "node_modules/unenv/dist/runtime/node/dns/promises.mjs"() {
    init_noop();
    init_utils();
    init_constants();
    init_constants();
    Resolver = /* @__PURE__ */ notImplementedClass("dns.Resolver");
    getDefaultResultOrder = () => "verbatim";
    getServers = () => [];
    lookup = /* @__PURE__ */ notImplementedAsync("dns.lookup");
    lookupService = /* @__PURE__ */ notImplementedAsync("dns.lookupService");
    resolve = /* @__PURE__ */ notImplementedAsync("dns.resolve");
    resolve4 = /* @__PURE__ */ notImplementedAsync("dns.resolve4");
    resolve6 = /* @__PURE__ */ notImplementedAsync("dns.resolve6");
    resolveAny = /* @__PURE__ */ notImplementedAsync("dns.resolveAny");
    resolveCaa = /* @__PURE__ */ notImplementedAsync("dns.resolveCaa");
    resolveCname = /* @__PURE__ */ notImplementedAsync("dns.resolveCname");
    resolveMx = /* @__PURE__ */ notImplementedAsync("dns.resolveMx");
    resolveNaptr = /* @__PURE__ */ notImplementedAsync("dns.resolveNaptr");
    resolveNs = /* @__PURE__ */ notImplementedAsync("dns.resolveNs");
    resolvePtr = /* @__PURE__ */ notImplementedAsync("dns.resolvePtr");
    resolveSoa = /* @__PURE__ */ notImplementedAsync("dns.resolveSoa");
    resolveSrv = /* @__PURE__ */ notImplementedAsync("dns.resolveSrv");
    resolveTxt = /* @__PURE__ */ notImplementedAsync("dns.resolveTxt");
    reverse = /* @__PURE__ */ notImplemented("dns.reverse");
    setDefaultResultOrder = noop_default;
    setServers = noop_default;
    promises_default = {
      NODATA,
      FORMERR,
      SERVFAIL,
      NOTFOUND,
      NOTIMP,
      REFUSED,
      BADQUERY,
      BADNAME,
      BADFAMILY,
      BADRESP,
      CONNREFUSED,
      TIMEOUT,
      EOF,
      FILE,
      NOMEM,
      DESTRUCTION,
      BADSTR,
      BADFLAGS,
      NONAME,
      BADHINTS,
      NOTINITIALIZED,
      LOADIPHLPAPI,
      ADDRGETNETWORKPARAMS,
      CANCELLED,
      Resolver,
      getDefaultResultOrder,
      getServers,
      lookup,
      lookupService,
      resolve,
      resolve4,
      resolve6,
      resolveAny,
      resolveCaa,
      resolveCname,
      resolveMx,
      resolveNaptr,
      resolveNs,
      resolvePtr,
      resolveSoa,
      resolveSrv,
      resolveTxt,
      reverse,
      setDefaultResultOrder,
      setServers
    };
  }
});
module.exports = (init_promises(), __toCommonJS(promises_exports)).default;
