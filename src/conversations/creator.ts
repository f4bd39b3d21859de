import {
  type Context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  type TextMapGetter,
  trace,
} from '@opentelemetry/api';
import { objectField, type PayloadObject, stringField } from '../payload.ts';
import { activeSpan } from './segment.ts';

/** Where something was created, in whatever process, as far as its metadata tells: see `propagateInMetadata`. */
export function creatorOf(value: unknown): SpanContext | undefined {
  const metadata = objectField(value, 'metadata');
  if (metadata === undefined) return undefined;
  if (!propagation.fields().some((name) => stringField(metadata, name) !== undefined)) return undefined;
  const creator = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, metadata, READ));
  return creator !== undefined && isSpanContextValid(creator) ? creator : undefined;
}

/** Where something that is adopted is drawn, and what it is linked to. */
export interface Continuation {
  readonly context: Context;
  readonly link: SpanContext | undefined;
}

/** It goes on in its creator's trace where no span is active; where one is, it has a link to there. */
export function continueFrom(creator: SpanContext | undefined, context: Context): Continuation {
  return creator === undefined || activeSpan(context) !== undefined
    ? { context, link: creator }
    : { context: trace.setSpanContext(context, creator), link: undefined };
}

const READ: TextMapGetter<PayloadObject> = {
  keys: Object.keys,
  get: stringField,
};
