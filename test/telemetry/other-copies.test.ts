import { ProxyTracerProvider, type TracerProvider, trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { flush } from '../../src/client.ts';

test('flush() also flushes a global provider that only another copy of the package has used', async () => {
  let flushes = 0;
  const provider: TracerProvider & { forceFlush(): Promise<void> } = {
    getTracer: (name) => new ProxyTracerProvider().getTracer(name),
    forceFlush: async () => {
      flushes += 1;
    },
  };
  trace.setGlobalTracerProvider(provider);
  try {
    await flush();
    expect(flushes).toBe(1);
  } finally {
    trace.disable();
  }
});
