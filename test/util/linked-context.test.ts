import { type Context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { LinkedContext } from '../../src/util/linked-context.ts';

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
