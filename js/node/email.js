/*
 * `cloudflare:email`: there is no mail behind this host. The module can be imported; to make a message fails.
 */

class EmailMessage {
  constructor() {
    throw new Error(
      "`EmailMessage` of `cloudflare:email` was used, but this host sends and receives no mail: call the HTTP API of " +
        "a mail service with fetch",
    );
  }
}

module.exports = { EmailMessage };
