// SDK 2.x with API 1.9.
import { metrics } from '@opentelemetry/api';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { MetricKeeper, Recorder } from './tracing.mjs';

/** Sets tracing up, as a program does first of all; gives what `runPrograms` takes. */
export function startTracing() {
  const recorder = new Recorder();
  const keeper = new MetricKeeper();
  const tracerProvider = new NodeTracerProvider({ spanProcessors: [recorder] });
  const meterProvider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: keeper })],
  });
  tracerProvider.register();
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
