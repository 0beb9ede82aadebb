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
var import_node_net, TLSSocket;
var init_tls_socket = __esm({
  "node_modules/unenv/dist/runtime/node/internal/tls/tls-socket.mjs"() {
    import_node_net = require("node:net");
    init_utils();
    TLSSocket = class extends import_node_net.Socket {
      authorized = false;
      encrypted = true;
      alpnProtocol = null;
      authorizationError = new Error("[unenv] TLSSocket.authorizationError is not implemented yet!");
      exportKeyingMaterial() {
        throw createNotImplementedError("TLSSocket.exportKeyingMaterial");
      }
      getCipher() {
        throw createNotImplementedError("TLSSocket.getCipher");
      }
      getPeerCertificate(_detailed) {
        throw createNotImplementedError("TLSSocket.getPeerCertificate");
      }
      getCertificate() {
        return null;
      }
      getEphemeralKeyInfo() {
        return null;
      }
      getFinished() {
      }
      getPeerFinished() {
      }
      getProtocol() {
        return null;
      }
      getSession() {
      }
      getSharedSigalgs() {
        return [];
      }
      getTLSTicket() {
      }
      isSessionReused() {
        return false;
      }
      renegotiate(options, callback) {
        if (typeof callback === "function") {
          callback(null);
        }
      }
      setMaxSendFragment(size) {
        return false;
      }
      disableRenegotiation() {
      }
      enableTrace() {
      }
      getPeerX509Certificate() {
      }
      getX509Certificate() {
      }
    };
  }
});
var import_node_net2, Server;
var init_server = __esm({
  "node_modules/unenv/dist/runtime/node/internal/tls/server.mjs"() {
    init_utils();
    import_node_net2 = require("node:net");
    Server = class extends import_node_net2.Server {
      constructor(arg1, arg2) {
        super(arg1, arg2);
      }
      addContext(hostname, context) {
      }
      setSecureContext(options) {
      }
      setTicketKeys(_keys) {
        throw createNotImplementedError("Server.setTicketKeys");
      }
      getTicketKeys() {
        throw createNotImplementedError("Server.getTicketKeys");
      }
    };
  }
});
var SecureContext;
var init_secure_context = __esm({
  "node_modules/unenv/dist/runtime/node/internal/tls/secure-context.mjs"() {
    SecureContext = class {
      context = {};
    };
  }
});
var CLIENT_RENEG_LIMIT, CLIENT_RENEG_WINDOW, DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE, DEFAULT_MIN_VERSION, DEFAULT_MAX_VERSION;
var init_constants = __esm({
  "node_modules/unenv/dist/runtime/node/internal/tls/constants.mjs"() {
    CLIENT_RENEG_LIMIT = 3;
    CLIENT_RENEG_WINDOW = 600;
    DEFAULT_CIPHERS = "";
    DEFAULT_ECDH_CURVE = "auto";
    DEFAULT_MIN_VERSION = "TLSv1.2";
    DEFAULT_MAX_VERSION = "TLSv1.3";
  }
});
var tls_exports = {};
__export(tls_exports, {
  CLIENT_RENEG_LIMIT: () => CLIENT_RENEG_LIMIT,
  CLIENT_RENEG_WINDOW: () => CLIENT_RENEG_WINDOW,
  DEFAULT_CIPHERS: () => DEFAULT_CIPHERS,
  DEFAULT_ECDH_CURVE: () => DEFAULT_ECDH_CURVE,
  DEFAULT_MAX_VERSION: () => DEFAULT_MAX_VERSION,
  DEFAULT_MIN_VERSION: () => DEFAULT_MIN_VERSION,
  SecureContext: () => SecureContext,
  Server: () => Server,
  TLSSocket: () => TLSSocket,
  checkServerIdentity: () => checkServerIdentity,
  connect: () => connect,
  convertALPNProtocols: () => convertALPNProtocols,
  createSecureContext: () => createSecureContext,
  createSecurePair: () => createSecurePair,
  createServer: () => createServer,
  default: () => tls_default,
  getCiphers: () => getCiphers,
  rootCertificates: () => rootCertificates
});
var connect, createServer, checkServerIdentity, convertALPNProtocols, createSecureContext, createSecurePair, getCiphers, rootCertificates, tls_default;
var init_tls = __esm({
  "node_modules/unenv/dist/runtime/node/tls.mjs"() {
    init_utils();
    init_tls_socket();
    init_server();
    init_secure_context();
    init_constants();
    init_constants();
    init_tls_socket();
    init_server();
    init_secure_context();
    connect = function connect2() {
      return new TLSSocket();
    };
    createServer = function createServer2() {
      return new Server();
    };
    checkServerIdentity = /* @__PURE__ */ notImplemented("tls.checkServerIdentity");
    convertALPNProtocols = /* @__PURE__ */ notImplemented("tls.convertALPNProtocols");
    createSecureContext = /* @__PURE__ */ notImplemented("tls.createSecureContext");
    createSecurePair = /* @__PURE__ */ notImplemented("tls.createSecurePair");
    getCiphers = /* @__PURE__ */ notImplemented("tls.getCiphers");
    rootCertificates = [];
    tls_default = {
      CLIENT_RENEG_LIMIT,
      CLIENT_RENEG_WINDOW,
      DEFAULT_CIPHERS,
      DEFAULT_ECDH_CURVE,
      DEFAULT_MAX_VERSION,
      DEFAULT_MIN_VERSION,
      SecureContext,
      Server,
      TLSSocket,
      checkServerIdentity,
      connect,
      convertALPNProtocols,
      createSecureContext,
      createSecurePair,
      createServer,
      getCiphers,
      rootCertificates
    };
  }
});
module.exports = (init_tls(), __toCommonJS(tls_exports)).default;
