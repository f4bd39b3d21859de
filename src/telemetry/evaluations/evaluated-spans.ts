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

/** The last spans of one kind, in a ring buffer: adding a span is cheap. A search is slower, but rare. */
interface Ring {
  readonly spans: (EvaluatedSpan | undefined)[];
  /** The number of spans added so far, which determines the position of the next one. */
  added: number;
  /** The number of spans dropped so far, which determines the position of the oldest one. */
  dropped: number;
}

const MAX_EVALUATED_SPANS = 1_000;
const EVALUATED_SPAN_LIFETIME_SECONDS = 3_600;

/** All copies of this release share the rings: one copy may record spans while the program calls another. */
const rings = new ProcessWide(`evaluated-spans@${VERSION}`, () => new Map<Evaluated, Ring>());

/** Remembers a span if it is recorded. Call this before the span ends: an ended span does not count. */
export function rememberForEvaluation(
  kind: Evaluated,
  id: unknown,
  span: Span,
  attributes: Attributes,
): void {
  if (typeof id !== 'string' || !span.isRecording()) return;
  let ring = rings.value.get(kind);
  if (ring === undefined) {
    ring = { spans: [], added: 0, dropped: 0 };
    rings.value.set(kind, ring);
  }
  // Reading the wall clock allocates nothing. If the clock is changed, spans are forgotten early or late.
  const seconds = Math.trunc(Date.now() / 1_000);
  const oldest = ring.spans[ring.dropped % MAX_EVALUATED_SPANS]?.seconds ?? seconds;
  if (oldest < seconds - EVALUATED_SPAN_LIFETIME_SECONDS) dropExpired(ring, seconds);
  if (ring.added - ring.dropped === MAX_EVALUATED_SPANS) ring.dropped++;
  const remembered = { id, span: span.spanContext(), attributes, seconds };
  ring.spans[ring.added++ % MAX_EVALUATED_SPANS] = remembered;
}

function dropExpired(ring: Ring, now: number = Math.trunc(Date.now() / 1_000)): void {
  const { spans } = ring;
  for (; ring.dropped < ring.added; ring.dropped++) {
    const oldest = spans[ring.dropped % MAX_EVALUATED_SPANS];
    if (oldest !== undefined && oldest.seconds >= now - EVALUATED_SPAN_LIFETIME_SECONDS) return;
    spans[ring.dropped % MAX_EVALUATED_SPANS] = undefined;
  }
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
  const ring = rings.value.get('response');
  if (ring === undefined || !COUNTED_ID.test(responseId)) return false;
  dropExpired(ring);
  return ring.dropped > 0;
}

/** Finds the newest span with an id; `undefined` if several things share the id: servers may repeat ids. */
export function findEvaluated(kind: Evaluated, id: string): EvaluatedSpan | undefined {
  const ring = rings.value.get(kind);
  if (ring === undefined) return undefined;
  dropExpired(ring);
  const { spans, added, dropped } = ring;
  let found: EvaluatedSpan | undefined;
  for (let newer = added - 1; newer >= dropped; newer--) {
    const each = spans[newer % MAX_EVALUATED_SPANS];
    if (each?.id !== id) continue;
    found ??= each;
    if (!isSameThing(kind, found, each)) return undefined;
  }
  return found;
}

function isSameThing(kind: Evaluated, one: EvaluatedSpan, other: EvaluatedSpan): boolean {
  if (kind === 'response') return one.span.spanId === other.span.spanId;
  return [ATTR.SERVER_ADDRESS, ATTR.SERVER_PORT].every(
    (name) => one.attributes[name] === other.attributes[name],
  );
}
