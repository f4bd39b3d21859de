import type { Attributes, Span, SpanContext } from '@opentelemetry/api';
import * as ATTR from '../../semconv/attributes.ts';
import { pickAttributes } from '../../util/otel-api.ts';
import { ProcessWide } from '../../util/process-state.ts';
import { VERSION } from '../../util/version.ts';
import { HIERARCHY_IDS } from '../place.ts';

/** What an evaluation can be about. */
export type Evaluated = 'response' | 'run' | 'conversation';

/** A recorded span that an evaluation may be about. */
export interface EvaluatedSpan {
  readonly id: string;
  readonly span: SpanContext;
  /** The attributes that an evaluation copies from its span, and the server of its call. No content. */
  readonly attributes: Attributes;
  /** When it ended, in whole seconds, which take no memory of their own. */
  readonly seconds: number;
}

/** The attributes that an evaluation takes over from the span that it is about. */
export const EVALUATION_ATTRIBUTES: readonly string[] = [...HIERARCHY_IDS, ATTR.GEN_AI_REQUEST_MODEL];
/** All others are forgotten: hooks of the program may add some, of any length. */
const REMEMBERED_ATTRIBUTES: readonly string[] = [
  ...EVALUATION_ATTRIBUTES,
  ATTR.SERVER_ADDRESS,
  ATTR.SERVER_PORT,
];

/** The last spans of one kind, in a ring: adding one costs next to nothing. Few are ever looked for. */
interface Ring {
  readonly spans: EvaluatedSpan[];
  /** The number added so far, which leads to the place of the next. */
  added: number;
}

/** The number of spans kept of each kind. */
const MAX_EVALUATED_SPANS = 1_000;

/** Shared by all copies of this release: the one that records is often not the one that the program calls. */
const rings = new ProcessWide(`evaluated-spans@${VERSION}`, () => new Map<Evaluated, Ring>());

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
    ring = { spans: [], added: 0 };
    rings.value.set(kind, ring);
  }
  const seconds = Math.trunc(Date.now() / 1e3);
  ring.spans[ring.added++ % MAX_EVALUATED_SPANS] = { id, span: span.spanContext(), attributes, seconds };
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
  const operation = request[ATTR.GEN_AI_OPERATION_NAME];
  if (operation === 'chat' || operation === 'text_completion')
    rememberForEvaluation(
      'response',
      result[ATTR.GEN_AI_RESPONSE_ID],
      span,
      placed ? rememberedOf(request) : request,
    );
}

/** A number that a server counts, or draws from a few: Ollama's answers are `chatcmpl-0` to `chatcmpl-998`. */
const COUNTED_ID = /^[a-z_.-]{0,32}\d{1,9}$/i;

/** Whether an answer that is forgotten by now may have had this id. */
export function mayBeOfAnother(responseId: string): boolean {
  const added = rings.value.get('response')?.added ?? 0;
  return added > MAX_EVALUATED_SPANS && COUNTED_ID.test(responseId);
}

/**
 * Finds the span of an id, the newest one of a run or conversation.
 *
 * @returns `undefined` if it is not known, or if the id represents several things: servers choose ids, and some repeat
 *   them
 */
export function findEvaluated(kind: Evaluated, id: string): EvaluatedSpan | undefined {
  const { spans, added } = rings.value.get(kind) ?? { spans: [], added: 0 };
  let found: EvaluatedSpan | undefined;
  for (let newer = added - 1; newer >= 0 && newer >= added - MAX_EVALUATED_SPANS; newer--) {
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
