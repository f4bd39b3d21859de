import { attributeText, parseShortJson } from './messages.ts';
import * as ATTR from './semconv/attributes.ts';

/** Seconds since the epoch (or of a duration) and the nanoseconds within that second. */
export type Time = readonly [seconds: number, nanoseconds: number];

export function millisecondsBetween(start: Time, end: Time): number {
  return (end[0] - start[0]) * 1e3 + (end[1] - start[1]) / 1e6;
}

export function compareTimes(a: Time, b: Time): number {
  return a[0] - b[0] || a[1] - b[1];
}

export type SpanAttributes = Readonly<Record<string, unknown>>;

/** An event of a span. */
export interface SpanEvent {
  readonly name: string;
  readonly time: Time;
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * A finished span: the common part of `ReadableSpan` in SDK 2.x and 3.x. Declared here, so that neither SDK is
 * required.
 */
export interface FinishedSpan {
  readonly name: string;
  /** A value of `SpanKind`: 0 internal, 1 server, 2 client, 3 producer, 4 consumer. */
  readonly kind: number;
  readonly startTime: Time;
  readonly endTime: Time;
  /** `code` is a value of `SpanStatusCode`: 0 unset, 1 ok, 2 error. */
  readonly status: { readonly code: number; readonly message?: string | undefined };
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly parentSpanContext?:
    | { readonly spanId: string; readonly isRemote?: boolean | undefined }
    | undefined;
  /** The resource of the process, such as `service.name`. */
  readonly resource?: { readonly attributes: Readonly<Record<string, unknown>> } | undefined;
  spanContext(): { readonly traceId: string; readonly spanId: string };
}

/** A span as all views read it, wherever it comes from. A page contains it as JSON. */
export interface ViewedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId?: string | undefined;
  readonly name: string;
  readonly start: Time;
  readonly end: Time;
  readonly isOpen?: true | undefined;
  /** Whether this is the result of an evaluation of its parent. It is shown as an event of that span. */
  readonly isEvaluation?: true | undefined;
  /** A value of `SpanStatusCode`: 0 unset, 1 ok, 2 error. */
  readonly status: number;
  readonly message?: string | undefined;
  readonly attributes: SpanAttributes;
  readonly events?: readonly SpanEvent[] | undefined;
  readonly resource?: SpanAttributes | undefined;
}

export const STATUS_ERROR = 2;

export function isFailed({ status }: ViewedSpan): boolean {
  return status === STATUS_ERROR;
}

/** Whether the program ended before the call did. */
export function isInterrupted({ attributes }: ViewedSpan): boolean {
  return attributes[ATTR.OPENAI_CALL_INTERRUPTED] === true;
}

/** The values of `gen_ai.response.status` while the API works on a background response. */
const UNFINISHED: readonly unknown[] = ['queued', 'in_progress'];

/** Whether a span's work is unfinished: it is open, or is a background response that was not complete. */
export function isOngoing({ isOpen, status, attributes }: ViewedSpan): boolean {
  const isResponse = attributes[ATTR.GEN_AI_OPERATION_NAME] !== undefined && status !== STATUS_ERROR;
  const isCut = attributes[ATTR.OPENAI_STREAM_END] !== undefined;
  return isOpen || (isResponse && !isCut && UNFINISHED.includes(attributes[ATTR.GEN_AI_RESPONSE_STATUS]));
}

/** Whether a span is the transcription of what a user said in a session. It arrives after the answer has begun. */
export function isTranscription({ attributes }: ViewedSpan): boolean {
  return (
    attributes[ATTR.GEN_AI_OPERATION_NAME] === 'speech_to_text' &&
    attributes[ATTR.OPENAI_API_TYPE] === 'realtime'
  );
}

/** Whether OpenAI itself recorded the span. It shows once more what the turn above it shows. */
export function isHosted({ attributes }: ViewedSpan): boolean {
  return attributes[ATTR.OPENAI_HOSTED_SPAN_ID] !== undefined;
}

export function shownErrorType({ attributes }: ViewedSpan): string {
  return attributeText(attributes[ATTR.ERROR_TYPE] ?? 'error').slice(0, 100);
}

export function kindOf({ name, attributes }: ViewedSpan): string {
  return attributeText(attributes[ATTR.GEN_AI_OPERATION_NAME] ?? name);
}

export function typeOf(span: ViewedSpan): 'agent' | 'tool' | 'model' | 'conversation' | 'other' {
  const { name, attributes } = span;
  const operation = attributeText(attributes[ATTR.GEN_AI_OPERATION_NAME] ?? '');
  if (/_(?:agent|workflow)$/.test(operation)) return 'agent';
  if (operation === 'execute_tool' || operation === 'retrieval') return 'tool';
  if (operation !== '') return 'model';
  return /^(thread|conversation|session|realtime|live)$/.test(name) ? 'conversation' : 'other';
}

/** The attributes with the id of a conversation, in the order in which they are read. */
export const CONVERSATION_IDS: readonly string[] = [
  ATTR.GEN_AI_CONVERSATION_ID,
  ATTR.OPENAI_THREAD_ID,
  ATTR.OPENAI_SESSION_ID,
];

export function conversationId({ attributes }: ViewedSpan): unknown {
  return CONVERSATION_IDS.map((name) => attributes[name]).find((id) => id !== undefined);
}

/** The `service.name` of the resource, unless it is the default of the SDK. */
export function serviceName({ resource = {} }: ViewedSpan): string | undefined {
  const { 'service.name': name } = resource;
  return typeof name !== 'string' || name.startsWith('unknown_service') ? undefined : name;
}

export function isLocalRoot({ parentSpanContext: parent }: FinishedSpan): boolean {
  return !parent?.spanId || parent.isRemote === true;
}

/**
 * Converts a span of the SDK. JavaScript programs can pass any value as a name.
 *
 * @param resource the attributes of its resource; `{}` if they cannot or need not be read
 */
export function toViewedSpan(
  span: FinishedSpan & { readonly events?: readonly SpanEvent[] },
  resource: SpanAttributes | undefined = span.resource?.attributes,
): ViewedSpan {
  const { traceId, spanId } = span.spanContext();
  const { code, message } = span.status;
  return {
    traceId: attributeText(traceId),
    spanId: attributeText(spanId),
    parentId: span.parentSpanContext?.spanId || undefined,
    name: attributeText(span.name),
    start: span.startTime,
    end: span.endTime,
    status: code,
    message,
    attributes: span.attributes,
    events: span.events,
    resource,
  };
}

const RESOURCE = ['service.name', 'service.version', ATTR.DEPLOYMENT_ENVIRONMENT_NAME];
/** The maximum length of a value on the page, in UTF-16 units. Longer values would slow the browser down. */
const MAX_ATTRIBUTE_LENGTH = 100_000;
/** The maximum length of names and resource values, in UTF-16 units. Each span repeats its resource. */
const MAX_SPAN_NAME_LENGTH = 1_000;
const MAX_ATTRIBUTES = 1_000;

/** Cuts a span to the limits of the page, and converts its values to JSON values. */
export function limitedSpan(span: ViewedSpan): ViewedSpan {
  const { parentId, message, events = [] } = span;
  return {
    ...span,
    parentId: parentId && pageText(parentId),
    name: pageText(span.name, MAX_SPAN_NAME_LENGTH),
    message: message && pageText(message),
    attributes: limitedValues(span.attributes),
    events: events.map(({ name, time, attributes = {} }) => ({
      name: pageText(name, MAX_SPAN_NAME_LENGTH),
      time,
      attributes: limitedValues(attributes),
    })),
    resource: limitedResource(span.resource ?? {}),
  };
}

export function limitedResource(attributes: SpanAttributes): SpanAttributes | undefined {
  const shown = RESOURCE.filter((name) => attributes[name] !== undefined);
  const values = shown.map((name) => [name, limitedValue(attributes[name], MAX_SPAN_NAME_LENGTH)]);
  return values.length === 0 ? undefined : Object.fromEntries(values);
}

/** Attributes within the limits of the page. Further ones are only counted; longer values are cut and marked. */
function limitedValues(attributes: SpanAttributes): SpanAttributes {
  const all = Object.entries(attributes);
  const shown = all
    .slice(0, MAX_ATTRIBUTES)
    .map(([name, value]): [string, unknown] => [pageText(name, MAX_SPAN_NAME_LENGTH), limitedValue(value)]);
  const omitted = all.length - shown.length;
  if (omitted > 0) shown.push(['…', `${omitted} more attributes, omitted from this page`]);
  return Object.fromEntries(shown);
}

/** Converts a value to a JSON value. A program may pass an object that is circular or nested very deeply. */
function limitedValue(value: unknown, length?: number): unknown {
  if (value === undefined || value === null || typeof value === 'number' || typeof value === 'boolean')
    return value;
  const text = pageText(value, length);
  return typeof value === 'string' ? text : (parseShortJson(text) ?? text);
}

function pageText(value: unknown, length: number = MAX_ATTRIBUTE_LENGTH): string {
  const text = attributeText(value);
  return text.length <= length
    ? text
    : `${text.slice(0, length)}… (${text.length} characters, cut for this page)`;
}
