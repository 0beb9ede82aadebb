/*
 * `hibernate` must be true; something like it will not do.
 */
import Socket from "./socket";

export default class TruthyOptions extends Socket {
  readonly options = { hibernate: 1 as any };
}
