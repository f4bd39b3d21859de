import net from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { builtIn } from '../../src/util/built-in.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test('Node gives its modules', () => {
  expect(builtIn('node:net')).toBe(net);
});

test('Node before 20.16 gives them to a bundle through the main module', () => {
  const loaded = { net };
  const mainModule = {
    loaded,
    require(this: { loaded: Record<string, unknown> }, name: string) {
      return this.loaded[name.slice('node:'.length)];
    },
  };
  vi.stubGlobal('process', { mainModule });
  expect(builtIn('node:net')).toBe(net);
});

test.each<[runtime: string, stub: () => void]>([
  ['no process', () => vi.stubGlobal('process', undefined)],
  ['a process without modules', () => vi.stubGlobal('process', { env: {} })],
  [
    'a process that refuses',
    () =>
      vi.spyOn(process, 'getBuiltinModule').mockImplementation(() => {
        throw new Error('not here');
      }),
  ],
])('a runtime with %s gives none', (_, stub) => {
  stub();
  expect(builtIn('node:net')).toBeUndefined();
});
