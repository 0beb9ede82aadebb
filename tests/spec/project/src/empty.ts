/*
 * A party that does nothing: sockets are accepted, requests have nobody to answer them.
 */
export default class Empty {}
