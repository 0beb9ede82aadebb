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
var CONNECT, FETCH, INSTEAD, SERVER, text, createNotImplementedError, notImplemented, notImplementedClass, mergeFns;
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
    mergeFns = (...functions) => (...args) => {
      for (const one of functions) one(...args);
    };
  }
});
var import_node_events, _Readable, Readable;
var init_readable = __esm({
  "node_modules/unenv/dist/runtime/node/internal/stream/readable.mjs"() {
    init_utils();
    import_node_events = require("node:events");
    _Readable = class __Readable extends import_node_events.EventEmitter {
      __unenv__ = true;
      readableEncoding = null;
      readableEnded = true;
      readableFlowing = false;
      readableHighWaterMark = 0;
      readableLength = 0;
      readableObjectMode = false;
      readableAborted = false;
      readableDidRead = false;
      closed = false;
      errored = null;
      readable = false;
      destroyed = false;
      static from(_iterable, options) {
        return new __Readable(options);
      }
      constructor(_opts) {
        super();
      }
      _read(_size) {
      }
      read(_size) {
      }
      setEncoding(_encoding) {
        return this;
      }
      pause() {
        return this;
      }
      resume() {
        return this;
      }
      isPaused() {
        return true;
      }
      unpipe(_destination) {
        return this;
      }
      unshift(_chunk, _encoding) {
      }
      wrap(_oldStream) {
        return this;
      }
      push(_chunk, _encoding) {
        return false;
      }
      _destroy(_error, _callback) {
        this.removeAllListeners();
      }
      destroy(error) {
        this.destroyed = true;
        this._destroy(error);
        return this;
      }
      pipe(_destenition, _options) {
        return {};
      }
      compose(stream, options) {
        throw new Error("[unenv] Method not implemented.");
      }
      [Symbol.asyncDispose]() {
        this.destroy();
        return Promise.resolve();
      }
      async *[Symbol.asyncIterator]() {
        throw createNotImplementedError("Readable.asyncIterator");
      }
      iterator(options) {
        throw createNotImplementedError("Readable.iterator");
      }
      map(fn, options) {
        throw createNotImplementedError("Readable.map");
      }
      filter(fn, options) {
        throw createNotImplementedError("Readable.filter");
      }
      forEach(fn, options) {
        throw createNotImplementedError("Readable.forEach");
      }
      reduce(fn, initialValue, options) {
        throw createNotImplementedError("Readable.reduce");
      }
      find(fn, options) {
        throw createNotImplementedError("Readable.find");
      }
      findIndex(fn, options) {
        throw createNotImplementedError("Readable.findIndex");
      }
      some(fn, options) {
        throw createNotImplementedError("Readable.some");
      }
      toArray(options) {
        throw createNotImplementedError("Readable.toArray");
      }
      every(fn, options) {
        throw createNotImplementedError("Readable.every");
      }
      flatMap(fn, options) {
        throw createNotImplementedError("Readable.flatMap");
      }
      drop(limit, options) {
        throw createNotImplementedError("Readable.drop");
      }
      take(limit, options) {
        throw createNotImplementedError("Readable.take");
      }
      asIndexedPairs(options) {
        throw createNotImplementedError("Readable.asIndexedPairs");
      }
    };
    Readable = globalThis.Readable || _Readable;
  }
});
var import_node_events2, _Writable, Writable;
var init_writable = __esm({
  "node_modules/unenv/dist/runtime/node/internal/stream/writable.mjs"() {
    import_node_events2 = require("node:events");
    _Writable = class extends import_node_events2.EventEmitter {
      __unenv__ = true;
      writable = true;
      writableEnded = false;
      writableFinished = false;
      writableHighWaterMark = 0;
      writableLength = 0;
      writableObjectMode = false;
      writableCorked = 0;
      closed = false;
      errored = null;
      writableNeedDrain = false;
      destroyed = false;
      _data;
      _encoding = "utf-8";
      constructor(_opts) {
        super();
      }
      pipe(_destenition, _options) {
        return {};
      }
      _write(chunk, encoding, callback) {
        if (this.writableEnded) {
          if (callback) {
            callback();
          }
          return;
        }
        if (this._data === void 0) {
          this._data = chunk;
        } else {
          const a = typeof this._data === "string" ? Buffer.from(this._data, this._encoding || encoding || "utf8") : this._data;
          const b = typeof chunk === "string" ? Buffer.from(chunk, encoding || this._encoding || "utf8") : chunk;
          this._data = Buffer.concat([a, b]);
        }
        this._encoding = encoding;
        if (callback) {
          callback();
        }
      }
      _writev(_chunks, _callback) {
      }
      _destroy(_error, _callback) {
      }
      _final(_callback) {
      }
      write(chunk, arg2, arg3) {
        const encoding = typeof arg2 === "string" ? this._encoding : "utf-8";
        const cb = typeof arg2 === "function" ? arg2 : typeof arg3 === "function" ? arg3 : void 0;
        this._write(chunk, encoding, cb);
        return true;
      }
      setDefaultEncoding(_encoding) {
        return this;
      }
      end(arg1, arg2, arg3) {
        const callback = typeof arg1 === "function" ? arg1 : typeof arg2 === "function" ? arg2 : typeof arg3 === "function" ? arg3 : void 0;
        if (this.writableEnded) {
          if (callback) {
            callback();
          }
          return this;
        }
        const data = arg1 === callback ? void 0 : arg1;
        if (data) {
          const encoding = arg2 === callback ? void 0 : arg2;
          this.write(data, encoding, callback);
        }
        this.writableEnded = true;
        this.writableFinished = true;
        this.emit("close");
        this.emit("finish");
        return this;
      }
      cork() {
      }
      uncork() {
      }
      destroy(_error) {
        this.destroyed = true;
        delete this._data;
        this.removeAllListeners();
        return this;
      }
      compose(stream, options) {
        throw new Error("[h3] Method not implemented.");
      }
    };
    Writable = globalThis.Writable || _Writable;
  }
});
function getDuplex() {
  Object.assign(__Duplex.prototype, Readable.prototype);
  Object.assign(__Duplex.prototype, Writable.prototype);
  return __Duplex;
}
var __Duplex, _Duplex, Duplex;
var init_duplex = __esm({
  "node_modules/unenv/dist/runtime/node/internal/stream/duplex.mjs"() {
    init_utils();
    init_readable();
    init_writable();
    __Duplex = class {
      allowHalfOpen = true;
      _destroy;
      constructor(readable = new Readable(), writable = new Writable()) {
        Object.assign(this, readable);
        Object.assign(this, writable);
        this._destroy = mergeFns(readable._destroy, writable._destroy);
      }
    };
    _Duplex = /* @__PURE__ */ getDuplex();
    Duplex = globalThis.Duplex || _Duplex;
  }
});
var Socket, SocketAddress;
var init_socket = __esm({
  "node_modules/unenv/dist/runtime/node/internal/net/socket.mjs"() {
    init_duplex();
    Socket = class extends Duplex {
      __unenv__ = true;
      bufferSize = 0;
      bytesRead = 0;
      bytesWritten = 0;
      connecting = false;
      destroyed = false;
      pending = false;
      localAddress = "";
      localPort = 0;
      remoteAddress = "";
      remoteFamily = "";
      remotePort = 0;
      autoSelectFamilyAttemptedAddresses = [];
      readyState = "readOnly";
      constructor(_options) {
        super();
      }
      write(_buffer, _arg1, _arg2) {
        return false;
      }
      connect(_arg1, _arg2, _arg3) {
        return this;
      }
      end(_arg1, _arg2, _arg3) {
        return this;
      }
      setEncoding(_encoding) {
        return this;
      }
      pause() {
        return this;
      }
      resume() {
        return this;
      }
      setTimeout(_timeout, _callback) {
        return this;
      }
      setNoDelay(_noDelay) {
        return this;
      }
      setKeepAlive(_enable, _initialDelay) {
        return this;
      }
      address() {
        return {};
      }
      unref() {
        return this;
      }
      ref() {
        return this;
      }
      destroySoon() {
        this.destroy();
      }
      resetAndDestroy() {
        const err = new Error("ERR_SOCKET_CLOSED");
        err.code = "ERR_SOCKET_CLOSED";
        this.destroy(err);
        return this;
      }
    };
    SocketAddress = class {
      __unenv__ = true;
      address;
      family;
      port;
      flowlabel;
      static parse(_address, _port) {
        return void 0;
      }
      constructor(options) {
        this.address = options.address;
        this.family = options.family;
        this.port = options.port;
        this.flowlabel = options.flowlabel;
      }
    };
  }
});
var import_node_events3, Server;
var init_server = __esm({
  "node_modules/unenv/dist/runtime/node/internal/net/server.mjs"() {
    init_utils();
    import_node_events3 = require("node:events");
    Server = class extends import_node_events3.EventEmitter {
      __unenv__ = true;
      maxConnections = 1;
      connections = 0;
      listening = false;
      constructor(arg1, arg2) {
        super();
      }
      listen() {
        throw createNotImplementedError("node:net.Server.listen()");
      }
      close(callback) {
        throw createNotImplementedError("node:net.Server.close()");
      }
      address() {
        return null;
      }
      getConnections(cb) {
        cb(null, 0);
      }
      ref() {
        return this;
      }
      unref() {
        return this;
      }
      [Symbol.asyncDispose]() {
        return Promise.resolve();
      }
    };
  }
});
var net_exports = {};
__export(net_exports, {
  BlockList: () => BlockList,
  Server: () => Server,
  Socket: () => Socket,
  SocketAddress: () => SocketAddress,
  Stream: () => Socket,
  _createServerHandle: () => _createServerHandle,
  _normalizeArgs: () => _normalizeArgs,
  _setSimultaneousAccepts: () => _setSimultaneousAccepts,
  connect: () => connect,
  createConnection: () => createConnection,
  createServer: () => createServer,
  default: () => net_default,
  getDefaultAutoSelectFamily: () => getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout: () => getDefaultAutoSelectFamilyAttemptTimeout,
  isIP: () => isIP,
  isIPv4: () => isIPv4,
  isIPv6: () => isIPv6,
  setDefaultAutoSelectFamily: () => setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout: () => setDefaultAutoSelectFamilyAttemptTimeout
});
var createServer, BlockList, connect, createConnection, getDefaultAutoSelectFamily, setDefaultAutoSelectFamily, getDefaultAutoSelectFamilyAttemptTimeout, setDefaultAutoSelectFamilyAttemptTimeout, IPV4Regex, isIPv4, IPV6Regex, isIPv6, isIP, _createServerHandle, _normalizeArgs, _setSimultaneousAccepts, exports2, net_default;
var init_net = __esm({
  "node_modules/unenv/dist/runtime/node/net.mjs"() {
    init_utils();
    init_socket();
    init_server();
    init_server();
    init_socket();
    createServer = /* @__PURE__ */ notImplemented("net.createServer");
    BlockList = /* @__PURE__ */ notImplementedClass("net.BlockList");
    connect = /* @__PURE__ */ notImplemented("net.connect");
    createConnection = /* @__PURE__ */ notImplemented("net.createConnection");
    getDefaultAutoSelectFamily = /* @__PURE__ */ notImplemented("net.getDefaultAutoSelectFamily");
    setDefaultAutoSelectFamily = /* @__PURE__ */ notImplemented("net.setDefaultAutoSelectFamily");
    getDefaultAutoSelectFamilyAttemptTimeout = /* @__PURE__ */ notImplemented("net.getDefaultAutoSelectFamilyAttemptTimeout");
    setDefaultAutoSelectFamilyAttemptTimeout = /* @__PURE__ */ notImplemented("net.setDefaultAutoSelectFamilyAttemptTimeout");
    IPV4Regex = /^(?:\d{1,3}\.){3}\d{1,3}$/;
    isIPv4 = (host) => IPV4Regex.test(host);
    IPV6Regex = /^([\dA-Fa-f]{1,4}:){7}[\dA-Fa-f]{1,4}$/;
    isIPv6 = (host) => IPV6Regex.test(host);
    isIP = (host) => {
      if (isIPv4(host)) {
        return 4;
      }
      if (isIPv6(host)) {
        return 6;
      }
      return 0;
    };
    _createServerHandle = /* @__PURE__ */ notImplemented("net._createServerHandle");
    _normalizeArgs = /* @__PURE__ */ notImplemented("net._normalizeArgs");
    _setSimultaneousAccepts = /* @__PURE__ */ notImplemented("net._setSimultaneousAccepts");
    exports2 = {
      Socket,
      Stream: Socket,
      Server,
      BlockList,
      SocketAddress,
      createServer,
      connect,
      createConnection,
      isIPv4,
      isIPv6,
      isIP,
      getDefaultAutoSelectFamily,
      getDefaultAutoSelectFamilyAttemptTimeout,
      setDefaultAutoSelectFamily,
      setDefaultAutoSelectFamilyAttemptTimeout,
      _createServerHandle,
      _normalizeArgs,
      _setSimultaneousAccepts
    };
    net_default = exports2;
  }
});
module.exports = (init_net(), __toCommonJS(net_exports)).default;
