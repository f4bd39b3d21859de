import {
  type Context,
  createContextKey,
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { LinkedContext } from '../../src/util/context.ts';

const A = createContextKey('a');
const B = createContextKey('b');

describe('a linked context', () => {
  test('has the values of its parent, and its own before those', () => {
    const outer = ROOT_CONTEXT.setValue(A, 1).setValue(B, 2);
    const inner = LinkedContext.of(outer).setValue(A, 3);
    expect([inner.getValue(A), inner.getValue(B)]).toEqual([3, 2]);
    expect([outer.getValue(A), outer.getValue(B)]).toEqual([1, 2]);
    expect(inner.getValue(createContextKey('c'))).toBeUndefined();
  });

  test('is not changed by values set or deleted on top of it', () => {
    const context = LinkedContext.of(ROOT_CONTEXT).setValue(A, 1);
    const without = context.deleteValue(A);
    expect([context.setValue(A, 2).getValue(A), without.getValue(A), context.getValue(A)]).toEqual([
      2,
      undefined,
      1,
    ]);
    expect(LinkedContext.of(context)).toBe(context);
  });

  test('has a span like a context that `trace.setSpan` returns', () => {
    const span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    const outer = ROOT_CONTEXT.setValue(A, 1);
    for (const context of [outer, LinkedContext.of(outer)]) {
      const inner = LinkedContext.withSpan(context, span);
      expect([trace.getSpan(inner), inner.getValue(A), trace.getSpan(context)]).toEqual([span, 1, undefined]);
    }
  });

  test('leaves a context of another kind to set the span itself', () => {
    const own = LinkedContext.of(ROOT_CONTEXT);
    const other: Context = { getValue: () => undefined, setValue: () => own, deleteValue: () => other };
    expect(LinkedContext.withSpan(other, trace.wrapSpanContext(INVALID_SPAN_CONTEXT))).toBe(own);
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
    let context = LinkedContext.of(countingCopies(ROOT_CONTEXT.setValue(B, 'outermost')));
    for (let index = 0; index < 100; index++) {
      context = context.setValue(index % 2 === 0 ? A : createContextKey(`c${index}`), index);
      if (index === 5) expect(copied).toBe(0);
    }
    expect([context.getValue(A), context.getValue(B)]).toEqual([98, 'outermost']);
    // Every value at least once, and none of them again and again: what is a copy is no longer linked.
    expect(copied).toBeGreaterThan(80);
  });
});
