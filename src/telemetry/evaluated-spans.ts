import type { Attributes, Span, SpanContext } from '@opentelemetry/api';
import {
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_RESPONSE_ID,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
} from '../semconv/attributes.ts';
import { isCollection, ProcessWide } from '../util/process-wide.ts';
import { VERSION } from '../util/version.ts';

/** What an evaluation can be about. */
export type Evaluated = 'response' | 'run' | 'conversation';

/** A recorded span that an evaluation may be about. */
export interface EvaluatedSpan {
  readonly id: string;
  readonly span: SpanContext;
  /** The attributes that the span started with. */
  readonly attributes: Attributes;
}

/** The last spans of one kind, in a ring: adding one costs next to nothing. Few are ever looked for. */
interface Ring {
  readonly spans: EvaluatedSpan[];
  next: number;
}

/** The number of spans kept of each kind. */
const MAX_EVALUATED_SPANS = 1_000;

/** Shared by all copies of this release: the one that records is often not the one that the program calls. */
const rings = new ProcessWide<Map<Evaluated, Ring>>({
  name: 'evaluated-spans',
  shape: VERSION,
  accepts: (value) => isCollection(Map, value),
  create: () => new Map(),
});

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
    ring = { spans: [], next: 0 };
    rings.value.set(kind, ring);
  }
  ring.spans[ring.next] = { id, span: span.spanContext(), attributes };
  ring.next = (ring.next + 1) % MAX_EVALUATED_SPANS;
}

/** Remembers the span of a call if it answers. A request that fetches an answer has the same id. */
export function rememberAnswer(span: Span, asked: Attributes, answered: Attributes): void {
  const operation = asked[ATTR_GEN_AI_OPERATION_NAME];
  if (operation === 'chat' || operation === 'text_completion')
    rememberForEvaluation('response', answered[ATTR_GEN_AI_RESPONSE_ID], span, asked);
}

/**
 * Finds the span of an id, the newest one of a run or conversation.
 *
 * @returns `undefined` if it is not known, or if the id stands for several things: servers choose ids, and some repeat
 *   them
 */
export function findEvaluated(kind: Evaluated, id: string): EvaluatedSpan | undefined {
  const { spans, next } = rings.value.get(kind) ?? { spans: [], next: 0 };
  let found: EvaluatedSpan | undefined;
  for (let age = 1; age <= spans.length; age++) {
    const each = spans[(next - age + spans.length) % spans.length];
    if (each?.id !== id) continue;
    found ??= each;
    if (!isSameThing(kind, found, each)) return undefined;
  }
  return found;
}

function isSameThing(kind: Evaluated, one: EvaluatedSpan, other: EvaluatedSpan): boolean {
  if (kind === 'response') return one.span.spanId === other.span.spanId;
  return [ATTR_SERVER_ADDRESS, ATTR_SERVER_PORT].every(
    (name) => one.attributes[name] === other.attributes[name],
  );
}
