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
var CONNECT, FETCH, INSTEAD, SERVER, text, createNotImplementedError;
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
  }
});
var import_node_events, Domain;
var init_domain = __esm({
  "node_modules/unenv/dist/runtime/node/internal/domain/domain.mjs"() {
    init_utils();
    import_node_events = require("node:events");
    Domain = class extends import_node_events.EventEmitter {
      __unenv__ = true;
      members = [];
      add() {
      }
      enter() {
      }
      exit() {
      }
      remove() {
      }
      bind(callback) {
        throw createNotImplementedError("Domain.bind");
      }
      intercept(callback) {
        throw createNotImplementedError("Domain.intercept");
      }
      run(fn, ...args) {
        throw createNotImplementedError("Domain.run");
      }
    };
  }
});
var domain_exports = {};
__export(domain_exports, {
  Domain: () => Domain,
  _stack: () => _stack,
  active: () => active,
  create: () => create,
  createDomain: () => createDomain,
  default: () => domain_default
});
var create, createDomain, _domain, active, _stack, domain_default;
var init_domain2 = __esm({
  "node_modules/unenv/dist/runtime/node/domain.mjs"() {
    init_domain();
    init_domain();
    create = function() {
      return new Domain();
    };
    createDomain = create;
    _domain = create();
    active = () => _domain;
    _stack = [];
    domain_default = {
      Domain,
      _stack,
      active,
      create,
      createDomain
    };
  }
});
module.exports = (init_domain2(), __toCommonJS(domain_exports)).default;
