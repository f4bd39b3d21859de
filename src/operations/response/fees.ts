import type { Fees } from '../../telemetry/cost/prices.ts';
import { arrayField, countField, field, objectField } from '../../util/payload.ts';

/**
 * Searches of a response that are billed by number. Searches of the web are counted by the API (`tool_usage`), which
 * leaves out what is free; each file search is an item of the output.
 */
export function readResponseFees(response: unknown): Fees {
  const webSearch = objectField(objectField(response, 'tool_usage'), 'web_search');
  let fileSearches = 0;
  for (const item of arrayField(response, 'output'))
    if (field(item, 'type') === 'file_search_call' && field(item, 'status') === 'completed') fileSearches++;
  return { webSearches: countField(webSearch, 'num_requests'), fileSearches };
}
