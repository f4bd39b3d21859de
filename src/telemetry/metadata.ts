import {
  type Attributes,
  context as active,
  type Context,
  createContextKey,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import {
  ATTR_DEPLOYMENT_ENVIRONMENT_NAME,
  ATTR_OPENAI_TRACE_METADATA,
  ATTR_OPENAI_TRACE_PROJECT,
  ATTR_OPENAI_TRACE_TAGS,
  ATTR_SESSION_ID,
  ATTR_USER_ID,
} from '../semconv/attributes.ts';
import { field, strings } from '../util/payload.ts';
import { cut } from './content/limited-json.ts';

/** What the program says of everything below. Recorded as it is, whatever `captureMessageContent` says. */
export interface TraceMetadata {
  /** `openai.trace.project` */
  readonly project?: string | undefined;
  /** `deployment.environment.name` */
  readonly environment?: string | undefined;
  /** `user.id` */
  readonly userId?: string | undefined;
  /** `session.id`: a session of the program, not one of the Agents API. */
  readonly sessionId?: string | undefined;
  /** `openai.trace.tags`; inner tags are added to outer ones. */
  readonly tags?: readonly string[] | undefined;
  /** `openai.trace.metadata.{key}` */
  readonly metadata?: Readonly<Record<string, string | number | boolean>> | undefined;
}

const METADATA: symbol = createContextKey('opentelemetry-instrumentation-openai metadata');
const MAX_KEY_LENGTH = 64;
const MAX_TEXT_LENGTH = 1_024;
const MAX_ENTRIES = 64;
const PREFIX = ATTR_OPENAI_TRACE_METADATA('');

const NAMES: Readonly<Record<Exclude<keyof TraceMetadata, 'tags' | 'metadata'>, string>> = {
  project: ATTR_OPENAI_TRACE_PROJECT,
  environment: ATTR_DEPLOYMENT_ENVIRONMENT_NAME,
  userId: ATTR_USER_ID,
  sessionId: ATTR_SESSION_ID,
};

/** The context in which spans have this metadata, beside what the context has already. */
export function withMetadataIn(context: Context, metadata: TraceMetadata): Context {
  const outer = metadataIn(context);
  const added = metadataAttributes(metadata, outer?.[ATTR_OPENAI_TRACE_TAGS]);
  return Object.keys(added).length === 0 ? context : context.setValue(METADATA, together(outer, added));
}

/** Spans have room for so many attributes: metadata that grows with each call inside of another must not fill it. */
function together(outer: Attributes | undefined, added: Attributes): Attributes {
  let left = MAX_ENTRIES;
  const entries = Object.entries({ ...added, ...outer, ...added });
  return Object.fromEntries(entries.filter(([name]) => !name.startsWith(PREFIX) || left-- > 0));
}

/** What the spans of a context are stamped with; of one that was made anew, what the span in it was stamped with. */
export function metadataIn(context: Context): Attributes | undefined {
  const own = context.getValue(METADATA) as Attributes | undefined;
  if (own !== undefined) return own;
  const above = trace.getSpanContext(context);
  return above === undefined ? undefined : stamped.get(above);
}

/** What is kept of a caller's context for what is drawn later: where its span stands, and what it stamps. */
export interface CallerTrace {
  span: SpanContext | undefined;
  readonly metadata: Attributes | undefined;
}

export function callerTraceOf(context: Context): CallerTrace {
  return { span: trace.getSpanContext(context), metadata: metadataIn(context) };
}

/** A context that has nothing else. */
export function contextOf(caller: CallerTrace): Context {
  const { span, metadata } = caller;
  const context = span === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, span);
  return metadata === undefined ? context : context.setValue(METADATA, metadata);
}

/** Steps and tool calls are drawn in contexts that know nothing of the caller's but a span. */
const stamped = new WeakMap<SpanContext, Attributes>();

/** A tracer whose spans have the metadata of their context. */
export function withMetadataOfContext(tracer: Pick<Tracer, 'startSpan'>): Pick<Tracer, 'startSpan'> {
  return {
    startSpan(name: string, options: SpanOptions = {}, context: Context = active.active()): Span {
      const metadata = metadataIn(context);
      if (metadata === undefined) return tracer.startSpan(name, options, context);
      const attributes = { ...metadata, ...options.attributes };
      const span = tracer.startSpan(name, { ...options, attributes }, context);
      stamped.set(span.spanContext(), metadata);
      return span;
    },
  };
}

function metadataAttributes(given: TraceMetadata, outerTags: unknown): Attributes {
  const attributes: Attributes = {};
  for (const [key, name] of Object.entries(NAMES)) {
    const text = textOf(field(given, key));
    if (text !== undefined) attributes[name] = text;
  }
  if (Array.isArray(given.tags)) {
    const tags = [...(Array.isArray(outerTags) ? outerTags : []), ...given.tags.map(textOf)];
    attributes[ATTR_OPENAI_TRACE_TAGS] = [...new Set(strings(tags))].slice(0, MAX_ENTRIES);
  }
  for (const [key, value] of Object.entries(given.metadata ?? {}).slice(0, MAX_ENTRIES)) {
    const text = textOf(value);
    if (text !== undefined) attributes[ATTR_OPENAI_TRACE_METADATA(cut(key, MAX_KEY_LENGTH))] = text;
  }
  return attributes;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : cut(value, MAX_TEXT_LENGTH);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
