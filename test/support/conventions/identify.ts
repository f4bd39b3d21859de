import type { SpanDefinition } from '../../../scripts/semconv/model.ts';
import type { CheckedSpan } from './check.ts';
import { findAttribute, registry } from './registry.ts';

/** The span of the registry that stands for a span which OpenAI itself recorded. */
export const HOSTED = 'openai.hosted';

/** A span, or a log record that has the attributes of one. */
type Identified = Pick<CheckedSpan, 'attributes'> & Partial<Pick<CheckedSpan, 'name' | 'kind'>>;

/**
 * Which span of the registry a span is: by its operation, and for spans without one by its name and what it carries.
 * Gives a finding instead where there is no such span.
 */
export function identifySpan(span: Identified): SpanDefinition | string {
  // OpenAI chooses everything else about it.
  if ('openai.hosted.span_id' in span.attributes) return ownSpan(HOSTED);
  const operation = span.attributes['gen_ai.operation.name'];
  if (operation === undefined) return ownSpan(typeOfOwnSpan(span));
  if (
    typeof operation !== 'string' ||
    findAttribute('gen_ai.operation.name')?.members.includes(operation) !== true
  ) {
    return `gen_ai.operation.name is ${JSON.stringify(operation)}, which is no operation of the conventions`;
  }
  const candidates = registry.spans.filter(({ operations }) => operations.includes(operation));
  const marked = candidates.find(({ present }) => present !== undefined && present in span.attributes);
  const plain = candidates.find(({ present }) => present === undefined);
  return marked ?? plain ?? `there is no span for the operation ${operation}`;
}

/** Spans of ours have no operation: a fixed name, the shape of an API call, or else the program's own name. */
function typeOfOwnSpan({ name = '', kind, attributes }: Identified): string {
  if ('mcp.method.name' in attributes) return 'openai.mcp.client';
  // The library names its spans as it likes, such as `transcription`.
  if ('openai.agents.span_type' in attributes) return 'openai.agents';
  const named = registry.spans.find(({ names }) => names?.includes(name));
  if (named !== undefined) return named.id;
  if ('http.request.method' in attributes || 'url.template' in attributes) return 'openai.api';
  // A function of the program has the id of its conversation too, but no provider.
  const isPlaced = 'gen_ai.conversation.id' in attributes || 'openai.thread.id' in attributes;
  if (isPlaced && (kind !== 0 || 'gen_ai.provider.name' in attributes)) return 'openai.conversation';
  return kind === 0 ? 'openai.trace' : 'openai.api';
}

function ownSpan(id: string): SpanDefinition | string {
  return registry.spans.find((span) => span.id === id) ?? `there is no span ${id}`;
}
