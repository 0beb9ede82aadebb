/*
 * What packages that bring `fetch` to Node are in a party: the platform's own (spec B-18).
 */

const fetch = (...args) => globalThis.fetch(...args);

module.exports = Object.assign(fetch, {
  AbortError: DOMException,
  Blob,
  File,
  FormData,
  Headers,
  Request,
  Response,
  default: fetch,
  fetch,
  isRedirect: (status) => [301, 302, 303, 307, 308].includes(status),
});
