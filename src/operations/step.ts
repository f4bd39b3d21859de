import type { Attributes } from '@opentelemetry/api';
import type { Message } from '../config/completion-types.ts';
import * as ATTR from '../semconv/attributes.ts';
import { GEN_AI_OPERATION_NAME_VALUE_CHAT } from '../semconv/values.ts';
import { NAMES_DEPLOYMENTS } from '../telemetry/cost/costs.ts';
import type { Usage } from '../telemetry/cost/usage.ts';
import type { OperationKind } from '../telemetry/operation.ts';
import { addFinishReason } from '../telemetry/outcomes/finish-reason.ts';
import { define } from './attributes.ts';

export interface RecordedStep {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly model: string | undefined;
  readonly provider: string;
  readonly usage: Usage | undefined;
  readonly finishReason: string | undefined;
  readonly messageId: string | undefined;
  /** Seconds from the start of the step to its first text, if it was streamed. */
  readonly timeToFirstChunk: number | undefined;
  /** The same for the first piece that has any text. */
  readonly timeToFirstToken: number | undefined;
  /** How many message deltas were left out, if deltas are recorded. */
  readonly skippedDeltas: number;
  readonly skippedToolCalls: number;
  readonly inputMessages: readonly Message[];
  readonly outputMessages: readonly Message[];
}

export const step: OperationKind<RecordedStep, RecordedStep> = {
  name: GEN_AI_OPERATION_NAME_VALUE_CHAT,
  scope: 'unmeasured',
  requestAttributes({ model }) {
    const attributes: Attributes = {};
    define(attributes, ATTR.GEN_AI_REQUEST_MODEL, model);
    return attributes;
  },
  resultAttributes(recorded) {
    const { id, type, status, model, provider, messageId, timeToFirstChunk } = recorded;
    const attributes: Attributes = {
      [ATTR.OPENAI_STEP_ID]: id,
      [ATTR.OPENAI_STEP_TYPE]: type,
      [ATTR.OPENAI_STEP_STATUS]: status,
      [ATTR.GEN_AI_RESPONSE_ID]: messageId ?? id,
    };
    define(attributes, ATTR.GEN_AI_RESPONSE_MODEL, provider === NAMES_DEPLOYMENTS ? undefined : model);
    define(attributes, ATTR.OPENAI_MESSAGE_ID, messageId);
    addFinishReason(attributes, recorded.finishReason);
    define(attributes, ATTR.OPENAI_SKIPPED_TOOL_CALLS, recorded.skippedToolCalls || undefined);
    define(attributes, ATTR.OPENAI_SKIPPED_MESSAGE_DELTAS, recorded.skippedDeltas || undefined);
    if (timeToFirstChunk !== undefined) attributes[ATTR.GEN_AI_REQUEST_STREAM] = true;
    define(attributes, ATTR.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK, timeToFirstChunk);
    define(attributes, ATTR.OPENAI_STREAM_TIME_TO_FIRST_TOKEN, recorded.timeToFirstToken);
    return attributes;
  },
  usage: ({ usage }) => usage,
  content: {
    output: ({ inputMessages, outputMessages }) => ({ inputMessages, outputMessages }),
  },
};
