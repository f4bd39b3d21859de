import { arrayField, countField, field, objectField, stringField } from '../../payload.ts';
import type { Fees } from '../../telemetry/prices.ts';

/**
 * Searches of a response that are billed by number. Searches of the web are counted by the API (`tool_usage`), which
 * leaves out what is free; each file search is an item of the output.
 */
export function readResponseFees(response: unknown): Fees {
  const webSearch = objectField(objectField(response, 'tool_usage'), 'web_search');
  const fileSearches = arrayField(response, 'output').filter(
    (item) => field(item, 'type') === 'file_search_call' && stringField(item, 'status') === 'completed',
  );
  return { webSearches: countField(webSearch, 'num_requests'), fileSearches: fileSearches.length };
}
