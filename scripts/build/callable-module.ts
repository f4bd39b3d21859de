import type { Rolldown } from 'tsdown';

/** `require('openai')` returns a function with all exports as properties. Programs construct clients with it. */
const CALLABLE = `
{
  const theirs = require('openai');
  const constructed = typeof theirs === 'function' ? theirs : exports.default;
  const own = Object.getOwnPropertyDescriptors(exports);
  delete own[Symbol.toStringTag];
  const callable = function (...args) {
    if (new.target === undefined) return constructed(...args);
    return Reflect.construct(constructed, args, new.target === callable ? constructed : new.target);
  };
  Object.setPrototypeOf(callable, Object.getPrototypeOf(theirs));
  module.exports = Object.defineProperties(callable, { ...Object.getOwnPropertyDescriptors(theirs), ...own });
}
`;

/** Makes the exports of the CommonJS entry callable and constructible, like those of `openai`. */
export function callableModule(entry: string): Rolldown.Plugin {
  return {
    name: 'callable-module',
    generateBundle(_, bundle) {
      const chunk = bundle[`${entry}.cjs`];
      if (chunk?.type === 'chunk') chunk.code += CALLABLE.replaceAll(/\s+/g, ' ');
    },
  };
}
