/*
 * `node:assert` by the `assert` package, and what came to Node after it.
 */

const assert = require("houseparty:vendor/assert");

for (const target of [assert, assert.strict]) {
  target.match ??= (text, pattern, message) => {
    target.ok(pattern.test(text), message ?? `The input did not match ${pattern}. Input: ${text}`);
  };
  target.doesNotMatch ??= (text, pattern, message) => {
    const complaint = `The input was expected not to match ${pattern}. Input: ${text}`;
    target.ok(!pattern.test(text), message ?? complaint);
  };
}

module.exports = assert;
