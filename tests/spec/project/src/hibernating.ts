/*
 * The party `socket` once more, hibernating: its isolate may go while its connections stay.
 */
import type * as Party from "partykit/server";
import Socket from "./socket";

export default class Hibernating extends Socket {
  readonly options: Party.ServerOptions = { hibernate: true };
}
