import type { Tracer } from '@opentelemetry/api';
import { guard } from '../util/guard.ts';

type TracerParameters = [name: string, version?: string, options?: object];

/** The API's proxy for a provider that is not registered yet. Its tracers ask it for a real tracer until they get one. */
interface ProxyProvider {
  getTracer(...parameters: TracerParameters): Tracer;
  getDelegateTracer?(...parameters: TracerParameters): Tracer | undefined;
}
interface TraceApi {
  getTracerProvider(): ProxyProvider;
}

/**
 * Makes tracers that the program gets before the SDK starts record with that SDK. The API has one build for `import` and
 * one for `require`. The SDK registers with one of them, and tracers of the other would never see it.
 *
 * @param trace the trace API of one copy of the API
 * @param start called before such a tracer starts a span
 */
export function connectEarlyTracers(trace: TraceApi, start: () => void): void {
  const proxy = trace.getTracerProvider();
  const { getTracer, getDelegateTracer } = proxy;
  if (typeof getDelegateTracer !== 'function') return;
  /** Whether the program gets a tracer now, and does not use it yet. */
  let gettingTracer = false;
  proxy.getTracer = function (this: ProxyProvider, ...parameters) {
    const outer = gettingTracer;
    gettingTracer = true;
    try {
      return getTracer.apply(this, parameters);
    } finally {
      gettingTracer = outer;
    }
  };
  proxy.getDelegateTracer = function (this: ProxyProvider, ...parameters) {
    if (!gettingTracer) guard('starting the SDK', start);
    const registered = trace.getTracerProvider();
    if (registered === proxy) return getDelegateTracer.apply(this, parameters);
    return typeof registered.getDelegateTracer === 'function'
      ? registered.getDelegateTracer(...parameters)
      : registered.getTracer(...parameters);
  };
}
