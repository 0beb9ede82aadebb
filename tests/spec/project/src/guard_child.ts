/*
 * Inherits the static hooks of `guard`.
 */
import Guard from "./guard";

export default class GuardChild extends Guard {}
