import {
  ATTR_GEN_AI_USAGE_AUDIO_CACHE_READ_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_AUDIO_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS,
  ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_IMAGE_CACHE_READ_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_IMAGE_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS,
  ATTR_GEN_AI_USAGE_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_OUTPUT_TOKENS,
  ATTR_OPENAI_AUDIO_DURATION,
  ATTR_OPENAI_COST,
  ATTR_OPENAI_USAGE_AUDIO_INPUT_COST,
  ATTR_OPENAI_USAGE_AUDIO_OUTPUT_COST,
  ATTR_OPENAI_USAGE_IMAGE_INPUT_COST,
  ATTR_OPENAI_USAGE_IMAGE_OUTPUT_COST,
  ATTR_OPENAI_USAGE_TEXT_INPUT_COST,
  ATTR_OPENAI_USAGE_TEXT_OUTPUT_COST,
} from '../semconv/attributes.ts';
import { explainedCost, grouped, isNumber, tokens } from './amounts.ts';
import type { FinishedSpan } from './tree.ts';

type SpanAttributes = FinishedSpan['attributes'];
type Modality = 'Text' | 'Audio' | 'Image';

/** Tokens of one modality, and what they cost. Cached tokens are part of the input. */
export interface ModalityAmount {
  readonly label: Modality;
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  /** In USD; `undefined` if no price is known. */
  readonly cost: number | undefined;
  /** Calls with such tokens whose price is not known. */
  readonly unpriced: number;
}

const COSTS: Readonly<Record<Modality, readonly string[]>> = {
  Text: [ATTR_OPENAI_USAGE_TEXT_INPUT_COST, ATTR_OPENAI_USAGE_TEXT_OUTPUT_COST],
  Audio: [ATTR_OPENAI_USAGE_AUDIO_INPUT_COST, ATTR_OPENAI_USAGE_AUDIO_OUTPUT_COST],
  Image: [ATTR_OPENAI_USAGE_IMAGE_INPUT_COST, ATTR_OPENAI_USAGE_IMAGE_OUTPUT_COST],
};

/** The tokens of some spans by modality. Empty where all is text: then the totals tell the same. */
export function modalitiesOf(all: readonly SpanAttributes[]): ModalityAmount[] {
  const amounts = all.flatMap(amountsIn);
  if (amounts.every(({ label }) => label === 'Text')) return [];
  return (['Text', 'Audio', 'Image'] as const).flatMap((label) => {
    const parts = amounts.filter((amount) => amount.label === label);
    return parts.length === 0 ? [] : [parts.reduce(added)];
  });
}

/** `180 → 95 tokens (64 cached), $0.0078`. */
export function modalityText({ input, cached, output, cost, unpriced }: ModalityAmount): string {
  const amount = input + output > 0 ? tokens(input, output) : undefined;
  const shown = cached > 0 ? `${amount} (${grouped(cached)} cached)` : amount;
  return [shown, explainedCost(cost, unpriced)].filter((text) => text !== undefined).join(', ');
}

function added(a: ModalityAmount, b: ModalityAmount): ModalityAmount {
  return {
    label: a.label,
    input: a.input + b.input,
    cached: a.cached + b.cached,
    output: a.output + b.output,
    cost: a.cost === undefined ? b.cost : a.cost + (b.cost ?? 0),
    unpriced: a.unpriced + b.unpriced,
  };
}

function amountsIn(attributes: SpanAttributes): ModalityAmount[] {
  const read = (name: string): number => numberIn(attributes, name) ?? 0;
  const audio = {
    input: read(ATTR_GEN_AI_USAGE_AUDIO_INPUT_TOKENS),
    cached: read(ATTR_GEN_AI_USAGE_AUDIO_CACHE_READ_INPUT_TOKENS),
    output: read(ATTR_GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS),
  };
  const image = {
    input: read(ATTR_GEN_AI_USAGE_IMAGE_INPUT_TOKENS),
    cached: read(ATTR_GEN_AI_USAGE_IMAGE_CACHE_READ_INPUT_TOKENS),
    output: read(ATTR_GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS),
  };
  const rest = (whole: string, part: keyof typeof audio): number =>
    Math.max(0, read(whole) - audio[part] - image[part]);
  const text = {
    input: rest(ATTR_GEN_AI_USAGE_INPUT_TOKENS, 'input'),
    cached: rest(ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS, 'cached'),
    output: rest(ATTR_GEN_AI_USAGE_OUTPUT_TOKENS, 'output'),
  };
  const whole = numberIn(attributes, ATTR_OPENAI_COST);
  const isText = audio.input + audio.output + image.input + image.output === 0;
  const amounts = Object.entries({ Text: text, Audio: audio, Image: image }).flatMap(([name, counts]) => {
    if (counts.input + counts.output === 0) return [];
    const label = name as Modality;
    const costs = COSTS[label].map((each) => numberIn(attributes, each)).filter(isNumber);
    const told = costs.length === 0 ? undefined : costs.reduce((sum, cost) => sum + cost, 0);
    const cost = told ?? (isText ? whole : undefined);
    return [{ label, ...counts, cost, unpriced: cost === undefined ? 1 : 0 }];
  });
  // Some models are billed by the length of the audio.
  const isTimed = amounts.length === 0 && isNumber(attributes[ATTR_OPENAI_AUDIO_DURATION]);
  if (isTimed && whole !== undefined)
    amounts.push({ label: 'Audio', input: 0, cached: 0, output: 0, cost: whole, unpriced: 0 });
  return amounts;
}

function numberIn(attributes: SpanAttributes, name: string): number | undefined {
  const value = attributes[name];
  return isNumber(value) ? value : undefined;
}
