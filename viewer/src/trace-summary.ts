import {
  costOf,
  count,
  formatDuration,
  formatMilliseconds,
  grouped,
  joinedFacts,
  percentile,
} from './format-amounts.ts';
import { attributeText, messageText, readMessages, type SpanMessage } from './messages.ts';
import * as ATTR from './semconv/attributes.ts';
import { firstChunkOf } from './span-details.ts';
import {
  attributeSum,
  audioTokens,
  numberIn,
  type SpanUsage,
  spanUsage,
  totalTokens,
  totalUsage,
} from './span-usage.ts';
import type { Row, TraceTree } from './tree.ts';
import {
  compareTimes,
  isFailed,
  isHosted,
  isInterrupted,
  isOngoing,
  isTranscription,
  type SpanAttributes,
  serviceName,
  type Time,
  typeOf,
  type ViewedSpan,
} from './viewed-span.ts';

export interface TraceSummary extends SpanUsage {
  readonly traceId: string;
  readonly start: Time;
  readonly end: Time;
  readonly prompt: string | undefined;
  readonly answer: string | undefined;
  readonly models: readonly string[];
  readonly service: string | undefined;
  readonly project: string | undefined;
  readonly environment: string | undefined;
  /** The input tokens that were read from a cache; 0 if there are none. */
  readonly cachedTokens: number;
  /** When the first tokens of streams arrived, in milliseconds since the start of each call, the fastest first. */
  readonly firstTokens: readonly number[];
  /** The audio tokens, which are a part of all tokens; `undefined` if there are none. */
  readonly audio: string | undefined;
  readonly counts: ReadonlyMap<CountLabel, number>;
  readonly retries: number;
  /** The model and tool calls in order, and turns that report tokens of their own. */
  readonly calls: readonly Row[];
  /** The failed spans, except failed attempts and spans that only pass on the error of a failed child. */
  readonly errors: readonly Row[];
  /** `ok`, `not ended`, or the status of the first run or response that did not complete. */
  readonly outcome: string;
  /** The call with the highest cost, if several calls have a cost. */
  readonly costliest: Row | undefined;
}

export function summarize({ traceId, rows }: TraceTree): TraceSummary {
  const spans = rows.map(({ span }) => span);
  const ownRows = rows.filter(({ span }) => !isHosted(span));
  const ownSpans = ownRows.map(({ span }) => span);
  const resources = spans.map(({ resource = {} }) => resource);
  const attributes = spans.map((span) => span.attributes);
  return {
    traceId,
    start: spans.map((span) => span.start).toSorted(compareTimes)[0] ?? [0, 0],
    end: spans
      .map((span) => span.end)
      .toSorted(compareTimes)
      .at(-1) ?? [0, 0],
    prompt: firstPrompt(ownSpans),
    answer: lastAnswer(ownSpans),
    models: namesIn(attributes, [ATTR.GEN_AI_RESPONSE_MODEL, ATTR.GEN_AI_REQUEST_MODEL]),
    service: spans.map(serviceName).find((name) => name),
    project: namesIn(attributes, [ATTR.OPENAI_TRACE_PROJECT])[0],
    environment: namesIn([...attributes, ...resources], [ATTR.DEPLOYMENT_ENVIRONMENT_NAME])[0],
    ...totalUsage(attributes.map(spanUsage)),
    cachedTokens: attributeSum(attributes, ATTR.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS) ?? 0,
    firstTokens: rows.flatMap(firstTokenIn).sort((a, b) => a - b),
    audio: audioTokens(attributes),
    counts: countsOf(ownSpans),
    retries: rows.filter(isRetry).length,
    calls: ownRows.filter(({ span }) => isListedCall(span)),
    errors: errorsIn(rows),
    outcome: outcomeOf(ownSpans),
    costliest: costliestOf(rows),
  };
}

function costliestOf(rows: readonly Row[]): Row | undefined {
  const costOfRow = ({ span }: Row): number | undefined => numberIn(span.attributes, ATTR.OPENAI_COST);
  const priced = rows.filter((row) => costOfRow(row) !== undefined);
  const [first, ...others] = priced.toSorted((a, b) => (costOfRow(b) ?? 0) - (costOfRow(a) ?? 0));
  return others.length > 0 ? first : undefined;
}

export function summaryFacts(summary: TraceSummary): (readonly [label: string, text: string | undefined])[] {
  const { models, start, end, retries, cost, unpriced } = summary;
  const missing = cost === undefined ? undefined : count(unpriced, 'call');
  return [
    ['Model', models.join(', ') || undefined],
    ['Service', summary.service],
    ['Project', summary.project],
    ['Environment', summary.environment],
    ['Duration', formatDuration(start, end)],
    ['First token', firstTokensText(summary.firstTokens)],
    ['Tokens', totalTokens(summary)],
    ['Cached', summary.cachedTokens > 0 ? grouped(summary.cachedTokens) : undefined],
    ['Cost', joinedFacts([costOf(cost, unpriced), missing && `${missing} without a price`], ', ')],
    ['Audio', summary.audio],
    ...Array.from(summary.counts, ([label, number]) => [label, grouped(number)] as const),
    ['Retries', retries > 0 ? grouped(retries) : undefined],
  ];
}

/** Leaves out runs, whose first token is that of their first step. */
function firstTokenIn({ span }: Row): number[] {
  const time = firstChunkOf(span.attributes);
  return Number.isNaN(time) || isInvocation(span.attributes) ? [] : [time];
}

/** Half and 95 % of the streams had their first token within these times: `p50 350 ms, p95 1.20 s`. */
export function firstTokensText(sorted: readonly number[]): string | undefined {
  if (sorted.length < 2) return sorted[0] === undefined ? undefined : formatMilliseconds(sorted[0]);
  const [median, slow] = [0.5, 0.95].map((part) => formatMilliseconds(percentile(sorted, part)));
  return `p50 ${median}, p95 ${slow}`;
}

/** Takes from each span the first of these attributes that it has. Returns the values without duplicates. */
function namesIn(all: readonly SpanAttributes[], names: readonly string[]): string[] {
  const values = all.map((each) => names.map((name) => each[name]).find((value) => value !== undefined));
  return [...new Set(values.filter((value) => typeof value === 'string' && value !== ''))] as string[];
}

function isRetry({ span, parent }: Row): boolean {
  const resent = numberIn(span.attributes, ATTR.HTTP_REQUEST_RESEND_COUNT) ?? 0;
  return parent !== undefined && span.name === 'attempt' && resent > 0;
}

/** First the errors that made the whole trace fail, the latest first, and then all other errors. */
function errorsIn(rows: readonly Row[]): Row[] {
  const ended = new Set<Row | undefined>([undefined]);
  // Parents come before their children.
  for (const row of rows) if (isFailed(row.span) && ended.has(row.parent)) ended.add(row);
  const errors = rows.filter(isOwnError);
  const byEnd = (a: Row, b: Row): number => compareTimes(b.span.end, a.span.end);
  return [...errors.filter((row) => ended.has(row)).sort(byEnd), ...errors.filter((row) => !ended.has(row))];
}

function isOwnError({ span, children }: Row): boolean {
  const failed = (each: ViewedSpan): boolean => isFailed(each) && each.name !== 'attempt';
  return failed(span) && !children.some(({ span: below }) => failed(below) && isSameError(below, span));
}

/** Whether two spans may report the same error: neither the types nor the messages contradict each other. */
function isSameError(one: ViewedSpan, other: ViewedSpan): boolean {
  const differ = (a: unknown, b: unknown): boolean => Boolean(a) && Boolean(b) && a !== b;
  return (
    !differ(one.attributes[ATTR.ERROR_TYPE], other.attributes[ATTR.ERROR_TYPE]) &&
    !differ(one.message, other.message)
  );
}

function outcomeOf(spans: readonly ViewedSpan[]): string {
  if (spans.some(({ isOpen }) => isOpen)) return 'not ended';
  if (spans.some(isInterrupted)) return 'interrupted';
  const ends = new Map<string, string>();
  const inOrder = spans.toSorted((a, b) => compareTimes(a.start, b.start));
  for (const span of inOrder) {
    const { attributes: each } = span;
    const response = each[ATTR.GEN_AI_OPERATION_NAME] && each[ATTR.GEN_AI_RESPONSE_ID];
    const id = invocationIn(each) ?? response;
    const reported = isOngoing(span) ? 'in progress' : (each[ATTR.OPENAI_RUN_STATUS] ?? 'completed');
    const status = each[ATTR.OPENAI_RUN_OBSERVED] === false ? 'end not observed' : reported;
    // A run that continued after a pause has several spans. The last one has the final status.
    if (id !== undefined) ends.set(attributeText(id), attributeText(status));
  }
  return [...ends.values()].find((end) => end !== 'completed') ?? 'ok';
}

/** The last user message of the first call that has one. Messages before it are history. */
function firstPrompt(spans: readonly ViewedSpan[]): string | undefined {
  return firstMessageText(spans, ({ attributes }) =>
    readMessages(attributes[ATTR.GEN_AI_INPUT_MESSAGES])?.findLast(({ role }) => role === 'user'),
  );
}

function lastAnswer(spans: readonly ViewedSpan[]): string | undefined {
  const answers = spans.filter(
    (span) => !isTranscription(span) && span.attributes[ATTR.GEN_AI_OPERATION_NAME] !== 'moderation',
  );
  const latest = answers.sort((a, b) => compareTimes(b.end, a.end));
  return firstMessageText(latest, ({ attributes }) =>
    readMessages(attributes[ATTR.GEN_AI_OUTPUT_MESSAGES])?.at(-1),
  );
}

function firstMessageText(
  spans: readonly ViewedSpan[],
  messageOf: (span: ViewedSpan) => SpanMessage | undefined,
): string | undefined {
  for (const span of spans) {
    const text = messageText(messageOf(span));
    if (text) return text;
  }
  return undefined;
}

/** The labels of all counts, outermost first. */
const COUNTS = ['Runs', 'Turns', 'Agent invocations', 'Steps', 'Model calls', 'Tool calls'] as const;
type CountLabel = (typeof COUNTS)[number];

/** What a trace contains, counted under the names that its APIs use. Labels with a count of 0 are left out. */
function countsOf(spans: readonly ViewedSpan[]): ReadonlyMap<CountLabel, number> {
  const counted = new Map(COUNTS.map((label) => [label, new Set<unknown>()]));
  for (const span of spans) {
    const { attributes } = span;
    const label = labelOf(span);
    if (label !== undefined) counted.get(label)?.add(invocationIn(attributes) ?? span);
    // A step has one span for the model call, and one for each of its tool calls, so steps are counted by id.
    const step = attributes[ATTR.OPENAI_STEP_ID];
    const isOperation = attributes[ATTR.GEN_AI_OPERATION_NAME] !== undefined;
    if (isOperation && step !== undefined) counted.get('Steps')?.add(step);
  }
  return new Map([...counted].flatMap(([label, { size }]) => (size > 0 ? [[label, size]] : [])));
}

function labelOf(span: ViewedSpan): CountLabel | undefined {
  const { attributes } = span;
  const { [ATTR.OPENAI_API_TYPE]: api, [ATTR.OPENAI_RUN_ID]: run, [ATTR.OPENAI_TURN_ID]: turn } = attributes;
  if (isInvocation(attributes)) {
    // One that failed before it had an id is known by its API.
    if (run !== undefined || api === 'assistants') return 'Runs';
    return turn !== undefined || api === 'agents' ? 'Turns' : 'Agent invocations';
  }
  const type = typeOf(span);
  if (type === 'tool') return 'Tool calls';
  return type === 'model' || hasUsage(attributes) ? 'Model calls' : undefined;
}

/** Whether a span is a model or tool call. A turn of an agent counts as one if it reports the tokens itself. */
function isListedCall(span: ViewedSpan): boolean {
  return isInvocation(span.attributes) ? hasUsage(span.attributes) : labelOf(span) !== undefined;
}

function isInvocation(attributes: SpanAttributes): boolean {
  return attributes[ATTR.GEN_AI_OPERATION_NAME] === 'invoke_agent';
}

/** A key for a run or turn. One that continued after a pause has several spans, which share the key. */
function invocationIn(attributes: SpanAttributes): string | undefined {
  const id = attributes[ATTR.OPENAI_RUN_ID] ?? attributes[ATTR.OPENAI_TURN_ID];
  if (!isInvocation(attributes) || id === undefined) return undefined;
  const place = [ATTR.SERVER_ADDRESS, ATTR.GEN_AI_CONVERSATION_ID, ATTR.OPENAI_SUBAGENT_ID];
  return JSON.stringify([...place.map((name) => attributes[name]), id]);
}

function hasUsage(attributes: SpanAttributes): boolean {
  const { inputTokens, outputTokens } = spanUsage(attributes);
  return (inputTokens ?? outputTokens) !== undefined;
}
