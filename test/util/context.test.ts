import {
  type Context,
  type ContextManager,
  context,
  createContextKey,
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { isTracingSuppressed, suppressTracing, unsuppressTracing } from '@opentelemetry/core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  activeContext,
  isSuppressed,
  LinkedContext,
  makeSuppressed,
  runIn,
  SPAN_KEY,
  suppressed,
} from '../../src/util/context.ts';

test('the key of the active span is that of the API', () => {
  const span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  expect(trace.setSpan(ROOT_CONTEXT, span).getValue(SPAN_KEY)).toBe(span);
});

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

  test('runs once, with its arguments, and returns its result or throws its error unchanged', async () => {
    const self = {};
    const run = vi.fn(function (this: unknown, ...args: number[]) {
      return [this, ...args];
    });
    expect(runIn(inner, run, self, [1, 2])).toEqual([self, 1, 2]);
    const error = new Error('of the program');
    const fails = vi.fn(() => {
      throw error;
    });
    expect(() => runIn(inner, fails)).toThrow(error);
    await Promise.resolve();
    expect(run).toHaveBeenCalledOnce();
    expect(fails).toHaveBeenCalledOnce();
  });
});

test('a function runs in its context', () => {
  register();
  expect(runIn(inner, () => activeContext().getValue(KEY))).toBe('inner');
});

const A = createContextKey('a');
const B = createContextKey('b');

describe('a linked context', () => {
  test('has the values of its parent, and its own before those', () => {
    const outer = ROOT_CONTEXT.setValue(A, 1).setValue(B, 2);
    const inner = LinkedContext.add(outer, A, 3);
    expect([inner.getValue(A), inner.getValue(B)]).toEqual([3, 2]);
    expect([outer.getValue(A), outer.getValue(B)]).toEqual([1, 2]);
    expect(inner.getValue(createContextKey('c'))).toBeUndefined();
  });

  test('is not changed by values set or deleted on top of it', () => {
    const context = LinkedContext.add(ROOT_CONTEXT, A, 1);
    const without = context.deleteValue(A);
    expect([context.setValue(A, 2).getValue(A), without.getValue(A), context.getValue(A)]).toEqual([
      2,
      undefined,
      1,
    ]);
  });

  test('has a span like a context that `trace.setSpan` returns', () => {
    const span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    const outer = ROOT_CONTEXT.setValue(A, 1);
    for (const context of [outer, LinkedContext.add(outer, B, 2)]) {
      const inner = LinkedContext.withSpan(context, span);
      expect([trace.getSpan(inner), inner.getValue(A), trace.getSpan(context)]).toEqual([span, 1, undefined]);
    }
  });

  test('leaves a context of another kind to set the span itself', () => {
    const own = LinkedContext.add(ROOT_CONTEXT, A, 1);
    const other: Context = { getValue: () => undefined, setValue: () => own, deleteValue: () => other };
    expect(LinkedContext.withSpan(other, trace.wrapSpanContext(INVALID_SPAN_CONTEXT))).toBe(own);
    expect(LinkedContext.add(other, A, 1)).toBe(own);
  });

  test('becomes a copy after a few links', () => {
    let copied = 0;
    const countingCopies = (inner: Context): Context => ({
      getValue: (key) => inner.getValue(key),
      setValue: (key, value) => {
        copied++;
        return countingCopies(inner.setValue(key, value));
      },
      deleteValue: (key) => countingCopies(inner.deleteValue(key)),
    });
    const linkable = Object.assign(countingCopies(ROOT_CONTEXT), { isLinkable: true });
    let context = LinkedContext.add(linkable, B, 'outermost');
    for (let index = 0; index < 100; index++) {
      context = context.setValue(index % 2 === 0 ? A : createContextKey(`c${index}`), index);
      if (index === 5) expect(copied).toBe(0);
    }
    expect([context.getValue(A), context.getValue(B)]).toEqual([98, 'outermost']);
    // Every value at least once, and none of them again and again: what is a copy is no longer linked.
    expect(copied).toBeGreaterThan(80);
  });
});

test('suppression in a context is shared with OpenTelemetry in both directions', () => {
  expect(isSuppressed(ROOT_CONTEXT)).toBe(false);
  expect(isSuppressed(suppressTracing(ROOT_CONTEXT))).toBe(true);
  expect(isSuppressed(unsuppressTracing(suppressTracing(ROOT_CONTEXT)))).toBe(false);
  expect(isTracingSuppressed(suppressed(ROOT_CONTEXT))).toBe(true);
});

test('a background request is suppressed even without a context manager', () => {
  const seen = (): boolean => isSuppressed(context.active());
  expect([seen(), makeSuppressed(() => [seen(), makeSuppressed(seen), seen()]), seen()]).toEqual([
    false,
    [true, true, true],
    false,
  ]);
  expect(() => makeSuppressed(broken)).toThrow(failure);
  expect(seen()).toBe(false);
});
