/*
 * The mode is fixed when the instance is made; what `onStart` changes comes too late.
 */
import Socket from "./socket";

export default class LateOptions extends Socket {
  readonly options = { hibernate: false };

  onStart() {
    this.options.hibernate = true;
  }
}
