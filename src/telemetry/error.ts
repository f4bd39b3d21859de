import { type Attributes, type Span, SpanStatusCode } from '@opentelemetry/api';
import type { Settings } from '../config.ts';
import { recordsContentOnSpans } from '../config.ts';
import { field, stringField, textField, wordField } from '../payload.ts';
import { ATTR_ERROR_TYPE } from '../semconv/attributes.ts';
import { ERROR_TYPE_VALUE_OTHER } from '../semconv/values.ts';
import { withoutCredentials } from './credentials.ts';

/** What went wrong, in one word; the text may echo input and is content. */
export interface Failure {
  readonly type: string;
  readonly message: string | undefined;
  /** The error itself, where one was thrown. */
  readonly thrown?: unknown;
}

/** The kind of error a call threw: the provider's code, else the name of its class. */
export function readFailure(error: unknown): Failure {
  const message = textField(error, 'message');
  return {
    type: wordField(error, 'code') ?? classNameOf(error) ?? ERROR_TYPE_VALUE_OTHER,
    message: message === undefined ? undefined : withoutCredentials(message),
    thrown: error,
  };
}

/** Marks the span as failed. The message is recorded only where content is. */
export function recordFailure(span: Span, failure: Failure, settings: Settings): void {
  span.setAttribute(ATTR_ERROR_TYPE, failure.type);
  const described = recordsContentOnSpans(settings) && failure.message !== undefined;
  span.setStatus({
    code: SpanStatusCode.ERROR,
    ...(described ? { message: failure.message.slice(0, settings.maxContentLength) } : {}),
  });
}

export function failureAttributes(failure: Failure | undefined): Attributes {
  return failure === undefined ? {} : { [ATTR_ERROR_TYPE]: failure.type };
}

/** The name of the class that an error is of, if it has one that says something. */
export function classNameOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const thrower: unknown = field(error, 'constructor');
  const className = typeof thrower === 'function' ? thrower.name : '';
  // What the platform throws for aborts and timeouts has its kind in its name.
  if (className === 'DOMException') return stringField(error, 'name');
  return className === '' || className === 'Object' ? undefined : className;
}
