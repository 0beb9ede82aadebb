/*
 * A module that a party can import but not use: every name exists, and fails at the call with its name
 * and that of the module. The names hang on a prototype, because the bundler copies what a module owns.
 */

function fail(module, name) {
  const what = () => {
    throw new Error(
      `\`${name}\` of \`${module}\` was called, but \`${module}\` is not available in a party`,
    );
  };
  return new Proxy(function () {}, {
    apply: what,
    construct: what,
    get(target, key) {
      if (typeof key === "symbol" || key in target) return Reflect.get(target, key);
      return fail(module, `${name}.${key}`);
    },
  });
}

/** What would make the module look like a promise, an ES module or JSON. */
const NOT_A_NAME = new Set(["__esModule", "then", "toJSON", "default"]);

module.exports = (module) => {
  const names = new Map();
  return Object.create(
    new Proxy({}, {
      get(target, key, receiver) {
        if (typeof key === "symbol" || NOT_A_NAME.has(key) || key in target) {
          return Reflect.get(target, key, receiver);
        }
        if (!names.has(key)) names.set(key, fail(module, key));
        return names.get(key);
      },
    }),
  );
};
