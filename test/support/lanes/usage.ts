import type { FinishedSpan } from '../../../src/testing.ts';

/** Any sum over a trace must give what was spent: the same tokens stand on no two spans. */
export function usageSum(spans: readonly FinishedSpan[]): { input_tokens: number; output_tokens: number } {
  const sum = (name: string): number =>
    spans.reduce((total, { attributes }) => total + Number(attributes[name] ?? 0), 0);
  return {
    input_tokens: sum('gen_ai.usage.input_tokens'),
    output_tokens: sum('gen_ai.usage.output_tokens'),
  };
}
