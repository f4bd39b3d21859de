import * as ATTR from '../semconv/attributes.ts';
import { explainedCost, grouped, isNumber, joinedFacts, tokens } from './amounts.ts';
import type { SpanAttributes } from './viewed-span.ts';

type Modality = 'Text' | 'Audio' | 'Image';

/** What tokens cost in USD. The cost of cached tokens is part of the input. */
export interface ModalityCosts {
  readonly input: number;
  readonly cached: number;
  readonly output: number;
}

/** The tokens of one modality, and what they cost. Cached tokens are included in `input`. */
export interface ModalityAmount {
  readonly label: Modality;
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  readonly cost: number | undefined;
  /** The costs that the sum consists of; `undefined` if some calls report only the sum. */
  readonly costs: ModalityCosts | undefined;
  /** The number of calls with tokens of this modality whose price is not known. */
  readonly unpriced: number;
}

const COSTS: Readonly<Record<Modality, Readonly<Record<keyof ModalityCosts, string>>>> = {
  Text: {
    input: ATTR.OPENAI_USAGE_TEXT_INPUT_COST,
    cached: ATTR.OPENAI_USAGE_TEXT_CACHE_READ_INPUT_COST,
    output: ATTR.OPENAI_USAGE_TEXT_OUTPUT_COST,
  },
  Audio: {
    input: ATTR.OPENAI_USAGE_AUDIO_INPUT_COST,
    cached: ATTR.OPENAI_USAGE_AUDIO_CACHE_READ_INPUT_COST,
    output: ATTR.OPENAI_USAGE_AUDIO_OUTPUT_COST,
  },
  Image: {
    input: ATTR.OPENAI_USAGE_IMAGE_INPUT_COST,
    cached: ATTR.OPENAI_USAGE_IMAGE_CACHE_READ_INPUT_COST,
    output: ATTR.OPENAI_USAGE_IMAGE_OUTPUT_COST,
  },
};

/** The tokens of some spans by modality. Empty if all tokens are text, because the totals then say the same. */
export function modalitiesOf(all: readonly SpanAttributes[]): ModalityAmount[] {
  const amounts = all.flatMap(amountsIn);
  if (amounts.every(({ label }) => label === 'Text')) return [];
  return (['Text', 'Audio', 'Image'] as const).flatMap((label) => {
    const parts = amounts.filter((amount) => amount.label === label);
    return parts.length === 0 ? [] : [parts.reduce(added)];
  });
}

/** Formats an amount: `180 → 95 tokens (64 cached), $0.0078`. */
export function modalityText({ input, cached, output, cost, unpriced }: ModalityAmount): string {
  const amount = input + output > 0 ? tokens(input, output) : undefined;
  const shown = cached > 0 ? `${amount} (${grouped(cached)} cached)` : amount;
  return joinedFacts([shown, explainedCost(cost, unpriced)], ', ');
}

function added(a: ModalityAmount, b: ModalityAmount): ModalityAmount {
  return {
    label: a.label,
    input: a.input + b.input,
    cached: a.cached + b.cached,
    output: a.output + b.output,
    cost: a.cost === undefined ? b.cost : a.cost + (b.cost ?? 0),
    costs: a.costs && b.costs && addedCosts(a.costs, b.costs),
    unpriced: a.unpriced + b.unpriced,
  };
}

function addedCosts(a: ModalityCosts, b: ModalityCosts): ModalityCosts {
  return { input: a.input + b.input, cached: a.cached + b.cached, output: a.output + b.output };
}

/** The costs of a modality that a span reports; `undefined` if it reports none. */
function costsIn(attributes: SpanAttributes, label: Modality): ModalityCosts | undefined {
  const { input, cached, output } = COSTS[label];
  const [inputCost, outputCost] = [numberIn(attributes, input), numberIn(attributes, output)];
  if (inputCost === undefined && outputCost === undefined) return undefined;
  return { input: inputCost ?? 0, cached: numberIn(attributes, cached) ?? 0, output: outputCost ?? 0 };
}

function amountsIn(attributes: SpanAttributes): ModalityAmount[] {
  const read = (name: string): number => numberIn(attributes, name) ?? 0;
  const audio = {
    input: read(ATTR.GEN_AI_USAGE_AUDIO_INPUT_TOKENS),
    cached: read(ATTR.GEN_AI_USAGE_AUDIO_CACHE_READ_INPUT_TOKENS),
    output: read(ATTR.GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS),
  };
  const image = {
    input: read(ATTR.GEN_AI_USAGE_IMAGE_INPUT_TOKENS),
    cached: read(ATTR.GEN_AI_USAGE_IMAGE_CACHE_READ_INPUT_TOKENS),
    output: read(ATTR.GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS),
  };
  const rest = (whole: string, part: keyof typeof audio): number =>
    Math.max(0, read(whole) - audio[part] - image[part]);
  const text = {
    input: rest(ATTR.GEN_AI_USAGE_INPUT_TOKENS, 'input'),
    cached: rest(ATTR.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS, 'cached'),
    output: rest(ATTR.GEN_AI_USAGE_OUTPUT_TOKENS, 'output'),
  };
  const whole = numberIn(attributes, ATTR.OPENAI_COST);
  const isText = audio.input + audio.output + image.input + image.output === 0;
  const amounts = Object.entries({ Text: text, Audio: audio, Image: image }).flatMap(
    ([name, counts]): ModalityAmount[] => {
      if (counts.input + counts.output === 0) return [];
      const label = name as Modality;
      const costs = costsIn(attributes, label);
      const cost = costs === undefined ? (isText ? whole : undefined) : costs.input + costs.output;
      return [{ label, ...counts, cost, costs, unpriced: cost === undefined ? 1 : 0 }];
    },
  );
  // Some models are billed by the length of the audio, not by tokens.
  const isTimed = amounts.length === 0 && isNumber(attributes[ATTR.OPENAI_AUDIO_DURATION]);
  if (isTimed && whole !== undefined) {
    const none = { input: 0, cached: 0, output: 0 };
    amounts.push({ label: 'Audio', ...none, cost: whole, costs: { ...none, input: whole }, unpriced: 0 });
  }
  return amounts;
}

function numberIn(attributes: SpanAttributes, name: string): number | undefined {
  const value = attributes[name];
  return isNumber(value) ? value : undefined;
}
