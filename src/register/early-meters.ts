import type { Meter, MeterProvider } from '@opentelemetry/api';
import { guard } from '../util/guard.ts';
import { isNoopMeterProvider } from '../util/otel-api.ts';

interface MetricsApi {
  getMeterProvider(): MeterProvider;
}
type MeterParameters = Parameters<MeterProvider['getMeter']>;
type MeterMethod = (...parameters: unknown[]) => unknown;
type Methods = Readonly<Record<string, MeterMethod | undefined>>;

/** Observed ones must be made as soon as there is a provider: nobody calls them. */
const MAX_OBSERVED = 1_000;

const INSTRUMENTS = ['createCounter', 'createGauge', 'createHistogram', 'createUpDownCounter'] as const;
const OBSERVED = [
  'createObservableCounter',
  'createObservableGauge',
  'createObservableUpDownCounter',
] as const;

/**
 * Lets meters that the program takes before the SDK starts record with it. Unlike tracers, the API gives meters that
 * record nothing for ever.
 *
 * @param metrics of one copy of the API
 * @returns connects them, once a provider is registered
 */
export function connectEarlyMeters(metrics: MetricsApi): () => void {
  const original = metrics.getMeterProvider;
  const owned = Object.getOwnPropertyDescriptor(metrics, 'getMeterProvider');
  const waiting = new Waiting(() => {
    const registered = original.call(metrics);
    return isNoopMeterProvider(registered) ? undefined : registered;
  });
  const override = (): MeterProvider => waiting.registered() ?? (waiting as unknown as MeterProvider);
  metrics.getMeterProvider = override;
  return () => {
    if (metrics.getMeterProvider === override) {
      if (owned === undefined) delete (metrics as Partial<MetricsApi>).getMeterProvider;
      else Object.defineProperty(metrics, 'getMeterProvider', owned);
    }
    waiting.connect();
  };
}

/** The provider until one is registered. */
class Waiting {
  /** Tells that it records nothing. */
  readonly isPlaceholder = true;
  readonly registered: () => MeterProvider | undefined;
  #observed: EarlyInstrument[] = [];

  constructor(registered: () => MeterProvider | undefined) {
    this.registered = registered;
  }

  getMeter(...parameters: MeterParameters): Meter {
    const real = (): Methods | undefined =>
      this.registered()?.getMeter(...parameters) as unknown as Methods | undefined;
    const meter: Record<string, unknown> = {
      addBatchObservableCallback: (...given: unknown[]) => real()?.addBatchObservableCallback?.(...given),
      removeBatchObservableCallback: (...given: unknown[]) =>
        real()?.removeBatchObservableCallback?.(...given),
    };
    for (const method of INSTRUMENTS) {
      meter[method] = (...given: unknown[]) => new EarlyInstrument(() => real()?.[method]?.(...given));
    }
    for (const method of OBSERVED) {
      meter[method] = (...given: unknown[]) => {
        const made = new EarlyInstrument(() => real()?.[method]?.(...given));
        if (this.#observed.length < MAX_OBSERVED) this.#observed.push(made);
        return made;
      };
    }
    return meter as unknown as Meter;
  }

  connect(): void {
    const observed = this.#observed;
    this.#observed = [];
    for (const each of observed) guard('connecting a meter', () => each.connect());
  }
}

/** An instrument that is made for real when it is used and there is a provider. */
class EarlyInstrument {
  readonly #make: () => unknown;
  #real: Methods | undefined;
  readonly #callbacks = new Set<unknown>();

  constructor(make: () => unknown) {
    this.#make = make;
  }

  add(...given: unknown[]): void {
    this.connect()?.add?.(...given);
  }

  record(...given: unknown[]): void {
    this.connect()?.record?.(...given);
  }

  addCallback(callback: unknown): void {
    if (this.connect() === undefined) this.#callbacks.add(callback);
    else this.#real?.addCallback?.(callback);
  }

  removeCallback(callback: unknown): void {
    this.#callbacks.delete(callback);
    this.#real?.removeCallback?.(callback);
  }

  connect(): Methods | undefined {
    if (this.#real === undefined) {
      this.#real = this.#make() as Methods | undefined;
      if (this.#real === undefined) return undefined;
      for (const callback of this.#callbacks) this.#real.addCallback?.(callback);
      this.#callbacks.clear();
    }
    return this.#real;
  }
}
