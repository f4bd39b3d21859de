import * as ATTR from '../semconv/attributes.ts';
import { attributeText, parseShortJson } from './messages.ts';
import { type FinishedSpan, parentIdOf, type Time } from './tree.ts';

/** An event of a span. */
export interface SpanEvent {
  readonly name: string;
  readonly time: Time;
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

/** A span in the form in which the page contains it. JSON can hold all values. */
export interface PageSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId?: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly start: Time;
  readonly end: Time;
  /** Set while the span has not ended. */
  readonly isOpen?: true | undefined;
  /** A value of `SpanStatusCode`: 0 unset, 1 ok, 2 error. */
  readonly status: number;
  readonly message?: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events?: readonly SpanEvent[] | undefined;
  /** The resource attributes that the page shows; `undefined` if there are none. */
  readonly resource?: Readonly<Record<string, unknown>> | undefined;
}

/** A span of the page, in the form that `buildTrees` accepts. */
export interface ShownSpan extends FinishedSpan {
  readonly events: readonly SpanEvent[];
}

/** The resource attributes that the page shows. */
const RESOURCE = ['service.name', 'service.version', ATTR.DEPLOYMENT_ENVIRONMENT_NAME];
/** The maximum length of a value on the page, in UTF-16 units. Longer values would slow the browser down. */
const MAX_ATTRIBUTE_LENGTH = 100_000;
/** The maximum length of names, and of values that the page repeats for each span of a process, in UTF-16 units. */
const MAX_SPAN_NAME_LENGTH = 1_000;
/** The maximum number of attributes of one span or event on the page. */
const MAX_ATTRIBUTES = 1_000;

/** A resource of the SDK. The SDK logs an error if the attributes are read while some of them are pending. */
interface Resource {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly asyncAttributesPending?: boolean;
  waitForAsyncAttributes?(): Promise<void>;
}

/** A finished span as JSON. `resource` is set while some of the resource's attributes are pending. */
export interface HeldSpan {
  readonly json: string;
  readonly resource?: Resource;
}

/** Converts a finished span of SDK 2.x or 3.x for the page. */
export function toHeldSpan(span: FinishedSpan & { readonly events?: readonly SpanEvent[] }): HeldSpan {
  const { traceId, spanId } = span.spanContext();
  const { events = [] } = span;
  const shown: PageSpan = {
    traceId: attributeText(traceId),
    spanId: attributeText(spanId),
    parentId: pageText(parentIdOf(span)),
    name: limitedName(span.name),
    kind: span.kind,
    start: span.startTime,
    end: span.endTime,
    status: span.status.code,
    message: pageText(span.status.message),
    attributes: limitedValues(span.attributes),
    ...(events.length === 0
      ? {}
      : {
          events: events.map(({ name, time, attributes = {} }) => ({
            name: limitedName(name),
            time,
            attributes: limitedValues(attributes),
          })),
        }),
  };
  const resource: Resource = span.resource ?? { attributes: {} };
  const held: HeldSpan = { json: JSON.stringify(shown), resource };
  return resource.asyncAttributesPending === true ? held : { json: withResource(held) };
}

/** The JSON of a span for the page, with its resource added. */
export function withResource({ json, resource }: HeldSpan): string {
  const shown = shownResource(resource?.attributes ?? {});
  return shown === undefined ? json : `${json.slice(0, -1)},"resource":${JSON.stringify(shown)}}`;
}

/** The JSON of a span for the page, with further events added. Their values must be within the limits already. */
export function withEvents(json: string, events: readonly SpanEvent[]): string {
  const span = JSON.parse(json) as PageSpan;
  return JSON.stringify({ ...span, events: [...(span.events ?? []), ...events] });
}

export function shownResource(
  attributes: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | undefined {
  const shown = RESOURCE.filter((name) => attributes[name] !== undefined);
  return shown.length === 0
    ? undefined
    : Object.fromEntries(shown.map((name) => [name, limitedValue(attributes[name], MAX_SPAN_NAME_LENGTH)]));
}

/** Attributes within the limits of the page. Further ones are only counted; longer values are cut and marked. */
export function limitedValues(
  attributes: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const all = Object.entries(attributes);
  const shown = all
    .slice(0, MAX_ATTRIBUTES)
    .map(([name, value]): [string, unknown] => [limitedName(name), limitedValue(value)]);
  const omitted = all.length - shown.length;
  if (omitted > 0) shown.push(['…', `${omitted} more attributes, omitted from this page`]);
  return Object.fromEntries(shown);
}

/** The name of a span or event, within the limit. JavaScript programs can pass any value as a name. */
export function limitedName(name: unknown): string {
  const text = attributeText(name);
  return text.length > MAX_SPAN_NAME_LENGTH ? `${text.slice(0, MAX_SPAN_NAME_LENGTH)}…` : text;
}

/** An optional text, cut to the limit of the page. */
export function pageText(value: unknown): string | undefined {
  return value === undefined ? undefined : cutText(attributeText(value), MAX_ATTRIBUTE_LENGTH);
}

/** A value that JSON can hold. A program may pass an object that is circular or nested very deeply. */
function limitedValue(value: unknown, length: number = MAX_ATTRIBUTE_LENGTH): unknown {
  if (value === undefined || value === null || typeof value === 'number' || typeof value === 'boolean')
    return value;
  const text = attributeText(value);
  if (typeof value === 'string' || text.length > length) return cutText(text, length);
  return parseShortJson(text) ?? text;
}

function cutText(text: string, length: number): string {
  return text.length <= length
    ? text
    : `${text.slice(0, length)}… (${text.length} characters, cut for this page)`;
}

/** Converts a span of the page back to the form of finished spans. Used in the page. */
export function fromPageSpan(span: PageSpan): ShownSpan {
  const { traceId, spanId, parentId } = span;
  return {
    name: span.name,
    kind: span.kind,
    startTime: span.start,
    endTime: span.end,
    isOpen: span.isOpen,
    status: { code: span.status, message: span.message },
    attributes: span.attributes,
    parentSpanContext: parentId === undefined ? undefined : { spanId: parentId },
    resource: { attributes: span.resource ?? {} },
    events: span.events ?? [],
    spanContext: () => ({ traceId, spanId }),
  };
}
