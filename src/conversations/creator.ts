import {
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  type TextMapGetter,
  trace,
} from '@opentelemetry/api';
import { objectField, type PayloadObject, stringField } from '../payload.ts';

/** Where something was created, in whatever process, as far as its metadata tells: see `propagateInMetadata`. */
export function creatorOf(value: unknown): SpanContext | undefined {
  const metadata = objectField(value, 'metadata');
  if (metadata === undefined) return undefined;
  if (!propagation.fields().some((name) => stringField(metadata, name) !== undefined)) return undefined;
  const creator = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, metadata, READ));
  return creator !== undefined && isSpanContextValid(creator) ? creator : undefined;
}

const READ: TextMapGetter<PayloadObject> = {
  keys: Object.keys,
  get: stringField,
};
