import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../semconv/attributes.ts';
import { row } from '../util/payload.ts';

/** Names of providers that older conventions spell differently. */
const SYSTEMS: Readonly<Record<string, string>> = { x_ai: 'xai' };

/** Returns the attributes of a span, also under the names of older GenAI conventions, as `gen_ai/dup` demands. */
export function withOlderNames(attributes: Attributes): Attributes {
  const provider = attributes[ATTR.GEN_AI_PROVIDER_NAME];
  const reasons = attributes[ATTR.GEN_AI_RESPONSE_FINISH_REASONS];
  const named = { ...attributes };
  if (provider !== undefined) named[ATTR.GEN_AI_SYSTEM] = row(SYSTEMS, String(provider)) ?? provider;
  // The older attribute has one value for all choices.
  if (Array.isArray(reasons)) named[ATTR.GEN_AI_RESPONSE_FINISH_REASON] = reasons[0] ?? undefined;
  return named;
}
