import { usageIn } from '../telemetry/cost/usage.ts';
import type { Operation } from '../telemetry/operation.ts';
import { countField, objectField, stringField } from '../util/payload.ts';
import { answeringModel } from './attributes.ts';
import { request } from './request.ts';

/** The statuses in which a batch spends nothing more. Its requests that were done are billed in each of them. */
const FINISHED: readonly (string | undefined)[] = ['completed', 'failed', 'expired', 'cancelled'];

/**
 * `GET /batches/{batch_id}`: what a finished batch spent. A batch may be retrieved any number of times, so its tokens are
 * totals and feed no metric.
 *
 * @see https://platform.openai.com/docs/api-reference/batch/retrieve
 */
export const batch: Operation = {
  ...request,
  endpoints: ['GET /batches/{batch_id}'],
  resultAttributes: (result, route) => ({
    ...request.resultAttributes(result, route),
    ...answeringModel(result),
  }),
  spentElsewhere(result) {
    const usage = FINISHED.includes(stringField(result, 'status')) ? usageIn(result) : undefined;
    const calls = countField(objectField(result, 'request_counts'), 'completed') || 1;
    return usage === undefined ? undefined : { usage, serviceTier: 'batch', calls };
  },
};
