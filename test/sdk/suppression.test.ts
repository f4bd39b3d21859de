import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { isTracingSuppressed, suppressTracing, unsuppressTracing } from '@opentelemetry/core';
import { expect, test } from 'vitest';
import { isSuppressed, makeSuppressed, suppressed } from '../../src/sdk/suppression.ts';

test('a context that OpenTelemetry suppresses is suppressed, and the other way round', () => {
  expect(isSuppressed(ROOT_CONTEXT)).toBe(false);
  expect(isSuppressed(suppressTracing(ROOT_CONTEXT))).toBe(true);
  expect(isSuppressed(unsuppressTracing(suppressTracing(ROOT_CONTEXT)))).toBe(false);
  expect(isTracingSuppressed(suppressed(ROOT_CONTEXT))).toBe(true);
});

test('a request of the instrumentation’s own is suppressed also where there is no context manager', () => {
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
