import { unknownAmong } from '../config/unknown-names.ts';
import { notice } from '../diagnostics/report.ts';
import type { TraceMetadata } from '../telemetry/metadata.ts';
import { warnOnce } from '../util/guard.ts';
import { asObject, field } from '../util/payload.ts';

export type Callable = (this: unknown, ...args: unknown[]) => unknown;

/**
 * What `traced` returns when its second argument is not a function: a decorator, or the traced first argument.
 *
 * @param wrap traces a function with untrusted options
 */
export function decorate(
  wrap: (run: Callable, options: unknown) => Callable,
  first: unknown,
  second: unknown,
  third: unknown,
): unknown {
  // Without this, `@traced` on a method with `experimentalDecorators` would replace its property descriptor.
  if (field(third, 'configurable') !== undefined) return refuseLegacy();
  const isDecorator = field(second, 'kind') !== undefined;
  // Wrappers of other libraries take the function first. `@traced` passes it with the context of a decorator.
  if (typeof first === 'function') return wrap(first as Callable, isDecorator ? {} : second);
  if (second === undefined && (!first || typeof first === 'string' || typeof first === 'object'))
    return (method: Callable, context?: unknown) => {
      // As a legacy decorator, it would have to return a property descriptor.
      if (typeof (context ?? {}) !== 'object') return refuseLegacy();
      return typeof method === 'function' ? wrap(method, first) : refuseValue();
    };
  refuseValue();
  // The decorator of a field has no value to return.
  if (isDecorator) return undefined;
  return second === undefined ? first : second;
}

function refuseLegacy(): void {
  warnOnce('traced', 'traced ignored a method: expected standard decorators, not experimentalDecorators.');
}

function refuseValue(): void {
  warnOnce('traced value', 'traced ignored its argument: expected a function.');
}

const TRACED_OPTIONS: readonly string[] = [
  'name',
  'prompt',
  'project',
  'environment',
  'userId',
  'sessionId',
  'tags',
  'metadata',
] satisfies ('name' | 'prompt' | keyof TraceMetadata)[];

/** Reports the options of `traced` that do not exist: most are misspelt. */
export function noticeUnknownOptions(options: unknown): void {
  // Fast path: the code for suggestions is loaded with its first use.
  if (Object.keys(asObject(options) ?? {}).every((name) => TRACED_OPTIONS.includes(name))) return;
  for (const problem of unknownAmong('traced option ', options, TRACED_OPTIONS))
    notice('option_not_accepted', problem);
}
