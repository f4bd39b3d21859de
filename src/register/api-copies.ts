import type { Tracer, TracerProvider } from '@opentelemetry/api';
import * as api from '@opentelemetry/api';
import { guard } from '../util/guard.ts';
import { isNoopTracerProvider, providerBehind } from '../util/otel-api.ts';
import { patchMethod } from '../util/patch-method.ts';

type Setter = (this: object, ...args: unknown[]) => unknown;

/** What a program can register itself: for each, the API's export and the setter. */
const GLOBALS: readonly (readonly [exported: string, setter: string])[] = [
  ['trace', 'setGlobalTracerProvider'],
  ['metrics', 'setGlobalMeterProvider'],
  ['logs', 'setGlobalLoggerProvider'],
  ['propagation', 'setGlobalPropagator'],
  ['context', 'setGlobalContextManager'],
];

/**
 * Makes the program's later registrations replace ours. The API would refuse a second registration.
 *
 * @param require finds the copies of the API that the SDK registered with
 */
export function handOver(require: NodeJS.Require, replaced: () => void): void {
  for (const copy of copiesOfApi(require)) {
    for (const [exported, setter] of GLOBALS) {
      const global = copy[exported];
      if (isGlobal(global, setter)) handOverOnce(global, setter, exported === 'trace' ? replaced : undefined);
    }
  }
}

type Global = { disable(): void } & Record<string, unknown>;

function handOverOnce(global: Global, setter: string, replaced: (() => void) | undefined): void {
  const original = global[setter] as Setter;
  const restore = patchMethod(global, setter, function (this: object, ...args: unknown[]) {
    restore();
    global.disable();
    const result = original.apply(this, args);
    replaced?.();
    return result;
  });
}

function isGlobal(value: unknown, setter: string): value is Global {
  const candidate = value as Record<string, unknown> | null | undefined;
  return typeof candidate?.[setter] === 'function' && typeof candidate.disable === 'function';
}

const loadedApis = new Set<Record<string, unknown>>([api]);

/** Call this with each copy of the API that the program may register with. */
export function rememberApi(copy: object): void {
  loadedApis.add(copy as Record<string, unknown>);
}

/** The builds for `import` and `require` are separate copies. Before API 1.10, the logs API was a separate package. */
function copiesOfApi(require: NodeJS.Require): Record<string, unknown>[] {
  const copies = [...loadedApis];
  for (const name of ['@opentelemetry/api', '@opentelemetry/api-logs']) {
    try {
      copies.push(require(name) as Record<string, unknown>);
    } catch {
      // Not installed, so nothing was registered with it.
    }
  }
  return copies;
}

type TracerParameters = Parameters<TracerProvider['getTracer']>;

/** The API's placeholder for a provider. Until one is registered, tracers ask it for a real tracer. */
interface ProxyProvider extends TracerProvider {
  getDelegateTracer?(...parameters: TracerParameters): Tracer | undefined;
}

const connectedProxies = new WeakSet<object>();
let startEarlySdk: (() => void) | undefined;

/** Makes the program's first span start the SDK, so that the request in progress is recorded. */
export function startWithFirstSpan(start: () => void): void {
  startEarlySdk = start;
}

/** Call this once a provider is registered, or when it is known that none will be. */
export function endEarly(): void {
  startEarlySdk = undefined;
}

/**
 * Lets tracers record with the SDK even if the program got them before the SDK started. The SDK registers
 * with one copy of the API. Tracers of other copies, such as that for `import`, would never find it.
 */
export function connectEarlyTracers({ trace, ProxyTracer }: typeof api): void {
  const proxy: ProxyProvider = trace.getTracerProvider();
  const { getDelegateTracer: original } = proxy;
  if (typeof original !== 'function' || typeof ProxyTracer !== 'function' || connectedProxies.has(proxy))
    return;
  connectedProxies.add(proxy);
  const find = (...parameters: TracerParameters): Tracer | undefined => {
    const registered: ProxyProvider = trace.getTracerProvider();
    if (registered === proxy)
      return original.apply(proxy, parameters) ?? hiddenProvider()?.getTracer(...parameters);
    return typeof registered.getDelegateTracer === 'function'
      ? registered.getDelegateTracer(...parameters)
      : registered.getTracer(...parameters);
  };
  const getDelegateTracer = (...parameters: TracerParameters): Tracer | undefined => {
    guard('starting the SDK', () => startEarlySdk?.());
    return find(...parameters);
  };
  proxy.getDelegateTracer = getDelegateTracer;
  // That the program gets a tracer is not yet a reason to start the SDK.
  proxy.getTracer = (name, version, options) =>
    find(name, version, options) ?? new ProxyTracer({ getDelegateTracer }, name, version as string, options);
}

/** The registered provider. A copy of the API ignores it if that copy is newer than the one that registered it. */
function hiddenProvider(): TracerProvider | undefined {
  const provider = providerBehind(api.trace.getTracerProvider());
  return isNoopTracerProvider(provider) ? undefined : provider;
}
