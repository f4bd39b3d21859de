import * as api from '@opentelemetry/api';
import { patchMethod } from '../util/patch-method.ts';

type Setter = (this: object, ...args: unknown[]) => unknown;

/** What a program registers of its own, in which package, and by which method. */
const GLOBALS: readonly (readonly [exported: string, setter: string])[] = [
  ['trace', 'setGlobalTracerProvider'],
  ['metrics', 'setGlobalMeterProvider'],
  ['logs', 'setGlobalLoggerProvider'],
  ['propagation', 'setGlobalPropagator'],
  ['context', 'setGlobalContextManager'],
];

/**
 * Gives way to the program: what it registers later takes the place of what was started for it, where the API
 * would refuse it as the second of its kind.
 *
 * @param require finds the copies of the API that the SDK registered with
 * @param replaced called when the program has a tracer provider of its own
 */
export function giveWay(require: NodeJS.Require, replaced: () => void): void {
  for (const copy of copiesOfApi(require)) {
    for (const [exported, setter] of GLOBALS) {
      const global = copy[exported];
      if (isGlobal(global, setter)) giveWayOnce(global, setter, exported === 'trace' ? replaced : undefined);
    }
  }
}

type Global = { disable(): void } & Record<string, unknown>;

function giveWayOnce(global: Global, setter: string, replaced: (() => void) | undefined): void {
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

let imported: Record<string, unknown> | undefined;

/** The copy of the API that ES modules share, which nothing but an ES module can find. */
export function knowImportedApi(copy: object): void {
  imported = copy as Record<string, unknown>;
}

/** The builds for `import` and `require` are copies of their own; the logs API had a package of its own. */
function copiesOfApi(require: NodeJS.Require): Record<string, unknown>[] {
  const copies: Record<string, unknown>[] = imported === undefined ? [api] : [api, imported];
  for (const name of ['@opentelemetry/api', '@opentelemetry/api-logs']) {
    try {
      copies.push(require(name) as Record<string, unknown>);
    } catch {
      // Not there: nothing was registered with it.
    }
  }
  return copies;
}
