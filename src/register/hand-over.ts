import * as api from '@opentelemetry/api';
import { patchMethod } from '../util/patch-method.ts';

type Setter = (this: object, ...args: unknown[]) => unknown;

/** What a program can register itself: the API's export and its setter. */
const GLOBALS: readonly (readonly [exported: string, setter: string])[] = [
  ['trace', 'setGlobalTracerProvider'],
  ['metrics', 'setGlobalMeterProvider'],
  ['logs', 'setGlobalLoggerProvider'],
  ['propagation', 'setGlobalPropagator'],
  ['context', 'setGlobalContextManager'],
];

/**
 * Lets what the program registers later replace what we started for it. The API itself would refuse a second
 * registration.
 *
 * @param require finds the copies of the API that the SDK registered with
 * @param replaced called when the program registers its own tracer provider
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

/** Adds a copy of the API that the program may register with. */
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
