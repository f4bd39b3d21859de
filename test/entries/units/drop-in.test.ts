import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { expect, onTestFinished, test, vi } from 'vitest';

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

class Mocked {
  readonly models = 'mocked';
}
// Like a mock function: it can be called, and constructed.
const mockFunction = vi.fn(function mock() {
  return new Mocked();
});

/** Requires the drop-in in a program whose tests replace `openai`. */
function dropInWith(openai: unknown): unknown {
  const [file, dropIn] = ['openai', '../../../dist/openai.cjs'].map((name) => require.resolve(name));
  const cached = file === undefined ? undefined : require.cache[file];
  if (cached === undefined || dropIn === undefined) throw new Error('openai is not loaded');
  const { exports: original } = cached;
  onTestFinished(() => {
    cached.exports = original;
    delete require.cache[dropIn];
  });
  cached.exports = openai;
  delete require.cache[dropIn];
  return require(dropIn);
}

test.each<[string, unknown]>([
  ['a class', Mocked],
  ['a mock function', mockFunction],
  ['a module with a default export', { __esModule: true, default: mockFunction }],
  ['a module with the named export', { __esModule: true, OpenAI: Mocked }],
])('the drop-in has the mock where tests replace openai by %s', (_, openai) => {
  const found = dropInWith(openai) as Required & { default: Required; createOpenAI(options: object): object };
  const made = [new found({}), new found.default({}), found.createOpenAI({})];
  for (const client of made) expect(client).toEqual({ models: 'mocked' });
});

test('the drop-in has the mock where tests replace the ES module by one with a default export alone', async () => {
  const program = `
    import { registerHooks } from 'node:module';
    const mock = 'data:text/javascript,export default class { models = "mocked" }';
    const resolve = (name, context, next) =>
      name === 'openai' ? { url: mock, shortCircuit: true } : next(name, context);
    registerHooks({ resolve });
    const { createOpenAI, default: OpenAI } = await import('./dist/openai.mjs');
    console.log(new OpenAI().models, createOpenAI().models);
  `;
  const parameters = ['--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, parameters);
  expect(stdout).toBe('mocked mocked\n');
});
