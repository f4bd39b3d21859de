import type { Meter, MeterProvider } from '@opentelemetry/api';
import { guard } from '../util/guard.ts';
import { isNoopMeterProvider } from '../util/otel-api.ts';
import { patchMethod } from '../util/patch-method.ts';
import { asArray } from '../util/payload.ts';

interface MetricsApi {
  getMeterProvider(): MeterProvider;
}
type MeterParameters = Parameters<MeterProvider['getMeter']>;
type MeterMethod = (...parameters: unknown[]) => unknown;
type Methods = Readonly<Record<string, MeterMethod | undefined>>;

/** Observable instruments and callbacks that are kept until a provider is registered. The program never calls them. */
const MAX_OBSERVABLES = 1_000;

const INSTRUMENTS = ['createCounter', 'createGauge', 'createHistogram', 'createUpDownCounter'] as const;
const OBSERVABLES = [
  'createObservableCounter',
  'createObservableGauge',
  'createObservableUpDownCounter',
] as const;

/**
 * Makes meters that the program gets before the SDK starts record with that SDK. The API's own meters would stay no-op:
 * unlike tracers, they have no proxy.
 *
 * @param metrics the metrics API of one copy of the API
 * @returns connects the meters; call it once a provider is registered
 */
export function connectEarlyMeters(metrics: MetricsApi): () => void {
  const original = metrics.getMeterProvider;
  const early = new EarlyMeterProvider(() => {
    const registered = original.call(metrics);
    return isNoopMeterProvider(registered) ? undefined : registered;
  });
  const override = (): MeterProvider => early.registered() ?? (early as unknown as MeterProvider);
  const restore = patchMethod(metrics, 'getMeterProvider', override);
  return () => {
    restore();
    early.connect();
  };
}

/** The meter provider until one is registered. */
class EarlyMeterProvider {
  /** Recognised by `isNoopMeterProvider`: this provider records nothing itself. */
  readonly isPlaceholder = true;
  readonly registered: () => MeterProvider | undefined;
  #observables: (EarlyInstrument | EarlyBatch)[] = [];

  constructor(registered: () => MeterProvider | undefined) {
    this.registered = registered;
  }

  getMeter(...parameters: MeterParameters): Meter {
    const real = (): Methods | undefined =>
      this.registered()?.getMeter(...parameters) as unknown as Methods | undefined;
    const meter: Record<string, unknown> = {
      addBatchObservableCallback: (callback: unknown, observables: unknown) => {
        if (typeof callback !== 'function') return;
        const batch = new EarlyBatch(real, callback as BatchCallback, observables);
        if (this.registered() === undefined) this.#keep(batch);
        else batch.connect();
      },
      removeBatchObservableCallback: (callback: unknown, observables: unknown) => {
        this.#observables = this.#observables.filter(
          (each) => !(each instanceof EarlyBatch && each.is(callback, observables)),
        );
        real()?.removeBatchObservableCallback?.(realCallback(callback), realInstruments(observables));
      },
    };
    for (const method of INSTRUMENTS) {
      meter[method] = (...given: unknown[]) => new EarlyInstrument(() => real()?.[method]?.(...given));
    }
    for (const method of OBSERVABLES) {
      meter[method] = (...given: unknown[]) => {
        const made = new EarlyInstrument(() => real()?.[method]?.(...given));
        this.#keep(made);
        return made;
      };
    }
    return meter as unknown as Meter;
  }

  #keep(observable: EarlyInstrument | EarlyBatch): void {
    if (this.#observables.length < MAX_OBSERVABLES) this.#observables.push(observable);
  }

  connect(): void {
    const observables = this.#observables;
    this.#observables = [];
    for (const each of observables) guard('connecting a meter', () => each.connect());
  }
}

/** An instrument that creates the real one on its first use after a provider is registered. */
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

interface BatchResult {
  observe(instrument: unknown, ...given: unknown[]): void;
}
type BatchCallback = (result: BatchResult) => unknown;

/** A callback for several observable instruments, which the real meter gets once a provider is registered. */
class EarlyBatch {
  readonly #meter: () => Methods | undefined;
  readonly #callback: BatchCallback;
  readonly #instruments: readonly unknown[];

  constructor(meter: () => Methods | undefined, callback: BatchCallback, instruments: unknown) {
    this.#meter = meter;
    this.#callback = callback;
    this.#instruments = [...asArray(instruments)];
  }

  is(callback: unknown, instruments: unknown): boolean {
    const given = new Set(asArray(instruments));
    const own = new Set(this.#instruments);
    return (
      callback === this.#callback && given.size === own.size && [...given].every((each) => own.has(each))
    );
  }

  connect(): void {
    const instruments = realInstruments(this.#instruments);
    this.#meter()?.addBatchObservableCallback?.(realCallback(this.#callback), instruments);
  }
}

/** What real meters call instead of a callback: it observes the early instruments, which they do not know. */
const realCallbacks = new WeakMap<BatchCallback, BatchCallback>();

function realCallback(given: unknown): unknown {
  if (typeof given !== 'function') return given;
  const callback = given as BatchCallback;
  const made: BatchCallback =
    realCallbacks.get(callback) ??
    ((result) =>
      callback({
        observe: (instrument, ...values) => result.observe(realInstrument(instrument), ...values),
      }));
  realCallbacks.set(callback, made);
  return made;
}

function realInstruments(instruments: unknown): unknown[] {
  return asArray(instruments).map(realInstrument);
}

function realInstrument(instrument: unknown): unknown {
  return instrument instanceof EarlyInstrument ? instrument.connect() : instrument;
}
