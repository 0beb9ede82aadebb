/*
 * Hooks that are no functions.
 */
export default class GuardBroken {
  static onBeforeRequest = 5;
  static onBeforeConnect = "closed";
}
