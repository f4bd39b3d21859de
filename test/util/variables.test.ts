import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => vi.unstubAllGlobals());

type Variables = typeof import('../../src/util/variables.ts');

/** Loads the module anew: it remembers a refusal. */
async function load(env: unknown): Promise<Variables> {
  vi.stubGlobal('process', env === undefined ? undefined : { __proto__: process, env });
  vi.resetModules();
  return import('../../src/util/variables.ts');
}

/** Tells only some variables, and notes for which it was asked. */
function guarded(told: Readonly<Record<string, string>>, asked: string[] = []): object {
  return new Proxy(told, {
    get(target, name) {
      asked.push(String(name));
      if (!Object.hasOwn(target, name)) throw new Error('NotCapable');
      return Reflect.get(target, name);
    },
    ownKeys: () => {
      throw new Error('NotCapable');
    },
  });
}

test('a variable is read when it is asked for', async () => {
  const env: Record<string, string> = { A: 'a' };
  const { readEnvironment } = await load(env);
  env.B = 'b';
  const { A, B, C } = readEnvironment();
  expect([A, B, C, Object.keys(readEnvironment())]).toEqual(['a', 'b', undefined, ['A', 'B']]);
});

test.each<[string, unknown]>([
  ['no process', undefined],
  ['no variables', undefined],
  ['an object without a prototype', Object.create(null)],
])('a runtime may have %s', async (_, env) => {
  const { readEnvironment } = await load(env);
  expect([readEnvironment().A, Object.entries(readEnvironment())]).toEqual([undefined, []]);
});

test('an environment may be a proxy without properties', async () => {
  const { readEnvironment } = await load(new Proxy({}, { get: (_, name) => `${String(name)}!` }));
  expect(readEnvironment().A).toBe('A!');
});

test('after a refusal, no variable is asked for, and those read before keep their values', async () => {
  const asked: string[] = [];
  const { onVariableRefused, readEnvironment } = await load(guarded({ A: 'a', D: 'd' }, asked));
  const refused: string[] = [];
  const { A, B } = readEnvironment();
  onVariableRefused((name) => void refused.push(name));
  const { C, D, A: again } = readEnvironment();
  expect({ A, B, C, D, again, asked, refused }).toEqual({
    A: 'a',
    B: undefined,
    C: undefined,
    D: undefined,
    again: 'a',
    asked: ['A', 'B'],
    refused: ['B'],
  });
  expect(Object.entries(readEnvironment())).toEqual([['A', 'a']]);
});

test('a runtime that does not list its variables tells single ones', async () => {
  const { readEnvironment } = await load(guarded({ A: 'a' }));
  expect([Object.keys(readEnvironment()), readEnvironment().A]).toEqual([[], 'a']);
});

test('process.env itself may throw', async () => {
  const { readEnvironment } = await load({});
  vi.stubGlobal('process', {
    get env() {
      throw new Error('NotCapable');
    },
  });
  expect(readEnvironment().A).toBeUndefined();
  readEnvironment().A = 'a';
  delete readEnvironment().A;
});

test('a variable is set and removed where the runtime has it', async () => {
  const env: Record<string, string> = {};
  const { readEnvironment } = await load(env);
  readEnvironment().A = 'a';
  expect(env).toEqual({ A: 'a' });
  delete readEnvironment().A;
  expect(env).toEqual({});
});

test('the options of Node are read only where they cannot be refused', async () => {
  const { nodeOptions, onVariableRefused } = await load({ NODE_OPTIONS: '--import a' });
  expect(nodeOptions()).toBe('--import a');
  vi.stubGlobal('process', { env: guarded({}) });
  expect(nodeOptions()).toBe('');
  vi.stubGlobal('process', undefined);
  expect(nodeOptions()).toBe('');
  onVariableRefused(expect.fail);
});

test('an inherited variable is ignored', async () => {
  const { readEnvironment } = await load(Object.create({ A: 'a' }, { B: { value: 'b', enumerable: true } }));
  expect([readEnvironment().A, readEnvironment().B, Object.keys(readEnvironment())]).toEqual([
    undefined,
    'b',
    ['B'],
  ]);
});
