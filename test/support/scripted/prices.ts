import type { ItemUsage } from '../api-usage.ts';

/** USD for a million tokens, by the beginning of the model's name; costs do not change with the price package. */
const PRICES_OF: readonly (readonly [model: string, input: number, output: number])[] = [
  ['gpt-4o-mini', 1, 4],
  ['gpt-4o', 10, 40],
  ['gpt-5', 20, 80],
];

export const PRICES: Readonly<Record<string, { input_mtok: number; output_mtok: number }>> =
  Object.fromEntries(
    PRICES_OF.map(([model, input_mtok, output_mtok]) => [`${model}*`, { input_mtok, output_mtok }]),
  );

/** What the API asks for in all, in USD. @param model of what does not say it: turns do not, their agent does */
export function costOf(items: Readonly<Record<string, ItemUsage>>, model: string): number {
  return Object.values(items).reduce((total, spent) => {
    const price = PRICES_OF.find(([name]) => (spent.model ?? model).startsWith(name));
    if (price === undefined) throw new Error(`No price of ${spent.model ?? model}`);
    const [, input, output] = price;
    return total + (spent.input * input + spent.output * output) / 1e6;
  }, 0);
}
