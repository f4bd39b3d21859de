import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../../semconv/attributes.ts';
import { asWord, field, fieldsOf, MAX_REPEATED } from '../../util/payload.ts';

/** The categories of Azure's content filters that have blocked something, with their severity. */
type BlockedCategories = Readonly<
  Record<string, { readonly filtered: true; readonly severity?: string | undefined }>
>;

/**
 * Reads which filters have blocked a prompt or an answer. What they found is not read, because it is content.
 *
 * @param before what was read of earlier chunks, which may report other filters
 */
export function keptFilters(results: unknown, before: object = {}): BlockedCategories {
  const blocked: Record<string, BlockedCategories[string]> = { ...before };
  for (const [category, result] of Object.entries(fieldsOf(results)).slice(0, MAX_REPEATED))
    if (asWord(category) !== undefined && field(result, 'filtered') === true)
      blocked[category] = { filtered: true, severity: asWord(field(result, 'severity')) };
  return blocked;
}

/** Adds `hate:medium`, or only the category if the filter has no severity. */
export function addBlockedCategories(attributes: Attributes, results: unknown): void {
  const categories = Object.entries(keptFilters(results)).map(([category, { severity }]) =>
    severity === undefined ? category : `${category}:${severity}`,
  );
  if (categories.length === 0) return;
  const before = attributes[ATTR.OPENAI_CONTENT_FILTER_CATEGORIES] as string[] | undefined;
  attributes[ATTR.OPENAI_CONTENT_FILTER_CATEGORIES] = [...new Set([...(before ?? []), ...categories])];
}

/** The filters that have rejected a request, by its error. */
export function filtersOfError(error: unknown): unknown {
  const inner = field(field(error, 'error') ?? error, 'innererror');
  return field(inner, 'content_filter_result') ?? field(inner, 'content_filter_results');
}
