import type { Attributes, AttributeValue, Context, Span, SpanOptions, Tracer } from '@opentelemetry/api';
import * as ATTR from '../semconv/attributes.ts';
import { setMethod } from '../util/patch-method.ts';
import { row } from '../util/payload.ts';

interface OlderName {
  readonly name: string;
  readonly value: (value: AttributeValue) => AttributeValue | undefined;
}

const SYSTEMS: Readonly<Record<string, string>> = { x_ai: 'xai' };

/** Attributes with another name in older GenAI conventions. `value` returns the older value. */
const OLDER_NAMES: Readonly<Record<string, OlderName>> = {
  [ATTR.GEN_AI_PROVIDER_NAME]: {
    name: ATTR.GEN_AI_SYSTEM,
    value: (provider) => row(SYSTEMS, String(provider)) ?? provider,
  },
  [ATTR.GEN_AI_RESPONSE_FINISH_REASONS]: {
    name: ATTR.GEN_AI_RESPONSE_FINISH_REASON,
    // The older attribute has one value for all choices.
    value: (reasons) => (Array.isArray(reasons) ? (reasons[0] ?? undefined) : undefined),
  },
};

/** Wraps a tracer so that its spans also carry the older attribute names, as `gen_ai/dup` demands. */
export function withOlderNames(tracer: Tracer): Pick<Tracer, 'startSpan'> {
  return {
    startSpan(name: string, options: SpanOptions = {}, context?: Context): Span {
      const attributes = addOlderNames(options.attributes ?? {});
      const span = tracer.startSpan(name, { ...options, attributes }, context);
      if (span.isRecording()) duplicateLaterAttributes(span);
      return span;
    },
  };
}

function duplicateLaterAttributes(span: Span): void {
  const { setAttribute, setAttributes } = span;
  setMethod(span, 'setAttribute', (name: string, value: AttributeValue) => {
    const older = olderName(name, value);
    if (older !== undefined) setAttribute.call(span, ...older);
    return setAttribute.call(span, name, value);
  });
  setMethod(span, 'setAttributes', (attributes: Attributes) =>
    setAttributes.call(span, addOlderNames(attributes)),
  );
}

function addOlderNames(attributes: Attributes): Attributes {
  const older = Object.entries(attributes).flatMap(([name, value]) => {
    const found = value === undefined ? undefined : olderName(name, value);
    return found === undefined ? [] : [found];
  });
  return { ...attributes, ...Object.fromEntries(older) };
}

function olderName(name: string, value: AttributeValue): [string, AttributeValue] | undefined {
  const older = row(OLDER_NAMES, name);
  const olderValue = older?.value(value);
  return older === undefined || olderValue === undefined ? undefined : [older.name, olderValue];
}
