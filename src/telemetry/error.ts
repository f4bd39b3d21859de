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
  return {
    type: wordField(error, 'code') ?? classNameOf(error) ?? ERROR_TYPE_VALUE_OTHER,
    message: redacted(textField(error, 'message')),
    thrown: error,
  };
}

/** What the API itself tells of an error in an object: `{ code, message, type }`, or only its text. */
export function readError(error: unknown, fallback: string): Failure {
  return {
    type: wordField(error, 'code') ?? wordField(error, 'type') ?? fallback,
    message: redacted(typeof error === 'string' ? error : textField(error, 'message')),
  };
}

function redacted(message: string | undefined): string | undefined {
  return message === undefined ? undefined : withoutCredentials(message);
}

/** A failure that a completion hook has not seen: where there is one, its text is told nowhere. */
export function unseen(failure: Failure | undefined, { completionHook }: Settings): Failure | undefined {
  return failure === undefined || completionHook === undefined ? failure : { ...failure, message: undefined };
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
  const className = typeof thrower === 'function' ? nameOf(thrower) : '';
  // What the platform throws for aborts and timeouts has its kind in its name.
  if (className === 'DOMException') return stringField(error, 'name');
  return className === '' || className === 'Object' ? undefined : className;
}

/** A class may have a static member of that name, which is anything. */
function nameOf(thrower: { readonly name: unknown }): string {
  try {
    return typeof thrower.name === 'string' ? thrower.name : '';
  } catch {
    return '';
  }
}
