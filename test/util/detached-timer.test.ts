import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => void vi.resetModules());

test('a timer that starts in a request neither inherits its context nor keeps the process alive', async () => {
  const { startOutside } = await import('../../src/util/detached-timer.ts');
  const requests = new AsyncLocalStorage<string>();
  const seen = await new Promise((done) => {
    requests.run('a request', () => {
      const timer = startOutside(() => setTimeout(() => done(requests.getStore()), 1));
      expect(timer.hasRef()).toBe(false);
      timer.ref();
    });
  });
  expect(seen).toBeUndefined();
});

test('loading it leaves nothing that looks like an open handle', async () => {
  const open: string[] = [];
  // As Jest does with --detectOpenHandles.
  const init = (_: number, type: string, __: number, resource: { hasRef?(): boolean }): void => {
    if (/^(?:bound-|opentelemetry)/.test(type) && resource.hasRef?.() !== false) open.push(type);
  };
  const hook = createHook({ init }).enable();
  await import('../../src/util/detached-timer.ts');
  hook.disable();
  expect(open).toEqual([]);
});
