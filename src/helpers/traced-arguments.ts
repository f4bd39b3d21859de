import { warnOnce } from '../util/guard.ts';
import { ownField } from '../util/payload.ts';

export type Callable = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Handles the calls of `traced` whose second argument is not a function: other orders, decorators and
 * mistakes.
 *
 * @param wrap traces a function. The options come from the program and may be malformed
 */
export function decorate(
  wrap: (run: Callable, options: unknown) => Callable,
  first: unknown,
  second: unknown,
  third: unknown,
): unknown {
  // With `experimentalDecorators`, `third` is the method's descriptor. A returned value would replace it.
  if (ownField(third, 'configurable') !== undefined) return refuseLegacy();
  const isDecorator = ownField(second, 'kind') !== undefined;
  // `traced(run, options)` has the order of other libraries. `@traced` without parentheses passes a method
  // and its decorator context.
  if (typeof first === 'function') return wrap(first as Callable, isDecorator ? {} : second);
  if (second === undefined && (!first || typeof first === 'string' || typeof first === 'object'))
    return (method: Callable, context?: unknown) => {
      // With `experimentalDecorators`, `context` is the method's name.
      if (typeof (context ?? {}) !== 'object') return refuseLegacy();
      return typeof method === 'function' ? wrap(method, first) : refuseValue();
    };
  refuseValue();
  // A field decorator may return only a function that initializes the field, or nothing.
  if (isDecorator) return undefined;
  return second === undefined ? first : second;
}

function refuseLegacy(): void {
  warnOnce('traced', 'traced ignored a method: expected standard decorators, not experimentalDecorators.');
}

function refuseValue(): void {
  warnOnce('traced value', 'traced ignored its argument: expected a function.');
}
