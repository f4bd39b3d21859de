import { createRequire } from 'node:module';
import * as imported from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { describe, expect, test } from 'vitest';
import { isNoopMeterProvider, isNoopTracerProvider } from '../../src/util/otel-api.ts';

const required: typeof imported = createRequire(import.meta.url)('@opentelemetry/api');

describe.each([
  ['import', imported],
  ['require', required],
])('the API that programs %s', (_, { metrics, ProxyTracerProvider }) => {
  test('has no-op providers by default', () => {
    expect(isNoopTracerProvider(new ProxyTracerProvider().getDelegate())).toBe(true);
    expect(isNoopMeterProvider(metrics.getMeterProvider())).toBe(true);
  });
});

test('has two copies', () => {
  expect(required.ProxyTracerProvider).not.toBe(imported.ProxyTracerProvider);
});

test('the providers of the SDK are not no-op', () => {
  expect(isNoopTracerProvider(new TracerProvider())).toBe(false);
  expect(isNoopMeterProvider(new MeterProvider())).toBe(false);
});
