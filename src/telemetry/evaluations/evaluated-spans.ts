import type { Attributes, Span, SpanContext } from '@opentelemetry/api';
import * as ATTR from '../../semconv/attributes.ts';
import { pickAttributes } from '../../util/otel-api.ts';
import { ProcessWide } from '../../util/process-state.ts';
import { VERSION } from '../../util/version.ts';
import { HIERARCHY_IDS } from '../place-attributes.ts';

export type Evaluated = 'response' | 'run' | 'conversation';

export interface EvaluatedSpan {
  readonly id: string;
  readonly span: SpanContext;
  /** At least what an evaluation copies, and the server that was called. No content. */
  readonly attributes: Attributes;
  /** When the span was remembered, in whole seconds since the epoch. V8 stores these without extra memory. */
  readonly seconds: number;
}

export const EVALUATION_ATTRIBUTES: readonly string[] = [...HIERARCHY_IDS, ATTR.GEN_AI_REQUEST_MODEL];
/** The attributes that are kept of a span if a hook may have added others, which may have any length. */
const REMEMBERED_ATTRIBUTES: readonly string[] = [
  ...EVALUATION_ATTRIBUTES,
  ATTR.SERVER_ADDRESS,
  ATTR.SERVER_PORT,
];

/** The latest spans of one kind, the oldest first. */
interface Remembered {
  readonly spans: EvaluatedSpan[];
  hasForgotten: boolean;
}

const MAX_EVALUATED_SPANS = 1_000;
const EVALUATED_SPAN_LIFETIME_SECONDS = 3_600;

/** All copies of this release share the spans: one copy may record spans while the program calls another. */
const remembered = new ProcessWide(
  `evaluated-spans@${VERSION}`,
  (): Readonly<Record<Evaluated, Remembered>> => ({
    response: { spans: [], hasForgotten: false },
    run: { spans: [], hasForgotten: false },
    conversation: { spans: [], hasForgotten: false },
  }),
);

/** Remembers a span if it is recorded. Call this before the span ends: an ended span does not count. */
export function rememberForEvaluation(
  kind: Evaluated,
  id: unknown,
  span: Span,
  attributes: Attributes,
): void {
  if (typeof id !== 'string' || !span.isRecording()) return;
  const known = rememberedNow(kind);
  // Reading the wall clock allocates nothing. If the clock is changed, spans are forgotten early or late.
  known.spans.push({ id, span: span.spanContext(), attributes, seconds: Math.trunc(Date.now() / 1_000) });
  if (known.spans.length > MAX_EVALUATED_SPANS) forgetOldest(known);
}

function forgetOldest(known: Remembered): void {
  known.spans.shift();
  known.hasForgotten = true;
}

/** Forgets old spans first. */
function rememberedNow(kind: Evaluated): Remembered {
  const known = remembered.value[kind];
  const oldest = Math.trunc(Date.now() / 1_000) - EVALUATED_SPAN_LIFETIME_SECONDS;
  while ((known.spans[0]?.seconds ?? oldest) < oldest) forgetOldest(known);
  return known;
}

export function rememberedOf(attributes: Attributes): Attributes {
  return pickAttributes(attributes, REMEMBERED_ATTRIBUTES);
}

/**
 * Remembers the span of the call that creates an answer, not of requests that fetch it with the same id.
 *
 * @param placed whether a hook or `src/hierarchy` has added attributes. If not, the few attributes of the
 *   request are kept without a copy
 */
export function rememberAnswer(span: Span, request: Attributes, result: Attributes, placed: boolean): void {
  const operation = request[ATTR.GEN_AI_OPERATION_NAME];
  if (operation === 'chat' || operation === 'text_completion')
    rememberForEvaluation(
      'response',
      result[ATTR.GEN_AI_RESPONSE_ID],
      span,
      placed ? rememberedOf(request) : request,
    );
}

/** An id that a server counts up, or picks from a few: the answers of Ollama are `chatcmpl-0` to `chatcmpl-998`. */
const COUNTED_ID = /^[a-z_.-]{0,32}\d{1,9}$/i;

/** Whether an older answer, which is already forgotten, may have had the same id. */
export function mayBeOfAnother(responseId: string): boolean {
  return COUNTED_ID.test(responseId) && rememberedNow('response').hasForgotten;
}

/** Finds the newest span with an id; `undefined` if several things share the id: servers may repeat ids. */
export function findEvaluated(kind: Evaluated, id: string): EvaluatedSpan | undefined {
  const found = rememberedNow(kind).spans.filter((each) => each.id === id);
  const newest = found.at(-1);
  return newest && found.every((each) => isSameThing(kind, newest, each)) ? newest : undefined;
}

function isSameThing(kind: Evaluated, one: EvaluatedSpan, other: EvaluatedSpan): boolean {
  if (kind === 'response') return one.span.spanId === other.span.spanId;
  return [ATTR.SERVER_ADDRESS, ATTR.SERVER_PORT].every(
    (name) => one.attributes[name] === other.attributes[name],
  );
}
