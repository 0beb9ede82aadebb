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
var BroadcastChannel;
var init_broadcast_channel = __esm({
  "node_modules/unenv/dist/runtime/node/internal/worker_threads/broadcast-channel.mjs"() {
    BroadcastChannel = class {
      name = "";
      onmessage = (message) => {
      };
      onmessageerror = (message) => {
      };
      close() {
      }
      postMessage(message) {
      }
      ref() {
        return this;
      }
      unref() {
        return this;
      }
    };
  }
});
var import_node_events, MessagePort;
var init_message_port = __esm({
  "node_modules/unenv/dist/runtime/node/internal/worker_threads/message-port.mjs"() {
    import_node_events = require("node:events");
    MessagePort = class extends import_node_events.EventEmitter {
      close() {
      }
      postMessage(value, transferList) {
      }
      ref() {
      }
      unref() {
      }
      start() {
      }
      addEventListener(type, listener) {
        this.on(type, listener);
      }
      removeEventListener(type, listener) {
        this.off(type, listener);
      }
      dispatchEvent(event) {
        return this.emit(event.type, event);
      }
    };
  }
});
var MessageChannel;
var init_message_channel = __esm({
  "node_modules/unenv/dist/runtime/node/internal/worker_threads/message-channel.mjs"() {
    init_message_port();
    MessageChannel = class {
      port1 = new MessagePort();
      port2 = new MessagePort();
    };
  }
});
var import_node_events2, import_node_stream, Worker;
var init_worker = __esm({
  "node_modules/unenv/dist/runtime/node/internal/worker_threads/worker.mjs"() {
    import_node_events2 = require("node:events");
    import_node_stream = require("node:stream");
    Worker = class extends import_node_events2.EventEmitter {
      stdin = null;
      stdout = new import_node_stream.Readable();
      stderr = new import_node_stream.Readable();
      threadId = 0;
      performance = { eventLoopUtilization: () => ({
        idle: 0,
        active: 0,
        utilization: 0
      }) };
      postMessage(_value, _transferList) {
      }
      postMessageToThread(_threadId, _value, _transferList, _timeout) {
        return Promise.resolve();
      }
      ref() {
      }
      unref() {
      }
      terminate() {
        return Promise.resolve(0);
      }
      getHeapSnapshot() {
        return Promise.resolve(new import_node_stream.Readable());
      }
    };
  }
});
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
var worker_threads_exports = {};
__export(worker_threads_exports, {
  BroadcastChannel: () => BroadcastChannel,
  MessageChannel: () => MessageChannel,
  MessagePort: () => MessagePort,
  SHARE_ENV: () => SHARE_ENV,
  Worker: () => Worker,
  default: () => worker_threads_default,
  getEnvironmentData: () => getEnvironmentData,
  isInternalThread: () => isInternalThread,
  isMainThread: () => isMainThread,
  isMarkedAsUntransferable: () => isMarkedAsUntransferable,
  markAsUncloneable: () => markAsUncloneable,
  markAsUntransferable: () => markAsUntransferable,
  moveMessagePortToContext: () => moveMessagePortToContext,
  parentPort: () => parentPort,
  postMessageToThread: () => postMessageToThread,
  receiveMessageOnPort: () => receiveMessageOnPort,
  resourceLimits: () => resourceLimits,
  setEnvironmentData: () => setEnvironmentData,
  threadId: () => threadId,
  workerData: () => workerData
});
var _environmentData, getEnvironmentData, setEnvironmentData, isMainThread, isMarkedAsUntransferable, markAsUntransferable, markAsUncloneable, moveMessagePortToContext, parentPort, receiveMessageOnPort, SHARE_ENV, resourceLimits, threadId, workerData, postMessageToThread, isInternalThread, worker_threads_default;
var init_worker_threads = __esm({
  "node_modules/unenv/dist/runtime/node/worker_threads.mjs"() {
    init_broadcast_channel();
    init_message_channel();
    init_message_port();
    init_worker();
    init_utils();
    init_broadcast_channel();
    init_message_channel();
    init_message_port();
    init_worker();
    _environmentData = /* @__PURE__ */ new Map();
    getEnvironmentData = function getEnvironmentData2(key) {
      return _environmentData.get(key);
    };
    setEnvironmentData = function setEnvironmentData2(key, value) {
      _environmentData.set(key, value);
    };
    isMainThread = true;
    isMarkedAsUntransferable = () => false;
    markAsUntransferable = function markAsUntransferable2(value) {
    };
    markAsUncloneable = () => {
    };
    moveMessagePortToContext = () => new MessagePort();
    parentPort = null;
    receiveMessageOnPort = () => void 0;
    SHARE_ENV = /* @__PURE__ */ Symbol.for("nodejs.worker_threads.SHARE_ENV");
    resourceLimits = {};
    threadId = 0;
    workerData = null;
    postMessageToThread = /* @__PURE__ */ notImplemented("worker_threads.postMessageToThread");
    isInternalThread = false;
    worker_threads_default = {
      BroadcastChannel,
      MessageChannel,
      MessagePort,
      Worker,
      SHARE_ENV,
      getEnvironmentData,
      isMainThread,
      isMarkedAsUntransferable,
      markAsUntransferable,
      markAsUncloneable,
      moveMessagePortToContext,
      parentPort,
      receiveMessageOnPort,
      resourceLimits,
      setEnvironmentData,
      postMessageToThread,
      threadId,
      workerData,
      isInternalThread
    };
  }
});
module.exports = (init_worker_threads(), __toCommonJS(worker_threads_exports)).default;
