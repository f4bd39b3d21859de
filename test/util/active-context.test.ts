import { type ContextManager, context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { activeContext, runIn } from '../../src/util/context.ts';

const KEY = createContextKey('test');
const inner = ROOT_CONTEXT.setValue(KEY, 'inner');
const real = new AsyncLocalStorageContextManager();

/** Registers a context manager that differs from OpenTelemetry's own in these methods. */
function register(methods: Partial<Record<keyof ContextManager, unknown>> = {}): void {
  const own = {
    active: () => real.active(),
    with: real.with.bind(real),
    bind: real.bind.bind(real),
    enable: () => own,
    disable: () => own,
  };
  context.setGlobalContextManager(Object.assign(own, methods) as never);
}

const failure = new Error('It is broken.');
function broken(): never {
  throw failure;
}

afterEach(() => context.disable());

describe('the active context', () => {
  test('is that of the context manager', () => {
    register();
    expect(context.with(inner, activeContext)).toBe(inner);
  });

  test.each([
    ['throws', broken],
    ['returns nothing', () => undefined],
    ['returns something else', () => ({})],
  ])('is empty if the context manager %s', (_, active) => {
    register({ active });
    expect(activeContext()).toBe(ROOT_CONTEXT);
  });
});

const MANAGERS: readonly { readonly what: string; readonly enter: (enter: () => unknown) => unknown }[] = [
  { what: 'works', enter: (enter) => enter() },
  { what: 'throws on the way in', enter: broken },
  { what: 'throws on the way out', enter: (enter) => [enter(), broken()] },
  { what: 'returns no result', enter: (enter) => void enter() },
  { what: 'enters twice', enter: (enter) => [enter(), enter()] },
  { what: 'enters later', enter: (enter) => void queueMicrotask(enter) },
];

describe.each(MANAGERS)('with a context manager that $what, a function', ({ enter }) => {
  beforeEach(() =>
    register({
      with: (...given: Parameters<ContextManager['with']>) => enter(() => real.with(...given)),
    }),
  );

  test('runs once, with its arguments, and returns its result', async () => {
    const self = {};
    const run = vi.fn(function (this: unknown, ...args: number[]) {
      return [this, ...args];
    });
    expect(runIn(inner, run, self, [1, 2])).toEqual([self, 1, 2]);
    await Promise.resolve();
    expect(run).toHaveBeenCalledOnce();
  });

  test('throws its error unchanged, once', async () => {
    const error = new Error('of the program');
    const run = vi.fn(() => {
      throw error;
    });
    expect(() => runIn(inner, run)).toThrow(error);
    await Promise.resolve();
    expect(run).toHaveBeenCalledOnce();
  });
});

test('a function runs in its context', () => {
  register();
  expect(runIn(inner, () => activeContext().getValue(KEY))).toBe('inner');
});
