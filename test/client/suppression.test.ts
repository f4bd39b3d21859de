import { ROOT_CONTEXT } from '@opentelemetry/api';
import { isTracingSuppressed, suppressTracing, unsuppressTracing } from '@opentelemetry/core';
import { expect, test } from 'vitest';
import { isSuppressed, suppressed } from '../../src/client/suppression.ts';

test('a context that OpenTelemetry suppresses is suppressed, and the other way round', () => {
  expect(isSuppressed(ROOT_CONTEXT)).toBe(false);
  expect(isSuppressed(suppressTracing(ROOT_CONTEXT))).toBe(true);
  expect(isSuppressed(unsuppressTracing(suppressTracing(ROOT_CONTEXT)))).toBe(false);
  expect(isTracingSuppressed(suppressed(ROOT_CONTEXT))).toBe(true);
});
