import { warnOnce } from '../util/guard.ts';
import { field } from '../util/payload.ts';

export type Callable = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Handles all calls of `traced` whose second argument is not a function. Returns the first argument traced if it is a
 * function, and otherwise a decorator.
 *
 * @param wrap traces a function; its options come from the program and may be malformed
 */
export function decorate(
  wrap: (run: Callable, options: unknown) => Callable,
  first: unknown,
  second: unknown,
  third: unknown,
): unknown {
  // With `experimentalDecorators`, the third argument is the method's property descriptor. A result would replace it.
  if (field(third, 'configurable') !== undefined) return refuseLegacy();
  const isDecorator = field(second, 'kind') !== undefined;
  // Either the function comes before the options, as in other libraries, or this is `@traced` without parentheses,
  // which passes the method and the context of a decorator.
  if (typeof first === 'function') return wrap(first as Callable, isDecorator ? {} : second);
  if (second === undefined && (!first || typeof first === 'string' || typeof first === 'object'))
    return (method: Callable, context?: unknown) => {
      // With `experimentalDecorators`, the second argument is the name of the method. Returning a function has no use.
      if (typeof (context ?? {}) !== 'object') return refuseLegacy();
      return typeof method === 'function' ? wrap(method, first) : refuseValue();
    };
  refuseValue();
  // A decorator of a field may return nothing but a function that initializes it.
  if (isDecorator) return undefined;
  return second === undefined ? first : second;
}

function refuseLegacy(): void {
  warnOnce('traced', 'traced ignored a method: expected standard decorators, not experimentalDecorators.');
}

function refuseValue(): void {
  warnOnce('traced value', 'traced ignored its argument: expected a function.');
}
