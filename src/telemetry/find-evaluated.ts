import { ATTR_SERVER_ADDRESS, ATTR_SERVER_PORT } from '../semconv/attributes.ts';
import {
  EVALUATED_SPAN_LIFETIME_SECONDS,
  type Evaluated,
  type EvaluatedSpan,
  MAX_EVALUATED_SPANS,
  nowInSeconds,
  rememberedSpans,
} from './evaluated-spans.ts';

/** A number that a server counts, or draws from a few: Ollama's answers are `chatcmpl-0` to `chatcmpl-998`. */
const COUNTED_ID = /^[a-z_.-]{0,32}\d{1,9}$/i;

/** Whether an answer that is forgotten by now may have had this id. */
export function mayBeOfAnother(responseId: string): boolean {
  return rememberedSpans('response')?.hasDropped === true && COUNTED_ID.test(responseId);
}

/**
 * Finds the span of an id, the newest one of a run or conversation.
 *
 * @returns `undefined` if it is not known, or if the id stands for several things: servers choose ids, and some repeat
 *   them
 */
export function findEvaluated(kind: Evaluated, id: string): EvaluatedSpan | undefined {
  const ring = rememberedSpans(kind);
  if (ring === undefined) return undefined;
  const { spans, oldest, size } = ring;
  const expired = nowInSeconds() - EVALUATED_SPAN_LIFETIME_SECONDS;
  let found: EvaluatedSpan | undefined;
  for (let newer = size - 1; newer >= 0; newer--) {
    const each = spans[(oldest + newer) % MAX_EVALUATED_SPANS];
    if (each?.id !== id || each.seconds < expired) continue;
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
