import * as ATTR from '../../semconv/attributes.ts';
import { estimatedTokens, tokens } from '../amounts.ts';

/** The tokens of the span itself, or else the total of the spans below it, or else an estimate. */
export function tokensOf(attributes: Readonly<Record<string, unknown>>): string | undefined {
  const own = tokens(attributes[ATTR.GEN_AI_USAGE_INPUT_TOKENS], attributes[ATTR.GEN_AI_USAGE_OUTPUT_TOKENS]);
  const total = tokens(
    attributes[ATTR.OPENAI_TOTAL_INPUT_TOKENS],
    attributes[ATTR.OPENAI_TOTAL_OUTPUT_TOKENS],
  );
  const estimated = estimatedTokens(attributes[ATTR.OPENAI_USAGE_ESTIMATED_OUTPUT_TOKENS]);
  return (own ?? (total && `Σ ${total}`) ?? estimated)?.replace(' tokens', '');
}
