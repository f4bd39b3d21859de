import {
  ATTR_GEN_AI_USAGE_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_OUTPUT_TOKENS,
  ATTR_OPENAI_TOTAL_INPUT_TOKENS,
  ATTR_OPENAI_TOTAL_OUTPUT_TOKENS,
  ATTR_OPENAI_USAGE_ESTIMATED_OUTPUT_TOKENS,
} from '../../semconv/attributes.ts';
import { estimatedTokens, tokens } from '../amounts.ts';

/** The tokens of the span itself, or else the total of the spans below it, or else an estimate. */
export function tokensOf(attributes: Readonly<Record<string, unknown>>): string | undefined {
  const own = tokens(attributes[ATTR_GEN_AI_USAGE_INPUT_TOKENS], attributes[ATTR_GEN_AI_USAGE_OUTPUT_TOKENS]);
  const total = tokens(
    attributes[ATTR_OPENAI_TOTAL_INPUT_TOKENS],
    attributes[ATTR_OPENAI_TOTAL_OUTPUT_TOKENS],
  );
  const estimated = estimatedTokens(attributes[ATTR_OPENAI_USAGE_ESTIMATED_OUTPUT_TOKENS]);
  return (own ?? (total && `Σ ${total}`) ?? estimated)?.replace(' tokens', '');
}
