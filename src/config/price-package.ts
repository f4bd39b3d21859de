import { field } from '../util/payload.ts';

/** The part of `@pydantic/genai-prices` that this package uses. */
export interface PricePackage {
  calcPrice(usage: object, model: string, options: object): unknown;
}

/** Recognises the package as a namespace, or below the `default` of a CommonJS build. */
export function asPricePackage(value: unknown): PricePackage | undefined {
  return [value, field(value, 'default')].find(
    (candidate): candidate is PricePackage => typeof field(candidate, 'calcPrice') === 'function',
  );
}
