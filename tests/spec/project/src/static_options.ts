/*
 * `options` in the wrong place: a static member does not make a room hibernate.
 */
import Socket from "./socket";

export default class StaticOptions extends Socket {
  static options = { hibernate: true };
}
