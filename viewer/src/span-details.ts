import { costOf, count, dollars, formatMilliseconds, isNumber, joinedFacts } from './format-amounts.ts';
import { attributeText, isRecord, parseShortJson } from './messages.ts';
import * as ATTR from './semconv/attributes.ts';
import { terminalSafe } from './shared/terminal-safe.ts';
import { audioTokens, numberIn, reportedTotal, spanUsage, totalTokens } from './span-usage.ts';
import type { Detail, Rank } from './terminal-text.ts';
import type { Row } from './tree.ts';
import { isFailed, isInterrupted, isOngoing, type SpanAttributes, type ViewedSpan } from './viewed-span.ts';

/** A fact as dim text, or with a tone and rank of its own; `undefined` to leave it out. */
type ShownFact = Detail | string | undefined;

/**
 * A fact has rank 0 if it is always shown, such as errors, tokens and cost, or else a higher rank. The page's panel of a
 * span shows the facts with a label; those of rank 4 are only there.
 */
type Fact = readonly [rank: Rank, show: (attributes: SpanAttributes, row: Row) => ShownFact, label?: string];

/** The attributes with the ids that are shown, outermost first. */
const IDS: readonly string[] = [
  ATTR.OPENAI_THREAD_ID,
  ATTR.OPENAI_SESSION_ID,
  ATTR.GEN_AI_CONVERSATION_ID,
  ATTR.OPENAI_RUN_ID,
  ATTR.OPENAI_TURN_ID,
  ATTR.OPENAI_SUBAGENT_ID,
  ATTR.OPENAI_STEP_ID,
  ATTR.OPENAI_ITEM_ID,
];

/** Spans without a GenAI operation also show ids such as `openai.message.id`, but not the request's id. */
const REQUEST_ID = /^openai\.(?!request\.)\w+\.id$/;

/** The details of a span, in this order. To show another one, add a row. */
const FACTS: readonly Fact[] = [
  [0, (of, { span }) => (isFailed(span) ? error(of) : undefined)],
  [
    1,
    (of) => (of[ATTR.GEN_AI_OPERATION_NAME] === 'create_agent' ? words(of[ATTR.GEN_AI_AGENT_ID]) : undefined),
  ],
  [1, (of, { span }) => (span.isEvaluation ? words(of[ATTR.GEN_AI_RESPONSE_ID]) : undefined)],
  [4, (of) => words(of[ATTR.GEN_AI_RESPONSE_MODEL] ?? of[ATTR.GEN_AI_REQUEST_MODEL]), 'Model'],
  [4, shownPrompt, 'Prompt'],
  [4, (of) => words(of[ATTR.USER_ID]), 'User'],
  [4, (of) => words(of[ATTR.OPENAI_TRACE_TAGS]), 'Tags'],
  [0, status(ATTR.OPENAI_RUN_STATUS), 'Run'],
  [0, status(ATTR.OPENAI_STEP_STATUS, (value) => value !== 'completed')],
  [0, status(ATTR.OPENAI_RESOURCE_STATUS, isBad)],
  [0, (of, { span }) => (isOngoing(span) ? warning(progressOf(span, of)) : undefined), 'State'],
  [0, (_, { span }) => (isInterrupted(span) ? warning('interrupted') : undefined)],
  [0, (of) => (of[ATTR.OPENAI_RUN_OBSERVED] === false ? warning('end not observed') : undefined)],
  [0, (of) => totalTokens(spanUsage(of)) ?? missingTokens(of), 'Tokens'],
  [0, totalTokensBelow, 'Total tokens'],
  [4, (of) => count(of[ATTR.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS], 'token'), 'Cached'],
  [4, (of) => count(of[ATTR.GEN_AI_USAGE_REASONING_OUTPUT_TOKENS], 'token'), 'Reasoning'],
  [0, (of) => dollars(of[ATTR.OPENAI_COST]), 'Cost'],
  [0, totalCost, 'Total cost'],
  [1, (of, { span }) => count(of[ATTR.OPENAI_TOTAL_RUNS], invocationName(span))],
  countFact(ATTR.OPENAI_TOTAL_USER_MESSAGES, 'user message', 3),
  [3, costPerUserMessage],
  countFact(ATTR.OPENAI_FILE_SEARCH_RESULT_COUNT, 'result', 1),
  countFact(ATTR.OPENAI_CODE_INTERPRETER_IMAGE_COUNT, 'image', 1),
  [4, (of) => (isTokenTimed(of) ? firstChunkText(of) : undefined), 'First token'],
  [4, (of) => (isTokenTimed(of) ? undefined : firstChunkText(of)), 'First chunk'],
  [0, shownFinish, 'Finish'],
  countFact(ATTR.OPENAI_REALTIME_INTERRUPTION_COUNT, 'interruption', 1),
  [3, (of) => prefix('audio ', audioTokens([of])), 'Audio'],
  [0, (of, row) => retries(of[ATTR.HTTP_REQUEST_RESEND_COUNT], row)],
  countFact(ATTR.OPENAI_RUN_POLL_COUNT, 'poll', 3),
  countFact(ATTR.OPENAI_POLL_COUNT, 'poll', 3),
  countFact(ATTR.OPENAI_HOSTED_SKIPPED_SPANS, 'skipped span', 1),
  [3, (of, { span }) => (span.isOpen ? undefined : count(of[ATTR.OPENAI_STREAM_CHUNK_COUNT], 'chunk'))],
  [0, streamEnd],
];

export function detailsOf(row: Row, extraAttributes: readonly string[] = []): Detail[] {
  const { attributes } = row.span;
  const ids = ownIds(row).map((id): Detail => ({ text: terminalSafe(id, 100), tone: 'dim', rank: 2 }));
  const extra = extraAttributes
    .filter((name) => attributes[name] !== undefined)
    .map((name) => terminalSafe(`${name}=${attributeText(attributes[name])}`, 300))
    .map((text): Detail => ({ text, tone: 'dim', rank: 0 }));
  return [...ids, ...spanFacts(row), ...extra];
}

export function spanFacts(row: Row): (Detail & { readonly label: string | undefined })[] {
  return FACTS.flatMap(([rank, show, label]) => {
    const fact = show(row.span.attributes, row);
    if (fact === undefined) return [];
    return [{ label, ...(typeof fact === 'string' ? { text: fact, tone: 'dim', rank } : fact) }];
  });
}

/** The prompt of a span with its version: `tutor v2`. */
export function shownPrompt(of: SpanAttributes): string | undefined {
  return words([of[ATTR.GEN_AI_PROMPT_NAME], of[ATTR.GEN_AI_PROMPT_VERSION]], ' ');
}

/** The attributes with the settings of a request. The name after `.request.` says what each of them is. */
const SETTING = /^(?:gen_ai\.)?(?:gen_ai|openai)\.request\.(?!model$|body$|stream)(?!.*\bid$)(.+)$/;
const MAX_SETTINGS = 30;

/** The settings of a model call: temperature, effort, format and others, also those of a recorded request body. */
export function requestSettings(of: SpanAttributes): (readonly [label: string, value: string])[] {
  const body = parseShortJson(of[ATTR.OPENAI_REQUEST_BODY]);
  const named = Object.entries(of).map(([name, value]) => [SETTING.exec(name)?.[1] ?? '', value] as const);
  const all = [
    ...named,
    ['format', of[ATTR.GEN_AI_OUTPUT_TYPE]] as const,
    ...Object.entries(isRecord(body) ? body : {}),
  ];
  return all
    .filter(([name, value]) => name !== '' && value !== undefined && value !== null)
    .slice(0, MAX_SETTINGS)
    .map(([name, value]) => [settingName(name), terminalSafe(attributeText(value), 200)]);
}

/** `reasoning.level` as `Effort`, and `max_tokens` as `Max tokens`. */
function settingName(name: string): string {
  const shown = name === 'reasoning.level' ? 'effort' : name.slice(0, 60).replace(/[._]/g, ' ');
  return shown.charAt(0).toUpperCase() + shown.slice(1);
}

function countFact(attribute: string, one: string, rank: Rank): Fact {
  return [rank, (of) => count(of[attribute], one)];
}

function missingTokens(of: SpanAttributes): ShownFact {
  const { [ATTR.OPENAI_STREAM_END]: end, [ATTR.GEN_AI_OPERATION_NAME]: operation } = of;
  const isExpected = operation === 'chat' || operation === 'text_completion';
  return end === 'completed' && isExpected ? warning('tokens not reported') : undefined;
}

/** A turn also reports its own tokens. If it has no subagents, the total is the same and is not shown. */
function totalTokensBelow(of: SpanAttributes): ShownFact {
  const total = reportedTotal(of);
  return total === totalTokens(spanUsage(of)) ? undefined : prefix('total ', total);
}

function totalCost(of: SpanAttributes): ShownFact {
  const { [ATTR.OPENAI_TOTAL_COST]: total, [ATTR.OPENAI_TOTAL_UNPRICED]: unpriced } = of;
  const isOwn = total === of[ATTR.OPENAI_COST] && unpriced === undefined;
  return isOwn ? undefined : prefix('total ', costOf(total, unpriced));
}

function costPerUserMessage(of: SpanAttributes): ShownFact {
  if (of[ATTR.OPENAI_TOTAL_USER_MESSAGES] === 1) return undefined;
  const cost = costOf(of[ATTR.OPENAI_COST_PER_USER_MESSAGE], of[ATTR.OPENAI_TOTAL_UNPRICED]);
  return cost && `${cost} per user message`;
}

/**
 * When the first token of a stream arrived, or else its first chunk, in milliseconds since the start of its span; `NaN` if
 * that is unknown.
 */
export function firstChunkOf(of: SpanAttributes): number {
  const token = numberIn(of, ATTR.OPENAI_STREAM_TIME_TO_FIRST_TOKEN);
  return (token ?? numberIn(of, ATTR.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK) ?? Number.NaN) * 1e3;
}

function isTokenTimed(of: SpanAttributes): boolean {
  return of[ATTR.OPENAI_STREAM_TIME_TO_FIRST_TOKEN] !== undefined;
}

export function firstChunkText(of: SpanAttributes): string | undefined {
  const milliseconds = firstChunkOf(of);
  return Number.isNaN(milliseconds) ? undefined : formatMilliseconds(milliseconds);
}

/** How far a span is: of a stream that is read, `first token 1.20 s · 84 chunks`. */
function progressOf({ isOpen }: ViewedSpan, of: SpanAttributes): string {
  if (!isOpen) return 'in progress';
  const first = prefix('first token ', firstChunkText(of));
  return joinedFacts([first, count(of[ATTR.OPENAI_STREAM_CHUNK_COUNT], 'chunk')]) || 'in progress';
}

function streamEnd(of: SpanAttributes, { span }: Row): ShownFact {
  const { [ATTR.OPENAI_STREAM_END]: end, [ATTR.GEN_AI_RESPONSE_FINISH_REASONS]: finished } = of;
  // The stream of a session's events never ends: its readers always stop early.
  const isLeftAlways = /^GET .*\/events$/.test(span.name);
  return end === 'completed' || finished !== undefined || isLeftAlways
    ? undefined
    : prefix('stream ', words(end));
}

/** The maximum number of ancestors without ids, such as spans of other packages, that `ownIds` skips. */
const MAX_SPANS_BETWEEN = 10;

/** The ids that the nearest ancestor with ids lacks. Each span repeats the ids of all that it belongs to. */
function ownIds({ span, parent }: Row): string[] {
  const { attributes } = span;
  const isPlain = attributes[ATTR.GEN_AI_OPERATION_NAME] === undefined;
  const names = isPlain ? [...IDS, ...Object.keys(attributes).filter((name) => REQUEST_ID.test(name))] : IDS;
  // A set, because a thread's id is also recorded as its conversation id.
  const ids = new Set(names.map((name) => attributes[name]).filter((id) => typeof id === 'string'));
  const idsOf = (row: Row | undefined): unknown[] => names.map((name) => row?.span.attributes[name]);
  let above = parent;
  for (let i = 0; i < MAX_SPANS_BETWEEN && idsOf(above).every((id) => id === undefined); i++)
    above = above?.parent;
  const known = new Set(idsOf(above));
  return [...ids].filter((id) => !known.has(id));
}

function error(of: SpanAttributes): ShownFact {
  const type = terminalSafe(attributeText(of[ATTR.ERROR_TYPE] ?? 'error'), 100);
  const code = of[ATTR.HTTP_RESPONSE_STATUS_CODE];
  // A run can fail although the request that tells so succeeds.
  const isOwn = isNumber(code) && code >= 400 && String(code) !== type;
  const shown = isOwn ? `${type} (${code})` : type;
  return { text: `✗ ${shown}`, tone: 'bad', rank: 0 };
}

function isBad(value: unknown): boolean {
  return value === 'error' || value === 'expired' || value === 'failed';
}

function status(attribute: string, isShown = (_value: unknown): boolean => true): Fact[1] {
  return (of, { span }) => {
    const value = of[attribute];
    // A status that equals the error type, such as `expired`, is shown only once.
    const isError = isFailed(span) && of[ATTR.ERROR_TYPE] === value;
    if (typeof value !== 'string' || isError || !isShown(value)) return undefined;
    const text = terminalSafe(value, 40);
    if (value === 'completed') return { text, tone: 'good', rank: 1 };
    return { text, tone: isBad(value) ? 'bad' : 'warning', rank: 0 };
  };
}

const NORMAL_FINISH_REASONS: ReadonlySet<string> = new Set(['stop', 'tool_calls', 'completed']);

function shownFinish(of: SpanAttributes): ShownFact {
  const { [ATTR.GEN_AI_RESPONSE_FINISH_REASONS]: reasons, [ATTR.OPENAI_REALTIME_CANCEL_REASON]: cancel } = of;
  const text = cancel === 'turn_detected' ? 'interrupted by the user' : words(cancel ?? reasons);
  if (text === undefined) return undefined;
  return NORMAL_FINISH_REASONS.has(text) ? { text, tone: 'dim', rank: 1 } : warning(text);
}

/** Joins an attribute's string or strings; `undefined` if it has none. */
function words(value: unknown, separator = ', '): string | undefined {
  const list = Array.isArray(value) ? value : [value];
  const shown = list.filter((word) => typeof word === 'string' && word !== '');
  return shown.length > 0 ? terminalSafe(shown.join(separator), 100) : undefined;
}

/** For an attempt, its number among the retries. For a call, the number of retries, counted by its attempts. */
function retries(resent: unknown, { span, children }: Row): ShownFact {
  const attempts = children.filter((child) => child.span.name === 'attempt').length;
  const number = isNumber(resent) ? resent : attempts - 1;
  if (number < 1) return undefined;
  return warning(span.name === 'attempt' ? `retry ${number}` : (count(number, 'retry', 'retries') ?? ''));
}

function prefix(word: string, text: string | undefined): string | undefined {
  return text && word + text;
}

function warning(text: string): ShownFact {
  return { text, tone: 'warning', rank: 0 };
}

/** What a conversation contains: a thread has runs, a session has turns, any other has responses or calls. */
function invocationName({ name, attributes }: ViewedSpan): string {
  if (name === 'thread') return 'run';
  if (name === 'session') return 'turn';
  // A conversation of `withConversation` may consist of calls of any API.
  return name === 'conversation' && attributes[ATTR.OPENAI_API_TYPE] !== 'responses' ? 'call' : 'response';
}
