import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../semconv/attributes.ts';
import type { Operation } from '../telemetry/operation.ts';
import { stringField } from '../util/payload.ts';
import { define } from './attributes.ts';
import { modelRequest, readResourceFailure, request } from './request.ts';
import { answeringModel } from './subject.ts';

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
  resultAttributes(result, route): Attributes {
    const attributes = { ...request.resultAttributes(result, route), ...answeringModel(result) };
    if (route.parameters.length === 0) define(attributes, ATTR.OPENAI_VIDEO_ID, stringField(result, 'id'));
    return attributes;
  },
  failure: readResourceFailure,
};
