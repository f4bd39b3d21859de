import * as ATTR from '../semconv/attributes.ts';
import { explainedCost, grouped, isNumber, joinedFacts, tokens } from './format-amounts.ts';
import { addedUsage, NOTHING_USED, numberIn, type SpanUsage, sumOfKnown } from './span-usage.ts';
import type { SpanAttributes } from './viewed-span.ts';

/** The tokens of one modality, and their cost. The input tokens include the cached tokens. */
export interface ModalityAmount extends SpanUsage {
  readonly label: 'Text' | 'Audio' | 'Image';
  readonly cached: number;
}

/** For each modality, the attributes with its input, cached and output tokens, and with its costs. */
const MODALITIES = [
  {
    label: 'Text',
    tokens: [
      ATTR.GEN_AI_USAGE_INPUT_TOKENS,
      ATTR.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
      ATTR.GEN_AI_USAGE_OUTPUT_TOKENS,
    ],
    costs: [ATTR.OPENAI_USAGE_TEXT_INPUT_COST, ATTR.OPENAI_USAGE_TEXT_OUTPUT_COST],
  },
  {
    label: 'Audio',
    tokens: [
      ATTR.GEN_AI_USAGE_AUDIO_INPUT_TOKENS,
      ATTR.GEN_AI_USAGE_AUDIO_CACHE_READ_INPUT_TOKENS,
      ATTR.GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS,
    ],
    costs: [ATTR.OPENAI_USAGE_AUDIO_INPUT_COST, ATTR.OPENAI_USAGE_AUDIO_OUTPUT_COST],
  },
  {
    label: 'Image',
    tokens: [
      ATTR.GEN_AI_USAGE_IMAGE_INPUT_TOKENS,
      ATTR.GEN_AI_USAGE_IMAGE_CACHE_READ_INPUT_TOKENS,
      ATTR.GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS,
    ],
    costs: [ATTR.OPENAI_USAGE_IMAGE_INPUT_COST, ATTR.OPENAI_USAGE_IMAGE_OUTPUT_COST],
  },
] as const;

/** The tokens of some spans by modality. Empty if all tokens are text, because the totals then say the same. */
export function modalitiesOf(all: readonly SpanAttributes[]): ModalityAmount[] {
  const amounts = all.flatMap(amountsIn);
  if (amounts.every(({ label }) => label === 'Text')) return [];
  return MODALITIES.flatMap(({ label }) => {
    const parts = amounts.filter((amount) => amount.label === label);
    return parts.length === 0 ? [] : [parts.reduce(added)];
  });
}

/** Formats an amount: `180 → 95 tokens (64 cached), $0.0078`. */
export function modalityText({ inputTokens, outputTokens, cached, cost, unpriced }: ModalityAmount): string {
  const amount = tokens(inputTokens, outputTokens);
  const shown = cached > 0 ? `${amount} (${grouped(cached)} cached)` : amount;
  return joinedFacts([shown, explainedCost(cost, unpriced)], ', ');
}

function added(a: ModalityAmount, b: ModalityAmount): ModalityAmount {
  return { ...addedUsage(a, b), label: a.label, cached: a.cached + b.cached };
}

function amountsIn(attributes: SpanAttributes): ModalityAmount[] {
  const read = (name: string): number | undefined => numberIn(attributes, name);
  const whole = read(ATTR.OPENAI_COST);
  const [text = [], ...others] = MODALITIES.map(({ tokens: names }) => names.map((name) => read(name) ?? 0));
  // The attributes for text count the tokens of all modalities, so subtract the others.
  const alone = text.map((amount, i) => others.reduce((left, each) => left - (each[i] ?? 0), amount));
  const isText = others.flat().every((amount) => amount === 0);
  const amounts = [alone, ...others].flatMap((counts, i): ModalityAmount[] => {
    const [input = 0, cached = 0, output = 0] = counts.map((amount) => Math.max(0, amount));
    const { label, costs } = MODALITIES[i] ?? MODALITIES[0];
    const cost = sumOfKnown(costs.map(read)) ?? (isText ? whole : undefined);
    const usage = { ...NOTHING_USED, inputTokens: input, outputTokens: output, cost };
    return input + output > 0 ? [{ ...usage, label, cached, unpriced: cost === undefined ? 1 : 0 }] : [];
  });
  // Some models are billed by the length of the audio, not by tokens.
  const isTimed = amounts.length === 0 && isNumber(attributes[ATTR.OPENAI_AUDIO_DURATION]);
  return isTimed && whole !== undefined
    ? [{ ...NOTHING_USED, label: 'Audio', cached: 0, cost: whole }]
    : amounts;
}
