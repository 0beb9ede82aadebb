/*
 * How often somebody may do something: a bucket of tokens that fills up by itself.
 *
 * Used by `server.ts` once per connection. A bucket is a plain value, so that it can be kept in a connection's state;
 * `take` gives the next one and whether there was a token. It has no timer and never fails.
 */

export type Bucket = { tokens: number; at: number };

export const full = (size: number, now: number): Bucket => ({ tokens: size, at: now });

/** Takes one token out of a bucket of `size` that gets `perSecond` new ones. */
export function take({ tokens, at }: Bucket, now: number, size: number, perSecond: number) {
  const filled = Math.min(size, tokens + ((now - at) / 1000) * perSecond);
  const allowed = filled >= 1;
  return { allowed, bucket: { tokens: allowed ? filled - 1 : filled, at: now } };
}
