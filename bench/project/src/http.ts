/*
 * Answers each request with how many there were. The numbers a client gets from one room are therefore 1, 2, 3, … without
 * a gap, which is how `houseparty bench http|cold|parties` sees a lost, doubled or misplaced request.
 */

import type * as Party from "partykit/server";

export default class Http implements Party.Server {
  count = 0;

  constructor(readonly room: Party.Room) {}

  onRequest() {
    return new Response(String(++this.count));
  }
}

Http satisfies Party.Worker;
