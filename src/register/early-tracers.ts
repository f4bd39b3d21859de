import { trace as ownTrace, type Tracer, type TracerProvider } from '@opentelemetry/api';
import { guard } from '../util/guard.ts';
import { isNoopTracerProvider, providerBehind } from '../util/otel-api.ts';

type TracerParameters = [name: string, version?: string, options?: object];

/** The API's proxy for a provider that is not registered yet. Its tracers ask it for a real tracer until they get one. */
interface ProxyProvider {
  getTracer(...parameters: TracerParameters): Tracer;
  getDelegateTracer?(...parameters: TracerParameters): Tracer | undefined;
}
interface TraceApi {
  getTracerProvider(): ProxyProvider;
}

const connectedProxies = new WeakSet<object>();
let startEarlySdk: (() => void) | undefined;

/** Starts the SDK with the program's own first span, so that the request in progress is recorded. */
export function startWithFirstSpan(start: () => void): void {
  startEarlySdk = start;
}

/** Called when a provider is registered, or none will be. */
export function endEarly(): void {
  startEarlySdk = undefined;
}

/**
 * Makes tracers that the program gets before the SDK starts record with that SDK. The API has one build for `import` and
 * one for `require`, and a program may have other copies of it than this package. The SDK registers with one of them, and
 * tracers of the others would never see it.
 *
 * @param trace the trace API of one copy of the API
 */
export function connectEarlyTracers(trace: TraceApi): void {
  const proxy = trace.getTracerProvider();
  const { getTracer, getDelegateTracer } = proxy;
  if (typeof getDelegateTracer !== 'function' || connectedProxies.has(proxy)) return;
  connectedProxies.add(proxy);
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
    if (!gettingTracer) guard('starting the SDK', () => startEarlySdk?.());
    const registered = trace.getTracerProvider();
    if (registered === proxy)
      return getDelegateTracer.apply(this, parameters) ?? hiddenProvider()?.getTracer(...parameters);
    return typeof registered.getDelegateTracer === 'function'
      ? registered.getDelegateTracer(...parameters)
      : registered.getTracer(...parameters);
  };
}

/** The registered provider, which a copy of the API does not see that is newer than the copy it is registered with. */
function hiddenProvider(): TracerProvider | undefined {
  const provider = providerBehind(ownTrace.getTracerProvider());
  return isNoopTracerProvider(provider) ? undefined : provider;
}
