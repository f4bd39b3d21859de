import { type Context, ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import * as ATTR from '../../semconv/attributes.ts';
import {
  endHostedTurn,
  type OwnSpans,
  recordHostedSpans,
  startHostedTurn,
} from '../../telemetry/hosted-spans.ts';
import { callerTraceOf, contextOf } from '../../telemetry/metadata.ts';
import { placeAttributes } from '../../telemetry/place-attributes.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { BoundedMap } from '../../util/bounded-map.ts';
import { now } from '../../util/clock.ts';
import { LinkedContext } from '../../util/context.ts';
import { ProcessWide } from '../../util/process-state.ts';
import { VERSION } from '../../util/version.ts';
import { inTraceOf } from '../conversations/conversation-id.ts';
import type { HostedTurn } from '../dialect.ts';
import { keyAt, LONG_LIFETIME_MS } from '../store.ts';
import { readHostedSpans } from './read-document.ts';

const MAX_RECORDED_TURNS = 10_000;
const MAX_RECORDED_SPANS = 50_000;

interface RecordedTurn {
  readonly span: SpanContext;
  /** `undefined` if the spans were too many to remember. Nothing more of the turn is recorded then. */
  ownSpans: OwnSpans | undefined;
}

type RecordedTurns = BoundedMap<string, RecordedTurn>;

/** What each tracer provider has got in the last day, by origin and turn. All copies of this release share it. */
const recordedBy = new ProcessWide(`hosted-turns@${VERSION}`, () => new WeakMap<object, RecordedTurns>());

/**
 * Records the spans that the API lists of a turn, each once.
 *
 * @param above the turn's own span. A turn that this process does not record has a trace of its own
 * @param lister the context of the request that listed the trace
 */
export function recordHostedTurn(
  telemetry: Telemetry,
  { id, origin, conversationId, createdAt = now(), document }: HostedTurn & { readonly origin: string },
  above: SpanContext | undefined,
  lister: Context,
): void {
  if (above !== undefined && (above.traceFlags & TraceFlags.SAMPLED) === 0) return;
  const turns = turnsOf(telemetry.provider);
  const key = keyAt(origin, id);
  const known = turns.get(key);
  const ownSpans = known === undefined ? new Map<string, SpanContext>() : known.ownSpans;
  if (ownSpans === undefined) return;
  const { spans, skipped } = readHostedSpans(document, createdAt, ownSpans);
  if (spans.length === 0) return;
  const parent =
    above === undefined
      ? contextOf({ ...callerTraceOf(lister), span: undefined })
      : trace.setSpanContext(ROOT_CONTEXT, above);
  const ids = placeAttributes({ kind: 'session', conversationId, invocationId: id });
  const attributes = { ...ids, ...(skipped > 0 && { [ATTR.OPENAI_HOSTED_SKIPPED_SPANS]: skipped }) };
  const span =
    known === undefined
      ? inTraceOf(conversationId, () => startHostedTurn(telemetry, spans, attributes, parent))
      : trace.wrapSpanContext(known.span);
  if (known === undefined && !span.isRecording()) return;
  turns.set(key, known ?? { span: span.spanContext(), ownSpans });
  recordHostedSpans(telemetry, spans, LinkedContext.withSpan(parent, span), ids, ownSpans);
  if (known === undefined) endHostedTurn(span, spans);
  forgetOldestSpans(turns);
}

function turnsOf(provider: object): RecordedTurns {
  const { value } = recordedBy;
  const turns = value.get(provider) ?? new BoundedMap(MAX_RECORDED_TURNS, undefined, LONG_LIFETIME_MS);
  value.set(provider, turns);
  return turns;
}

function forgetOldestSpans(turns: RecordedTurns): void {
  let left = MAX_RECORDED_SPANS;
  for (const turn of turns.values().reverse()) {
    left -= turn.ownSpans?.size ?? 0;
    if (left < 0) turn.ownSpans = undefined;
  }
}
