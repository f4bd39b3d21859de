import { field } from '../util/payload.ts';

/** What is used of `@pydantic/genai-prices`. */
export interface PricePackage {
  calcPrice(usage: object, model: string, options: object): unknown;
}

/** The package, whether as namespace or as what a CommonJS build puts under `default`. */
export function asPackage(value: unknown): PricePackage | undefined {
  return [value, field(value, 'default')].find(
    (candidate): candidate is PricePackage => typeof field(candidate, 'calcPrice') === 'function',
  );
}
