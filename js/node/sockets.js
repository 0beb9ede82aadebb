/*
 * `cloudflare:sockets`: connections to other servers. The sockets are the host's (js/platform/tcp.js); they are
 * asked for at the first call, so that a module which only imports this costs nothing.
 */

const { platform } = require("houseparty:process");

module.exports = {
  connect(address, options) {
    return platform.sockets.connect(address, options);
  },
};
