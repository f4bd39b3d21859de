import type { Attributes, Span, SpanContext } from '@opentelemetry/api';
import {
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_RESPONSE_ID,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
} from '../semconv/attributes.ts';
import { pickAttributes } from '../util/pick-attributes.ts';
import { processWideCollection } from '../util/process-wide.ts';
import { VERSION } from '../util/version.ts';
import { HIERARCHY_IDS } from './place.ts';

/** What an evaluation can be about. */
export type Evaluated = 'response' | 'run' | 'conversation';

/** A recorded span that an evaluation may be about. */
export interface EvaluatedSpan {
  readonly id: string;
  readonly span: SpanContext;
  /** What an evaluation takes over, and which server the span is about. No content. */
  readonly attributes: Attributes;
  /** Whole seconds, which take no memory of their own. */
  readonly seconds: number;
}

/** The attributes that an evaluation takes over from the span that it is about. */
export const EVALUATION_ATTRIBUTES: readonly string[] = [...HIERARCHY_IDS, ATTR_GEN_AI_REQUEST_MODEL];
/** All others are forgotten: hooks of the program may add some, of any length. */
const REMEMBERED_ATTRIBUTES: readonly string[] = [
  ...EVALUATION_ATTRIBUTES,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
];

/** The last spans of one kind, in a ring: adding one costs next to nothing. Few are ever looked for. */
export interface Ring {
  readonly spans: (EvaluatedSpan | undefined)[];
  oldest: number;
  size: number;
  /** Whether any was dropped, which may have had the same id as another. */
  hasDropped: boolean;
}

/** The number of spans kept of each kind. */
export const MAX_EVALUATED_SPANS = 1_000;
export const EVALUATED_SPAN_LIFETIME_SECONDS = 3_600;

/** Shared by all copies of this release: the one that records is often not the one that the program calls. */
const rings = processWideCollection<Map<Evaluated, Ring>>(Map, 'evaluated-spans', VERSION);

export function rememberedSpans(kind: Evaluated): Ring | undefined {
  return rings.value.get(kind);
}

/** Remembers a span that is recorded, before it ends. */
export function rememberForEvaluation(
  kind: Evaluated,
  id: unknown,
  span: Span,
  attributes: Attributes,
): void {
  if (typeof id !== 'string' || !span.isRecording()) return;
  let ring = rings.value.get(kind);
  if (ring === undefined) {
    ring = { spans: [], oldest: 0, size: 0, hasDropped: false };
    rings.value.set(kind, ring);
  }
  addToRing(ring, { id, span: span.spanContext(), attributes, seconds: nowInSeconds() });
}

/** Each answer passes here, so a full ring reads none of its spans: the added one replaces the oldest. */
function addToRing(ring: Ring, added: EvaluatedSpan): void {
  if (ring.size === MAX_EVALUATED_SPANS) {
    ring.spans[ring.oldest] = added;
    ring.oldest = (ring.oldest + 1) % MAX_EVALUATED_SPANS;
    ring.hasDropped = true;
    return;
  }
  const expired = added.seconds - EVALUATED_SPAN_LIFETIME_SECONDS;
  for (let oldest = ring.spans[ring.oldest]; oldest !== undefined; oldest = ring.spans[ring.oldest]) {
    if (oldest.seconds >= expired) break;
    ring.spans[ring.oldest] = undefined;
    ring.oldest = (ring.oldest + 1) % MAX_EVALUATED_SPANS;
    ring.hasDropped = true;
    ring.size--;
  }
  ring.spans[(ring.oldest + ring.size) % MAX_EVALUATED_SPANS] = added;
  ring.size++;
}

export function rememberedOf(attributes: Attributes): Attributes {
  return pickAttributes(attributes, REMEMBERED_ATTRIBUTES);
}

/**
 * Remembers the span of a call if it answers. A request that fetches an answer has the same id.
 *
 * @param placed whether a hook or the hierarchy has added attributes. Without them, those of the request are few, and kept
 *   as they are: each answer passes here
 */
export function rememberAnswer(span: Span, request: Attributes, result: Attributes, placed: boolean): void {
  const operation = request[ATTR_GEN_AI_OPERATION_NAME];
  if (operation === 'chat' || operation === 'text_completion')
    rememberForEvaluation(
      'response',
      result[ATTR_GEN_AI_RESPONSE_ID],
      span,
      placed ? rememberedOf(request) : request,
    );
}

/** By the wall clock, which allocates nothing. A clock that is set makes a span be forgotten early or late, at worst. */
export function nowInSeconds(): number {
  return Math.trunc(Date.now() / 1_000);
}
