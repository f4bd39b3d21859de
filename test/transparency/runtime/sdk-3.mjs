// SDK 3.x with API 1.10.
import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { MetricKeeper, Recorder } from './tracing.mjs';

/** Sets tracing up, as a program does first of all; gives what `runPrograms` takes. */
export function startTracing() {
  const recorder = new Recorder();
  const keeper = new MetricKeeper();
  const tracerProvider = new TracerProvider({ spanProcessors: [recorder] });
  const meterProvider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: keeper })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  trace.setGlobalTracerProvider(tracerProvider);
  metrics.setGlobalMeterProvider(meterProvider);
  return {
    within: (name, run) => recorder.within(name, run),
    open: (name) => recorder.open(name),
    async finish() {
      await tracerProvider.shutdown();
      await meterProvider.shutdown();
      return recorder.record(keeper.scopeMetrics);
    },
  };
}
