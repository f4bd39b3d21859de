import type { Fees } from '../../telemetry/cost/prices.ts';
import { arrayField, countField, field, objectField } from '../../util/payload.ts';

/**
 * The searches of a response, which are billed by number. The API counts billed web searches in `tool_usage`; each file
 * search is an output item.
 */
export function readResponseFees(response: unknown): Fees {
  const webSearch = objectField(objectField(response, 'tool_usage'), 'web_search');
  let fileSearches = 0;
  for (const item of arrayField(response, 'output'))
    if (field(item, 'type') === 'file_search_call' && field(item, 'status') === 'completed') fileSearches++;
  return { webSearches: countField(webSearch, 'num_requests'), fileSearches };
}
