import {
  createNoopMeter,
  type MeterProvider,
  ProxyTracerProvider,
  type TracerProvider,
} from '@opentelemetry/api';
import { NAME } from './version.ts';

/*
 * The API gives providers that do nothing where none is registered. It may be in a process twice, for `import` and for
 * `require`: those of the other copy are told by the name of their class.
 */

/** The provider that makes the spans: behind the API's proxy, the one registered by now. */
export function providerBehind(provider: TracerProvider): TracerProvider {
  const { getDelegate } = provider as { getDelegate?: () => TracerProvider };
  return typeof getDelegate === 'function' ? getDelegate.call(provider) : provider;
}

export function isNoopTracerProvider(provider: object): boolean {
  const noop = new ProxyTracerProvider().getDelegate();
  return provider.constructor === noop.constructor || provider.constructor?.name === 'NoopTracerProvider';
}

export function isNoopMeterProvider(provider: MeterProvider): boolean {
  // `…/register` gives one that waits for the real one.
  if ((provider as { isPlaceholder?: boolean }).isPlaceholder === true) return true;
  const meter = provider.getMeter(NAME);
  return meter === createNoopMeter() || meter?.constructor?.name === 'NoopMeter';
}

export function isNoopLoggerProvider(provider: object): boolean {
  return provider.constructor?.name === 'NoopLoggerProvider';
}
