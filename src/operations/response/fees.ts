import type { Fees } from '../../telemetry/cost/prices.ts';
import { arrayField, countField, field, objectField } from '../../util/payload.ts';

/**
 * What a response bills besides its tokens. The API counts billed web searches in `tool_usage`, which some servers leave
 * out; each file search is an output item. Images have the price of another model.
 */
export function readResponseFees(response: unknown): Fees {
  const toolUsage = objectField(response, 'tool_usage');
  const webSearches = countField(objectField(toolUsage, 'web_search'), 'num_requests');
  let hasOthers = (countField(objectField(toolUsage, 'image_gen'), 'total_tokens') ?? 0) > 0;
  let hasUncountedSearches = false;
  let fileSearches = 0;
  for (const item of arrayField(response, 'output')) {
    const type = field(item, 'type');
    const status = field(item, 'status');
    if (type === 'file_search_call' && status === 'completed') fileSearches++;
    // The API often calls a finished image `generating`.
    else if (type === 'image_generation_call' && status !== 'failed') hasOthers = true;
    else if (type === 'web_search_call' && status !== 'failed' && webSearches === undefined)
      hasUncountedSearches = true;
  }
  return { webSearches, fileSearches, hasUncountedSearches, hasOthers };
}
