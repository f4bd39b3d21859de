import {
  type Attributes,
  type Context,
  createContextKey,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Caller } from '../config/completion-types.ts';
import { type AgentsCaller, agentsCallerIn } from '../sdk/agents-sdk/agents-key.ts';
import * as ATTR from '../semconv/attributes.ts';
import { cut } from '../util/cut-text.ts';
import { pickAttributes } from '../util/otel-api.ts';
import { asArray, ownField, strings } from '../util/payload.ts';
import { propagateIn } from '../util/propagated-baggage.ts';
import { isInsideHook, markInsideHook } from './program-hooks.ts';

/** A prompt that the program stores itself, or in a service other than OpenAI. */
export interface PromptMetadata {
  /** `gen_ai.prompt.name` */
  readonly name: string;
  /** `gen_ai.prompt.version` */
  readonly version?: string | number | undefined;
}

/**
 * The program's own metadata for all spans below. `captureMessageContent` does not apply to it. Texts are cut
 * to 1,024 characters. `tags` and `metadata` have at most 64 entries each.
 */
export interface TraceMetadata {
  /** `openai.trace.project` */
  readonly project?: string | undefined;
  /** `deployment.environment.name` */
  readonly environment?: string | undefined;
  /** `user.id` */
  readonly userId?: string | undefined;
  /** `session.id`: a session of the program, not of the Agents API. */
  readonly sessionId?: string | undefined;
  /**
   * The prompt of the operations below. An inner prompt replaces an outer one. A prompt stored at OpenAI
   * replaces both in the request that names it.
   */
  readonly prompt?: PromptMetadata | undefined;
  /** `openai.trace.tags`. Inner tags are added to outer ones. */
  readonly tags?: readonly string[] | undefined;
  /** `openai.trace.metadata.{key}` */
  readonly metadata?: Readonly<Record<string, string | number | boolean>> | undefined;
}

const METADATA: symbol = createContextKey('opentelemetry-instrumentation-openai metadata');
const MAX_KEY_LENGTH = 64;
const MAX_TEXT_LENGTH = 1_024;
const MAX_ENTRIES = 64;
const METADATA_PREFIX = ATTR.OPENAI_TRACE_METADATA('');

const PROMPT: readonly string[] = [ATTR.GEN_AI_PROMPT_NAME, ATTR.GEN_AI_PROMPT_VERSION];
const METADATA_ATTRIBUTES: Readonly<
  Record<Exclude<keyof TraceMetadata, 'prompt' | 'tags' | 'metadata'>, string>
> = {
  project: ATTR.OPENAI_TRACE_PROJECT,
  environment: ATTR.DEPLOYMENT_ENVIRONMENT_NAME,
  userId: ATTR.USER_ID,
  sessionId: ATTR.SESSION_ID,
};

/** @param sent fields of the metadata and keys of its `metadata`, for the baggage */
export function withMetadataIn(context: Context, metadata: TraceMetadata, sent?: readonly string[]): Context {
  const outer = metadataIn(context);
  const added = metadataAttributes(metadata, outer?.[ATTR.OPENAI_TRACE_TAGS]);
  if (Object.keys(added).length === 0) return context;
  const names = sent?.map((key) => String(ownField(METADATA_ATTRIBUTES, key) ?? METADATA_PREFIX + key));
  return propagateIn(context.setValue(METADATA, mergeMetadata(outer, added)), added, names ?? []);
}

/** Merges metadata. The number of entries is limited: nested calls must not use up a span's attributes. */
function mergeMetadata(outer: Attributes | undefined, added: Attributes): Attributes {
  let left = MAX_ENTRIES;
  const entries = Object.entries({ ...added, ...addedMetadata(outer ?? NO_METADATA, added), ...added });
  return Object.fromEntries(entries.filter(([name]) => !name.startsWith(METADATA_PREFIX) || left-- > 0));
}

/** Returns the metadata to add to the attributes, without its prompt if the attributes name one. */
export function addedMetadata(metadata: Attributes, to: Attributes | undefined): Attributes {
  if (to?.[ATTR.GEN_AI_PROMPT_NAME] === undefined) return metadata;
  const { [ATTR.GEN_AI_PROMPT_NAME]: _, [ATTR.GEN_AI_PROMPT_VERSION]: __, ...others } = metadata;
  return others;
}

export function promptOf(attributes: Attributes, context: Context): Attributes | undefined {
  const isOwn = attributes[ATTR.GEN_AI_PROMPT_NAME] !== undefined;
  const prompt = pickAttributes((isOwn ? attributes : metadataIn(context)) ?? NO_METADATA, PROMPT);
  return prompt[ATTR.GEN_AI_PROMPT_NAME] === undefined ? undefined : prompt;
}

/** A context's own metadata, or else that of its span. */
export function metadataIn(context: Context): Attributes | undefined {
  const own = context.getValue(METADATA) as Attributes | undefined;
  if (own !== undefined || !hasMetadata) return own;
  const above = trace.getSpanContext(context);
  return above === undefined ? undefined : metadataBySpan.get(above);
}

/** For whom a context runs, as its metadata and baggage show. Functions of the program receive this. */
export function callerIn(context: Context): Caller {
  const attributes = metadataIn(context) ?? NO_METADATA;
  const own = Object.entries(METADATA_ATTRIBUTES).filter(([, name]) => attributes[name] !== undefined);
  const metadata = Object.entries(attributes).filter(([name]) => name.startsWith(METADATA_PREFIX));
  const baggage = propagation.getBaggage(context)?.getAllEntries() ?? [];
  return {
    ...Object.fromEntries(own.map(([key, name]) => [key, attributes[name]])),
    tags: strings(asArray(attributes[ATTR.OPENAI_TRACE_TAGS])),
    metadata: Object.fromEntries(
      metadata.map(([name, value]) => [name.slice(METADATA_PREFIX.length), String(value)]),
    ),
    baggage: Object.fromEntries(baggage.map(([name, { value }]) => [name, value])),
  };
}

const NO_METADATA: Attributes = {};

/**
 * Returns the context with the caller's metadata in place of its span's. In a conversation that several users
 * share, the span may have the metadata of the user who began it.
 */
export function withMetadataOf(caller: Context, context: Context): Context {
  if (!hasMetadata || context.getValue(METADATA) !== undefined) return context;
  return context.setValue(METADATA, metadataIn(caller) ?? NO_METADATA);
}

export interface CallerTrace extends Partial<AgentsCaller> {
  span: SpanContext | undefined;
  readonly metadata: Attributes | undefined;
  readonly bare: Context;
}

export function callerTraceOf(context: Context): CallerTrace {
  const span = trace.getSpanContext(context);
  // A span without valid ids, such as a no-op span, is left out: each span below it would start a new trace.
  const isReal = span !== undefined && isSpanContextValid(span);
  const agent = agentsCallerIn(context);
  return {
    span: isReal ? span : undefined,
    metadata: metadataIn(context),
    showsCall: agent?.showsCall,
    agentName: agent?.agentName,
    bare: bareContext(context),
  };
}

/**
 * Returns a context with only the baggage, which span processors copy to spans, and the mark that
 * {@link markInsideHook} sets. The whole context would keep the program's own values in memory.
 */
export function bareContext(context: Context): Context {
  const base = isInsideHook(context) ? markInsideHook(ROOT_CONTEXT) : ROOT_CONTEXT;
  const baggage = propagation.getBaggage(context);
  return baggage === undefined ? base : propagation.setBaggage(base, baggage);
}

export function contextOf(caller: CallerTrace): Context {
  const { span, metadata, bare } = caller;
  const context = span === undefined ? bare : trace.setSpanContext(bare, span);
  return metadata === undefined ? context : context.setValue(METADATA, metadata);
}

/** Each span's metadata. Steps and tool calls are created in contexts that have little more than a span. */
const metadataBySpan = new WeakMap<SpanContext, Attributes>();
/** Whether any span has had metadata. This is checked first, because most programs set none. */
let hasMetadata = false;

export function startSpanWithMetadata(
  tracer: Pick<Tracer, 'startSpan'>,
  name: string,
  options: SpanOptions,
  context: Context,
  metadata: Attributes,
): Span {
  const attributes = { ...addedMetadata(metadata, options.attributes), ...options.attributes };
  const span = tracer.startSpan(name, { ...options, attributes }, context);
  const own = span.spanContext();
  // A no-op span, or one that only repeats its parent, shares its span context with other spans.
  if (!isSpanContextValid(own) || own === trace.getSpanContext(context)) return span;
  metadataBySpan.set(own, metadata);
  hasMetadata = true;
  return span;
}

function metadataAttributes(given: TraceMetadata, outerTags: unknown): Attributes {
  const attributes: Attributes = {};
  for (const [key, name] of Object.entries(METADATA_ATTRIBUTES)) {
    const text = metadataText(ownField(given, key));
    if (text !== undefined) attributes[name] = text;
  }
  const named = ownField(given, 'prompt');
  const prompt = metadataText(ownField(named, 'name'));
  const version = metadataText(ownField(named, 'version'));
  if (prompt !== undefined) {
    attributes[ATTR.GEN_AI_PROMPT_NAME] = prompt;
    if (version !== undefined) attributes[ATTR.GEN_AI_PROMPT_VERSION] = version;
  }
  const tags = ownField(given, 'tags');
  if (Array.isArray(tags)) {
    const all = [...asArray(outerTags), ...tags.map(metadataText)];
    attributes[ATTR.OPENAI_TRACE_TAGS] = [...new Set(strings(all))].slice(0, MAX_ENTRIES);
  }
  for (const [key, value] of Object.entries(ownField(given, 'metadata') ?? {}).slice(0, MAX_ENTRIES)) {
    const text = metadataText(value);
    if (text !== undefined) attributes[ATTR.OPENAI_TRACE_METADATA(cut(key, MAX_KEY_LENGTH))] = text;
  }
  return attributes;
}

function metadataText(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : cut(value, MAX_TEXT_LENGTH);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
