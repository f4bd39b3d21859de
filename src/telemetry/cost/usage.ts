import type { Attributes } from '@opentelemetry/api';
import type { Settings } from '../../config/config.ts';
import * as ATTR from '../../semconv/attributes.ts';
import {
  asAmount,
  asTokenCount,
  field,
  fieldsOf,
  first,
  type PayloadObject,
  tolerating,
} from '../../util/payload.ts';
import { keptNumbers } from '../content/kept-content.ts';

/** The modalities other than text. */
export type Modality = 'audio' | 'image';

/** The tokens of one modality. Cached tokens are part of the input. */
type ModalityTokens = Readonly<Record<'input' | 'cached' | 'output', number>>;

/** The text tokens as far as the usage reports them. Otherwise, nobody knows which tokens are text. */
export type TextTokens = Readonly<Partial<Record<keyof ModalityTokens, number | undefined>>>;

export type ModalityUsage = Readonly<Record<Modality, ModalityTokens>>;

const MODALITY_ATTRIBUTES: readonly (readonly [Modality, keyof ModalityTokens, attribute: string])[] = [
  ['audio', 'input', ATTR.GEN_AI_USAGE_AUDIO_INPUT_TOKENS],
  ['audio', 'cached', ATTR.GEN_AI_USAGE_AUDIO_CACHE_READ_INPUT_TOKENS],
  ['audio', 'output', ATTR.GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS],
  ['image', 'input', ATTR.GEN_AI_USAGE_IMAGE_INPUT_TOKENS],
  ['image', 'cached', ATTR.GEN_AI_USAGE_IMAGE_CACHE_READ_INPUT_TOKENS],
  ['image', 'output', ATTR.GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS],
];

const TEXT_ATTRIBUTES: readonly (readonly [keyof ModalityTokens, attribute: string])[] = [
  ['input', ATTR.GEN_AI_USAGE_TEXT_INPUT_TOKENS],
  ['cached', ATTR.GEN_AI_USAGE_TEXT_CACHE_READ_INPUT_TOKENS],
  ['output', ATTR.GEN_AI_USAGE_TEXT_OUTPUT_TOKENS],
];

function modalitiesWith(count: (modality: Modality, among: keyof ModalityTokens) => number): ModalityUsage {
  const tokensOf = (modality: Modality): ModalityTokens => ({
    input: count(modality, 'input'),
    cached: count(modality, 'cached'),
    output: count(modality, 'output'),
  });
  return { audio: tokensOf('audio'), image: tokensOf('image') };
}

/** The tokens that were spent. Cached tokens are part of the input, and reasoning tokens of the output. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  /** The tokens written to the cache by how long they are kept, such as `30m`, if the response says it. */
  readonly cacheWrites?: Readonly<Record<string, number>> | undefined;
  /** `undefined` if the response reports text only. */
  readonly modalities?: ModalityUsage | undefined;
  readonly text?: TextTokens | undefined;
  /** The number of tokens that are part of the reported total but of no other number. */
  readonly unlisted?: number | undefined;
  /** Set if only the input or the output is known. The other number is not recorded, not even as zero. */
  readonly known?: 'input' | 'output' | undefined;
  readonly audioSeconds?: number | undefined;
  /** Set if part of the usage was not reported, so that the cost is unknown. */
  readonly isPartial?: true | undefined;
}

export const NO_USAGE: Usage = Object.freeze({
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
});

export const NO_MODALITIES: ModalityUsage = modalitiesWith(() => 0);

/**
 * Reads usage in the spellings of OpenAI's APIs and of compatible services. Chat, completions, embeddings and
 * Assistants have `prompt_tokens`; Responses, images and audio have `input_tokens`. Some services report
 * cached tokens beside the totals (`cached_tokens`, `prompt_cache_hit_tokens`, `cache_read_input_tokens`).
 */
export const readUsage: (usage: unknown) => Usage | undefined = tolerating((usage) => {
  const whole = fieldsOf(usage);
  // Mistral bills `prompt_audio_seconds` beside its tokens.
  const {
    prompt_tokens,
    input_tokens,
    completion_tokens,
    output_tokens,
    total_tokens,
    prompt_audio_seconds,
  } = whole;
  // The details, by API: chat, Assistants, Responses and images, audio. The reference of Assistants has the
  // spelling of chat, but the API sends `prompt_token_details`.
  const { prompt_tokens_details, prompt_token_details, input_tokens_details, input_token_details } = whole;
  const { completion_tokens_details, output_tokens_details, output_token_details } = whole;
  const inputTokens = asTokenCount(prompt_tokens) ?? asTokenCount(input_tokens);
  const outputTokens = asTokenCount(completion_tokens) ?? asTokenCount(output_tokens);
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  const input = fieldsOf(
    prompt_tokens_details ?? prompt_token_details ?? input_tokens_details ?? input_token_details,
  );
  const output = fieldsOf(completion_tokens_details ?? output_tokens_details ?? output_token_details);
  const parts = readUsageParts(whole, input, output);
  const known = inputTokens === undefined ? 'output' : outputTokens === undefined ? 'input' : undefined;
  const sums = { input: inputTokens ?? 0, output: outputTokens ?? 0 };
  const gap = (asTokenCount(total_tokens) ?? 0) - sums.input - sums.output;
  const sets = known === undefined && gap > 0 ? smallestSets(parts, gap) : NO_SETS;
  const isAmbiguous = sets.length > 1;
  if (sets.length === 1) for (const name of sets[0] ?? []) sums[SIDES[name]] += parts[name];
  // SGLang reports reasoning tokens beside the totals, not in the details. If such a number exceeds the output, it is
  // not part of the output, as at Perplexity. In the details, it is only a gateway's estimate.
  const isMore = sets.length === 0 && tokensIn(whole.reasoning_tokens) > sums.output;
  if (isMore) sums.output += parts.reasoning;
  const writing = parts.written > 0 && { whole, input };
  const read = limited(sums, parts, readModalities(input, output), readTextTokens(input, output), writing);
  const isUnlisted = gap > 0 && sets.length === 0 && !isMore;
  if (known === undefined && !isUnlisted && !isAmbiguous && !prompt_audio_seconds) return read;
  // If only one number is known and the total equals it, the other number is zero.
  const isHalf = known !== undefined && !(gap === 0 && total_tokens !== undefined);
  return {
    ...read,
    unlisted: isUnlisted ? gap : undefined,
    known: isHalf ? known : undefined,
    isPartial: isAmbiguous || isHalf || undefined,
    audioSeconds: asAmount(prompt_audio_seconds),
  };
});

export function usageIn(holder: unknown): Usage | undefined {
  return readUsage(field(holder, 'usage'));
}

/**
 * The usage that a stream has reported so far. Most servers repeat it or send it once. Cloudflare sends increments,
 * which have fewer input tokens than the usage before, and the whole again at the end.
 */
export function laterUsage(before: object | undefined, usage: unknown): object | undefined {
  const later = keptNumbers(usage);
  if (before === undefined || later === undefined) return later ?? before;
  const [one, other] = [readUsage(before), readUsage(later)];
  const replaces = other !== undefined && other.inputTokens >= (one?.inputTokens ?? 0);
  return replaces ? later : sumOfNumbers(before, later);
}

function sumOfNumbers(one: object, other: object): object {
  const sum: Record<string, unknown> = { ...one };
  for (const [name, value] of Object.entries(other)) {
    const before = sum[name];
    if (typeof value === 'object' && value !== null)
      sum[name] = sumOfNumbers(fieldsOf(before), value as object);
    else sum[name] = typeof before === 'number' && typeof value === 'number' ? before + value : value;
  }
  return sum;
}

/** The parts of a usage that some services count beside the input or the output, and the side to which each belongs. */
const SIDES = {
  reasoning: 'output',
  cached: 'input',
  written: 'input',
  audioInput: 'input',
  audioOutput: 'output',
} as const;

type UsagePart = keyof typeof SIDES;
type UsageParts = Readonly<Record<UsagePart, number>>;
const PARTS = Object.keys(SIDES) as readonly UsagePart[];

/** Many services report a part in several spellings, some of them as 0. */
function readUsageParts(whole: PayloadObject, input: PayloadObject, output: PayloadObject): UsageParts {
  const { cached_tokens, prompt_cache_hit_tokens, cache_read_input_tokens, num_cached_tokens } = whole;
  const cachedBeside =
    cached_tokens || prompt_cache_hit_tokens || cache_read_input_tokens || num_cached_tokens;
  // The last two are the spellings of Alibaba and LiteLLM.
  const { cache_write_tokens, cache_creation_tokens, cache_creation_input_tokens } = input;
  const written = cache_write_tokens || cache_creation_tokens || cache_creation_input_tokens;
  const cached = input.cached_tokens || cachedBeside;
  const allWritten = written || whole.cache_creation_input_tokens;
  const reasoning = output.reasoning_tokens || whole.reasoning_tokens;
  // Most parts are missing or 0, so that nothing is called.
  return {
    reasoning: reasoning ? tokensIn(reasoning) : 0,
    cached: cached ? tokensIn(cached) : 0,
    written: allWritten ? tokensIn(allWritten) : 0,
    audioInput: input.audio_tokens ? tokensIn(input.audio_tokens) : 0,
    audioOutput: output.audio_tokens ? tokensIn(output.audio_tokens) : 0,
  };
}

function tokensIn(value: unknown): number {
  return asTokenCount(value) ?? 0;
}

const NO_SETS: readonly (readonly UsagePart[])[] = [];

/** The smallest sets of parts that add up to `gap`. If there are several, nobody can tell which one is meant. */
function smallestSets(parts: UsageParts, gap: number): readonly (readonly UsagePart[])[] {
  let sets: UsagePart[][] = [[]];
  for (const name of PARTS) if (parts[name] > 0) sets = sets.flatMap((set) => [set, [...set, name]]);
  const fits = sets.filter((set) => set.reduce((sum, name) => sum + parts[name], 0) === gap);
  const least = Math.min(...fits.map(({ length }) => length));
  return fits.filter(({ length }) => length === least);
}

/** No part exceeds its whole, even if a server reports more. */
function limited(
  { input, output }: Readonly<Record<'input' | 'output', number>>,
  { cached, written, reasoning }: UsageParts,
  given: ModalityUsage | undefined,
  text: TextTokens | undefined,
  writing: Readonly<Record<'whole' | 'input', PayloadObject>> | false,
): Usage {
  const cacheReadTokens = cached < input ? cached : input;
  const unread = input - cacheReadTokens;
  const cacheWriteTokens = written < unread ? written : unread;
  return {
    inputTokens: input,
    outputTokens: output,
    cacheReadTokens,
    cacheWriteTokens,
    cacheWrites: writing ? readCacheWrites(writing.whole, writing.input, cacheWriteTokens) : undefined,
    reasoningTokens: reasoning < output ? reasoning : output,
    modalities: given && limitedModalities(given, { input, cached: cacheReadTokens, output }),
    text: text && limitedTextTokens(text, { input, cached: cacheReadTokens, output }),
  };
}

function limitedTextTokens(text: TextTokens, most: ModalityTokens): TextTokens {
  const limit = (among: keyof ModalityTokens): number | undefined =>
    text[among] === undefined ? undefined : Math.min(text[among], most[among]);
  return { input: limit('input'), cached: limit('cached'), output: limit('output') };
}

function readTextTokens(input: PayloadObject, output: PayloadObject): TextTokens | undefined {
  if (input.text_tokens === undefined && output.text_tokens === undefined) return undefined;
  return {
    input: asTokenCount(input.text_tokens),
    cached: asTokenCount(fieldsOf(input.cached_tokens_details).text_tokens),
    output: asTokenCount(output.text_tokens),
  };
}

/** `ttl_30m_tokens` is OpenAI's field; `ephemeral_5m_input_tokens` that of Anthropic, also behind LiteLLM. */
const LIFETIME = /^(?:ttl|ephemeral)_(\d{1,3}[smhd])_(?:input_)?tokens$/;

function readCacheWrites(whole: PayloadObject, input: PayloadObject, most: number): Usage['cacheWrites'] {
  const { cache_write_tokens_details, cache_creation_token_details } = input;
  const details = cache_write_tokens_details ?? cache_creation_token_details ?? whole.cache_creation;
  const found = first(Object.entries(fieldsOf(details))).flatMap(([key, value]) => {
    const [, lifetime] = LIFETIME.exec(key) ?? [];
    const tokens = Math.min(tokensIn(value), most);
    return lifetime === undefined || tokens === 0 ? [] : [[lifetime, tokens] as const];
  });
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

function limitedModalities(given: ModalityUsage, most: ModalityTokens): ModalityUsage {
  return modalitiesWith((modality, among) => {
    const tokens = given[modality];
    return Math.min(tokens[among], most[among], among === 'cached' ? tokens.input : Infinity);
  });
}

function readModalities(input: PayloadObject, output: PayloadObject): ModalityUsage | undefined {
  // Most usage is of text only: the other modalities are missing or 0.
  if (!(input.audio_tokens || input.image_tokens || output.audio_tokens || output.image_tokens))
    return undefined;
  const details = { input, cached: fieldsOf(input.cached_tokens_details), output };
  return modalitiesWith((modality, among) => asTokenCount(details[among][`${modality}_tokens`]) ?? 0);
}

export function addUsage(a: Usage, b: Usage): Usage {
  return combine(a, b, a.known === b.known ? a.known : undefined, 1);
}

export function subtractUsage(whole: Usage, part: Usage): Usage {
  return combine(whole, part, whole.known, -1);
}

export function isNoUsage(usage: Usage): boolean {
  return usage.inputTokens === 0 && usage.outputTokens === 0;
}

export function addUsageAttributes(
  attributes: Attributes,
  usage: Usage | undefined,
  conventions: Settings['conventions'] = 'current',
): void {
  if (usage === undefined) return;
  const { known } = usage;
  if (known !== 'output') attributes[ATTR.GEN_AI_USAGE_INPUT_TOKENS] = usage.inputTokens;
  if (known !== 'input') attributes[ATTR.GEN_AI_USAGE_OUTPUT_TOKENS] = usage.outputTokens;
  const { cacheReadTokens, cacheWriteTokens, reasoningTokens, modalities } = usage;
  if (cacheReadTokens > 0) attributes[ATTR.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS] = cacheReadTokens;
  if (cacheWriteTokens > 0) {
    if (conventions !== 'next') attributes[ATTR.GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS] = cacheWriteTokens;
    if (conventions !== 'current') attributes[ATTR.GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS] = cacheWriteTokens;
    for (const lifetime in usage.cacheWrites)
      attributes[ATTR.OPENAI_USAGE_CACHE_WRITE_INPUT_TOKENS(lifetime)] = usage.cacheWrites[lifetime];
  }
  if (reasoningTokens > 0) attributes[ATTR.GEN_AI_USAGE_REASONING_OUTPUT_TOKENS] = reasoningTokens;
  if (usage.text !== undefined && conventions !== 'current')
    for (const [among, attribute] of TEXT_ATTRIBUTES)
      if (usage.text[among]) attributes[attribute] = usage.text[among];
  if (modalities === undefined) return;
  for (const [modality, among, attribute] of MODALITY_ATTRIBUTES)
    if (modalities[modality][among] > 0) attributes[attribute] = modalities[modality][among];
}

function combine(a: Usage, b: Usage, known: Usage['known'], sign: 1 | -1): Usage {
  // No number falls below zero, even if a server reports too much for the part that is subtracted.
  const each = (left: number = 0, right: number = 0): number => Math.max(0, left + sign * right);
  const { modalities: one } = a;
  const { modalities: other } = b;
  const lifetimes = Object.keys({ ...a.cacheWrites, ...b.cacheWrites });
  return {
    inputTokens: each(a.inputTokens, b.inputTokens),
    outputTokens: each(a.outputTokens, b.outputTokens),
    cacheReadTokens: each(a.cacheReadTokens, b.cacheReadTokens),
    cacheWriteTokens: each(a.cacheWriteTokens, b.cacheWriteTokens),
    cacheWrites:
      lifetimes.length > 0
        ? Object.fromEntries(
            lifetimes.map((name) => [name, each(a.cacheWrites?.[name], b.cacheWrites?.[name])]),
          )
        : undefined,
    reasoningTokens: each(a.reasoningTokens, b.reasoningTokens),
    modalities:
      (one ?? other) &&
      modalitiesWith((modality, among) => each(one?.[modality][among], other?.[modality][among])),
    text: a.text && b.text && combinedTextTokens(a.text, b.text, each),
    known,
    isPartial: a.isPartial ?? b.isPartial,
  };
}

/** What only one of the two knows is not known of both. */
function combinedTextTokens(
  one: TextTokens,
  other: TextTokens,
  combined: (left: number, right: number) => number,
): TextTokens {
  const sum = (among: keyof ModalityTokens): number | undefined =>
    one[among] === undefined || other[among] === undefined ? undefined : combined(one[among], other[among]);
  return { input: sum('input'), cached: sum('cached'), output: sum('output') };
}

/** Removes the rounding errors of binary fractions. */
export function roundCost(cost: number): number {
  return Number(cost.toPrecision(12));
}

/** Tokens and their cost in USD; `undefined` means that they are not known. */
export interface Spent {
  readonly usage: Usage | undefined;
  readonly cost: number | undefined;
  /** The number of calls and runs that spent tokens at an unknown cost, which `cost` does not include. */
  readonly unpriced?: number;
}

export const NOTHING_SPENT: Spent = { usage: undefined, cost: undefined };

export function addSpent(a: Spent, b: Spent): Spent {
  return {
    usage: a.usage === undefined || b.usage === undefined ? (a.usage ?? b.usage) : addUsage(a.usage, b.usage),
    cost: a.cost === undefined || b.cost === undefined ? (a.cost ?? b.cost) : roundCost(a.cost + b.cost),
    unpriced: (a.unpriced ?? 0) + (b.unpriced ?? 0),
  };
}

/**
 * If costs are switched off, no cost counts as missing.
 *
 * @param resultAttributes show whether a stream had content but reported no usage
 */
export function spentBy(
  usage: Usage | undefined,
  cost: number | undefined,
  settings: Pick<Settings, 'cost'>,
  resultAttributes: Attributes = {},
): Spent {
  const estimated = resultAttributes[ATTR.OPENAI_USAGE_ESTIMATED_OUTPUT_TOKENS];
  const hasTokens = usage === undefined ? estimated !== undefined : !isNoUsage(usage);
  return { usage, cost, unpriced: cost === undefined && hasTokens && settings.cost !== false ? 1 : 0 };
}

/** The cumulative totals of a conversation in this process. Use the latest ones; do not add them up. */
export interface Totals extends Spent {
  readonly runs: number;
  readonly userMessages: number;
  /** Whether this process has not seen the beginning of the conversation, or has forgotten its totals. */
  readonly isIncomplete?: boolean;
}

export const NO_TOTALS: Totals = { ...NOTHING_SPENT, runs: 0, userMessages: 0 };

/** Totals have attributes of their own, so that a sum of `gen_ai.usage.*` over a trace counts no token twice. */
export function totalAttributes({
  usage,
  cost,
  unpriced = 0,
  runs,
  userMessages,
  isIncomplete,
}: Totals): Attributes {
  const attributes: Attributes = {};
  if (isIncomplete) attributes[ATTR.OPENAI_TOTAL_INCOMPLETE] = true;
  if (usage !== undefined) {
    const { known } = usage;
    if (known !== 'output') attributes[ATTR.OPENAI_TOTAL_INPUT_TOKENS] = usage.inputTokens;
    if (known !== 'input') attributes[ATTR.OPENAI_TOTAL_OUTPUT_TOKENS] = usage.outputTokens;
  }
  if (cost !== undefined) attributes[ATTR.OPENAI_TOTAL_COST] = cost;
  if (unpriced > 0) attributes[ATTR.OPENAI_TOTAL_UNPRICED] = unpriced;
  if (runs > 0) attributes[ATTR.OPENAI_TOTAL_RUNS] = runs;
  if (userMessages > 0) attributes[ATTR.OPENAI_TOTAL_USER_MESSAGES] = userMessages;
  if (cost !== undefined && userMessages > 0)
    attributes[ATTR.OPENAI_COST_PER_USER_MESSAGE] = roundCost(cost / userMessages);
  return attributes;
}
