import * as ATTR from '../semconv/attributes.ts';
import type { Operation } from '../telemetry/operation.ts';
import { stringField } from '../util/payload.ts';
import { answeringModel } from './attributes.ts';
import { readResourceFailure } from './failures.ts';
import { modelRequest, request } from './request.ts';

/**
 * `POST /videos`, `/videos/edits`, `/videos/extensions` and `/videos/{video_id}/remix`: each starts a job that renders a
 * video. The conventions define no operation for videos, so the span has the name of the request. It ends with the
 * answer, when the job is queued.
 *
 * @see https://platform.openai.com/docs/api-reference/videos
 */
export const video: Operation = {
  ...modelRequest,
  endpoints: [
    'POST /videos',
    'POST /videos/edits',
    'POST /videos/extensions',
    'POST /videos/{video_id}/remix',
  ],
  resultAttributes(result, route) {
    const id = route?.parameters.length === 0 ? stringField(result, 'id') : undefined;
    const attributes = { ...request.resultAttributes(result, route), ...answeringModel(result) };
    return id === undefined ? attributes : { ...attributes, [ATTR.OPENAI_VIDEO_ID]: id };
  },
  failure: readResourceFailure,
};
