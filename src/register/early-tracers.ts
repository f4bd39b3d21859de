import type { Tracer } from '@opentelemetry/api';
import { guard } from '../util/guard.ts';

type TracerParameters = [name: string, version?: string, options?: object];

/** What the API gives where no provider is registered: its tracers ask this object until they have a real tracer. */
interface ProxyProvider {
  getTracer(...parameters: TracerParameters): Tracer;
  getDelegateTracer?(...parameters: TracerParameters): Tracer | undefined;
}
interface TraceApi {
  getTracerProvider(): ProxyProvider;
}

/**
 * Lets tracers that the program takes before the SDK starts record with it. The API has builds for `import` and
 * `require`, and the SDK registers with one of them: tracers of the other would never hear of it.
 *
 * @param trace of one copy of the API
 * @param start called before such a tracer starts a span
 */
export function connectEarlyTracers(trace: TraceApi, start: () => void): void {
  const proxy = trace.getTracerProvider();
  const { getTracer, getDelegateTracer } = proxy;
  if (typeof getDelegateTracer !== 'function') return;
  /** A tracer is asked for, not yet used. */
  let taking = false;
  proxy.getTracer = function (this: ProxyProvider, ...parameters) {
    const outer = taking;
    taking = true;
    try {
      return getTracer.apply(this, parameters);
    } finally {
      taking = outer;
    }
  };
  proxy.getDelegateTracer = function (this: ProxyProvider, ...parameters) {
    if (!taking) guard('starting the SDK', start);
    const registered = trace.getTracerProvider();
    if (registered === proxy) return getDelegateTracer.apply(this, parameters);
    return typeof registered.getDelegateTracer === 'function'
      ? registered.getDelegateTracer(...parameters)
      : registered.getTracer(...parameters);
  };
}
