import type { Attributes, Context, Span, SpanOptions } from '@opentelemetry/api';
import * as ATTR from '../../semconv/attributes.ts';
import { guard } from '../../util/guard.ts';
import type { Telemetry } from '../telemetry.ts';

/** Ids and other facts of ours: no sampler needs them. */
const LATE_PREFIX = 'openai.';

/**
 * Starts a span with the attributes that samplers may look at, and adds the others once it is known to be recorded. The
 * SDK checks and copies the attributes of a start twice, later ones once.
 */
export function startSpan(
  telemetry: Telemetry,
  name: string,
  options: SpanOptions & { readonly attributes: Attributes },
  parent: Context,
): Span {
  const { attributes } = options;
  // Most calls have one such attribute. To sort it out would cost more than it saves.
  if (
    attributes[ATTR.GEN_AI_OPERATION_NAME] !== undefined &&
    attributes[ATTR.GEN_AI_CONVERSATION_ID] === undefined
  )
    return telemetry.tracer.startSpan(name, options, parent);
  const early: Attributes = {};
  for (const key in attributes) if (!key.startsWith(LATE_PREFIX)) early[key] = attributes[key];
  const span = telemetry.tracer.startSpan(name, { ...options, attributes: early }, parent);
  guard('recording ids', addLate, span, attributes);
  return span;
}

function addLate(span: Span, attributes: Attributes): void {
  if (!span.isRecording()) return;
  for (const key in attributes) {
    const value = attributes[key];
    if (value !== undefined && key.startsWith(LATE_PREFIX)) span.setAttribute(key, value);
  }
}
