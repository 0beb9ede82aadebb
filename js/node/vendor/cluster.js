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
var cluster_exports = {};
__export(cluster_exports, {
  SCHED_NONE: () => SCHED_NONE,
  SCHED_RR: () => SCHED_RR,
  Worker: () => Worker,
  _events: () => _events,
  _eventsCount: () => _eventsCount,
  _maxListeners: () => _maxListeners,
  default: () => cluster_default,
  disconnect: () => disconnect,
  fork: () => fork,
  isMaster: () => isMaster,
  isPrimary: () => isPrimary,
  isWorker: () => isWorker,
  schedulingPolicy: () => schedulingPolicy,
  settings: () => settings,
  setupMaster: () => setupMaster,
  setupPrimary: () => setupPrimary,
  workers: () => workers
});
var import_node_events, SCHED_NONE, SCHED_RR, isMaster, isPrimary, isWorker, schedulingPolicy, settings, workers, fork, disconnect, setupPrimary, setupMaster, _events, _eventsCount, _maxListeners, Worker, _Cluster, cluster_default;
var init_cluster = __esm({
  "node_modules/unenv/dist/runtime/node/cluster.mjs"() {
    import_node_events = require("node:events");
    init_utils();
    SCHED_NONE = 1;
    SCHED_RR = 2;
    isMaster = true;
    isPrimary = true;
    isWorker = false;
    schedulingPolicy = SCHED_RR;
    settings = {};
    workers = {};
    fork = /* @__PURE__ */ notImplemented("cluster.fork");
    disconnect = /* @__PURE__ */ notImplemented("cluster.disconnect");
    setupPrimary = /* @__PURE__ */ notImplemented("cluster.setupPrimary");
    setupMaster = /* @__PURE__ */ notImplemented("cluster.setupMaster");
    _events = [];
    _eventsCount = 0;
    _maxListeners = 0;
    Worker = class extends import_node_events.EventEmitter {
      _connected = false;
      id = 0;
      get process() {
        return globalThis.process;
      }
      get exitedAfterDisconnect() {
        return this._connected;
      }
      isConnected() {
        return this._connected;
      }
      isDead() {
        return true;
      }
      send(message, sendHandle, options, callback) {
        return false;
      }
      kill(signal) {
        this._connected = false;
      }
      destroy(signal) {
        this._connected = false;
      }
      disconnect() {
        this._connected = false;
        return this;
      }
    };
    _Cluster = class extends import_node_events.EventEmitter {
      Worker = Worker;
      isMaster = isMaster;
      isPrimary = isPrimary;
      isWorker = isWorker;
      SCHED_NONE = SCHED_NONE;
      SCHED_RR = SCHED_RR;
      schedulingPolicy = SCHED_RR;
      settings = settings;
      workers = workers;
      setupPrimary(_settings) {
        setupPrimary();
      }
      setupMaster(_settings) {
        setupMaster();
      }
      disconnect() {
        disconnect();
      }
      fork(env) {
        return fork(env);
      }
    };
    cluster_default = new _Cluster();
  }
});
module.exports = (init_cluster(), __toCommonJS(cluster_exports)).default;
