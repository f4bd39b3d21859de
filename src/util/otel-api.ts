import type { Attributes } from '@opentelemetry/api';
import {
  type Context,
  createNoopMeter,
  type MeterProvider,
  ProxyTracerProvider,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { field, textField } from './payload.ts';
import { NAME } from './version.ts';

/** The key of the global object with the providers and `diag`'s logger, which all copies of the API share. */
export const API_KEY: unique symbol = Symbol.for('opentelemetry.js.api.1');

/*
 * Without a registered provider, the API returns no-op providers. Those of another copy of the API, such as
 * that for `require`, are recognised by their class names.
 */

/** The provider that is registered behind the API's proxy. */
export function providerBehind(provider: TracerProvider): TracerProvider {
  const { getDelegate } = provider as { getDelegate?: () => TracerProvider };
  return typeof getDelegate === 'function' ? getDelegate.call(provider) : provider;
}

export function isNoopTracerProvider(provider: object): boolean {
  const noop = new ProxyTracerProvider().getDelegate();
  return provider.constructor === noop.constructor || provider.constructor?.name === 'NoopTracerProvider';
}

/**
 * The version of the API with which a tracer provider was registered, if this package's copy of the API is newer.
 * A newer copy ignores that provider, and cannot register another one.
 */
export function olderApiInUse(): string | undefined {
  const registered = field(globalThis, API_KEY);
  const provider = field(registered, 'trace');
  return provider === undefined || provider === trace.getTracerProvider()
    ? undefined
    : textField(registered, 'version');
}

export function isNoopMeterProvider(provider: MeterProvider): boolean {
  const meter = provider.getMeter(NAME);
  return meter === createNoopMeter() || meter?.constructor?.name === 'NoopMeter';
}

/** Whether a logger provider is a proxy or a no-op provider, of the API or of `@opentelemetry/api-logs`. */
export function isLoggerPlaceholder(provider: object): boolean {
  return (
    typeof field(provider, '_getDelegate') === 'function' ||
    provider.constructor?.name === 'NoopLoggerProvider'
  );
}

/** Whether a context comes from any copy of the API. A program often loads two: the CommonJS and the ES module. */
export function isApiContext(context: Context): boolean {
  return (context as { readonly _currentContext?: unknown })._currentContext instanceof Map;
}

/** The logger of `diag`, whatever its level. */
export function diagLogger(): unknown {
  // A newer copy of the API does not reach the logger of an older one.
  return olderApiInUse() === undefined ? field(field(globalThis, API_KEY), 'diag') : undefined;
}

/** Whether `diag` logs warnings. The API binds the logger's methods, except those below the log level. */
export function logsWarnings(): boolean {
  const warn = field(diagLogger(), 'warn');
  return typeof warn === 'function' && warn.name.startsWith('bound ');
}

export function pickAttributes(attributes: Attributes, names: readonly string[]): Attributes {
  const picked: Attributes = {};
  for (const name of names) {
    const value = attributes[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
