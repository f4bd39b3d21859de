import {
  type Attributes,
  type Context,
  type HrTime,
  isSpanContextValid,
  type Span,
  type SpanContext,
  type SpanKind,
  type SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { contentTargets, MASKED_KINDS, type Settings } from '../config/config.ts';
import * as ATTR from '../semconv/attributes.ts';
import { now } from '../util/clock.ts';
import { LinkedContext } from '../util/context.ts';
import { cut } from '../util/cut-text.ts';
import { guard } from '../util/guard.ts';
import { MAX_REPEATED } from '../util/payload.ts';
import { settingsFor } from './content/consent.ts';
import { ContentRecord } from './content/content-record.ts';
import { redactedMember, withoutSecrets } from './content/credentials.ts';
import { plainDataReader } from './content/plain-data.ts';
import { findPrivate, type Search, searchFor } from './masking/find-private.ts';
import { readReported } from './outcomes/failure.ts';
import { endSpan, type Telemetry } from './telemetry.ts';

/** A span that OpenAI recorded itself. A server chose its names and values. */
export interface HostedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly status: { readonly code: SpanStatusCode; readonly message: unknown };
  readonly links: readonly Pick<HostedSpan, 'traceId' | 'spanId'>[];
  /** Plain data by key. */
  readonly attributes: ReadonlyMap<string, unknown>;
  /** How many attributes, links and events were left out. */
  readonly skipped: number;
}

export type HostedIds = Pick<HostedSpan, 'traceId' | 'spanId'>;

/** The spans of ours that stand for hosted spans, by {@link hostedKey}. */
export type OwnSpans = Map<string, SpanContext>;

export function hostedKey({ traceId, spanId }: HostedIds): string {
  return `${traceId} ${spanId}`;
}

function parentKey({ traceId, parentId = '' }: HostedSpan): string {
  return hostedKey({ traceId, spanId: parentId });
}

/** Starts the span that has all hosted spans of a turn below it. It covers them to the millisecond. */
export function startHostedTurn(
  telemetry: Telemetry,
  spans: readonly HostedSpan[],
  attributes: Attributes,
  parent: Context,
): Span {
  const startTime = Math.min(...spans.map((span) => Math.floor(millisecondsOf(span.startTime))));
  return telemetry.startSpan('hosted turn', { startTime, attributes }, parent);
}

export function endHostedTurn(span: Span, spans: readonly HostedSpan[]): void {
  endSpan(span, Math.max(...spans.map(({ endTime }) => Math.floor(millisecondsOf(endTime)) + 1)));
}

function millisecondsOf([seconds, nanoseconds]: HrTime): number {
  return seconds * 1e3 + nanoseconds / 1e6;
}

interface StartedHostedSpan {
  readonly hosted: HostedSpan;
  readonly span: Span;
  /** The attributes that it started with. */
  readonly own: Attributes;
}

/**
 * Records hosted spans with their own times. They feed no metric.
 *
 * @param context has the span of the turn, with those spans below it whose parents are unknown
 * @param place the ids that each span has
 * @param ownSpans the spans that were recorded before. The new ones are added
 */
export function recordHostedSpans(
  telemetry: Telemetry,
  spans: readonly HostedSpan[],
  context: Context,
  place: Attributes,
  ownSpans: OwnSpans,
): void {
  const settings = settingsFor(telemetry.settings, context);
  const left = new Map(spans.map((span) => [hostedKey(span), span]));
  const started: StartedHostedSpan[] = [];
  const start = (hosted: HostedSpan): void => {
    left.delete(hostedKey(hosted));
    // Parents start first. In a circle of parents, one of them has none.
    const later = left.get(parentKey(hosted));
    if (later !== undefined) start(later);
    const above = ownSpans.get(parentKey(hosted));
    const parent = above === undefined ? context : trace.setSpanContext(context, above);
    const { name, kind, startTime } = hosted;
    const own = { ...place, ...idsOf(hosted) };
    const span = telemetry.startSpan(withoutSecrets(name), { kind, startTime, attributes: own }, parent);
    ownSpans.set(hostedKey(hosted), span.spanContext());
    started.push({ hosted, span, own });
  };
  // A span processor of the program may throw.
  for (const span of spans) if (left.has(hostedKey(span))) guard('starting a hosted span', start, span);
  // Once all have started, each link finds its span.
  for (const each of started) {
    guard('recording a hosted span', describe, telemetry, settings, each, context);
    guard('linking a hosted span', addLinks, each, ownSpans);
    endSpan(each.span, each.hosted.endTime);
  }
}

function idsOf({ traceId, spanId, parentId, skipped }: HostedSpan): Attributes {
  return {
    [ATTR.OPENAI_HOSTED_TRACE_ID]: traceId,
    [ATTR.OPENAI_HOSTED_SPAN_ID]: spanId,
    ...(parentId !== undefined && { [ATTR.OPENAI_HOSTED_PARENT_SPAN_ID]: parentId }),
    ...(skipped > 0 && { [ATTR.OPENAI_HOSTED_SKIPPED_DETAILS]: skipped }),
  };
}

/** Adds attributes, content and status. The completion hook sees the content, and the message of an error, first. */
function describe(
  telemetry: Telemetry,
  settings: Settings,
  { hosted, span, own }: StartedHostedSpan,
  turn: Context,
): void {
  const { code, message } = hosted.status;
  const { plain, content } = separate(hosted.attributes, own);
  span.setAttributes(plain);
  const isHidden = settings.hideContent !== 'none';
  const failure = readReported(isHidden ? undefined : message, '');
  const hasContent = (content.size > 0 || failure.message !== undefined) && !isHidden;
  const context = LinkedContext.withSpan(turn, span);
  const record = hasContent
    ? ContentRecord.begin(telemetry, span, context, settings, telemetry.events)
    : undefined;
  record?.add({ parameters: textsOf(content) });
  const shown = record?.end({ ...own, ...plain }, failure, now())?.message;
  const isShown = shown !== undefined && contentTargets(settings).span;
  span.setStatus({ code, ...(isShown && { message: cut(shown, settings.maxContentLength) }) });
}

function addLinks({ hosted, span }: StartedHostedSpan, ownSpans: OwnSpans): void {
  for (const ids of hosted.links) {
    const context = ownSpans.get(hostedKey(ids)) ?? { ...ids, traceFlags: TraceFlags.NONE, isRemote: true };
    if (isSpanContextValid(context)) span.addLink({ context });
  }
}

const NO_PREFIX = ['', ''] as const;
/** Under these names, a sum over our own attributes would count tokens and cost twice. */
const RENAMED: readonly (readonly [prefix: string, renamed: string])[] = [
  ['gen_ai.usage.', ATTR.OPENAI_HOSTED_USAGE('')],
  ['openai.', ATTR.OPENAI_HOSTED_ATTRIBUTE('')],
];

/** Separates what may always be recorded from content. Our own attributes take precedence. */
function separate(
  given: HostedSpan['attributes'],
  own: Attributes,
): { plain: Attributes; content: Map<string, unknown> } {
  const plain: Attributes = {};
  const content = new Map<string, unknown>();
  for (const [key, hosted] of given) {
    const [prefix, renamed] = RENAMED.find(([start]) => key.startsWith(start)) ?? NO_PREFIX;
    const name = renamed + key.slice(prefix.length);
    if (Object.hasOwn(own, name)) continue;
    const value = redactedMember(given, key, hosted) ?? hosted;
    const shown = isContentKey(key) ? undefined : plainValue(key, value);
    if (shown === undefined) content.set(name, value);
    else plain[name] = shown;
  }
  return { plain, content };
}

/** Matches names of what people and models say, and of what tools get and return. The last words count only at the end. */
const CONTENT_KEY =
  /(?:^|[^a-z])(?:(?:messages?|arg(?:ument)?s?|parameters?|results?|instructions?|inputs?|outputs?|prompts?|completions?|contents?|texts?|query|queries|questions?|answers?|transcripts?|documents?|files?|filenames?|paths?|urls?|uris?|logs?|sequences?|body|payload|data)(?![a-z])|(?:responses?|code|commands?|descriptions?|explanations?|reasoning|thoughts?|summary|stacktrace|definitions?|values?)[^a-z]*$)/;
/** Matches names of facts about content, such as `output.type`. */
const FACT_KEY =
  /[^a-z](?:ids?|type|role|model|status|format|version|index|reasons?|count|size|length|tokens?|chunk|time|duration|status_code|exit_code)$/;

function isContentKey(key: string): boolean {
  const words = key.replace(/([a-z\d])(?=[A-Z])/g, '$1_').toLowerCase();
  return CONTENT_KEY.test(words) && !FACT_KEY.test(words);
}

const MAX_PLAIN_LENGTH = 128;
/** At most three words, which do not begin like JSON. A longer text may be what somebody said. */
const FEW_WORDS = /^[^\s[{"]\S*(?:\s\S+){0,2}$/;
const NAME_KEY = /(?:^|[._])name$/;

let privateData: Search | undefined;

function isPrivate(text: string): boolean {
  privateData ??= searchFor(new Set(MASKED_KINDS));
  return findPrivate(text, privateData).length > 0;
}

/** A value that may be recorded without consent; `undefined` for a text, private data or a nested value. */
function plainValue(key: string, value: unknown): Attributes[string] {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    const isShort = value.length <= MAX_PLAIN_LENGTH && (FEW_WORDS.test(value) || NAME_KEY.test(key));
    return isShort && !isPrivate(value) ? withoutSecrets(value) : undefined;
  }
  if (!Array.isArray(value) || value.length > MAX_REPEATED) return undefined;
  // OpenTelemetry's arrays have values of one type.
  const isUniform = value.every((item) => typeof item === typeof value[0] && typeof item !== 'object');
  const shown = isUniform ? value.map((item) => plainValue(key, item)) : [undefined];
  return shown.includes(undefined) ? undefined : (shown as string[]);
}

function textsOf(content: ReadonlyMap<string, unknown>): Attributes {
  const read = plainDataReader();
  return Object.fromEntries(
    Array.from(content, ([name, value]) => {
      const plain = read(value);
      return [name, typeof plain === 'string' ? plain : JSON.stringify(plain)];
    }),
  );
}
