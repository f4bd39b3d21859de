import { warnOnce } from '../util/guard.ts';
import { field } from '../util/payload.ts';

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
