import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { isTracingSuppressed, suppressTracing, unsuppressTracing } from '@opentelemetry/core';
import { expect, test } from 'vitest';
import { isSuppressed, makeSuppressed, suppressed } from '../../src/util/context.ts';

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
  expect(() =>
    makeSuppressed(() => {
      throw new Error('refused');
    }),
  ).toThrow('refused');
  expect(seen()).toBe(false);
});
