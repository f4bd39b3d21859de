import { metrics, ProxyTracerProvider, type TracerProvider, trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { flush } from '../../src/client.ts';
import { knownProviders } from '../../src/telemetry/program-end/provider-life.ts';

test('flush() also flushes global providers that only another copy of the package has used', async () => {
  const flushed: string[] = [];
  const provider: TracerProvider & { forceFlush(): Promise<void> } = {
    getTracer: (name) => new ProxyTracerProvider().getTracer(name),
    forceFlush: async () => {
      flushed.push('spans');
    },
  };
  const meterProvider = Object.assign(Object.create(metrics.getMeterProvider()), {
    forceFlush: async () => {
      flushed.push('metrics');
    },
  });
  trace.setGlobalTracerProvider(provider);
  metrics.setGlobalMeterProvider(meterProvider);
  try {
    await flush();
    expect(flushed.sort()).toEqual(['metrics', 'spans']);
    // What the program itself leaves unsent at its end is nothing to report.
    expect(knownProviders()).not.toContain(provider);
  } finally {
    trace.disable();
    metrics.disable();
  }
});
