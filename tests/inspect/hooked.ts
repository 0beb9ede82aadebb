/* A party whose hook answers, in the lobby: see tests/clients/inspect.js. */

import type * as Party from "partykit/server";

export default {
  async onBeforeRequest(request: Party.Request): Promise<Response> {
    const asked: string = request.method;
    return new Response(`hooked ${asked}`);
  },
};
