import { createRequire } from 'node:module';
import { expect, test } from 'vitest';

/** What `require('openai')` gives. */
interface Required {
  (options: object): object;
  new (options: object): object;
  readonly OpenAI: new (options: object) => object;
}

const require = createRequire(import.meta.url);
const theirs = require('openai') as Required;
const ours = require('../../../dist/openai.cjs') as Required & { readonly createOpenAI: unknown };

test('what the drop-in gives to require() is used like that of openai', () => {
  const options = { apiKey: 'test' };
  class Sub extends ours {}
  expect(new ours(options)).toBeInstanceOf(theirs.OpenAI);
  expect(ours(options)).toBeInstanceOf(theirs.OpenAI);
  expect(new Sub(options)).toBeInstanceOf(theirs.OpenAI);
  expect(new Sub(options)).toBeInstanceOf(Sub);
});

test('what the drop-in gives to require() has all that openai exports, unchanged', () => {
  const { createOpenAI, ...exported } = { ...ours };
  expect(createOpenAI).toBeTypeOf('function');
  expect(Object.keys(exported).length).toBeGreaterThan(20);
  expect(exported).toEqual({ ...theirs });
  const about = (each: Required): unknown => [
    Object.getPrototypeOf(each),
    each.prototype,
    each.name,
    each.length,
    String(Object.getOwnPropertyDescriptor(each, '__esModule')?.value),
  ];
  expect(about(ours)).toEqual(about(theirs));
});
