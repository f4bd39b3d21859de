import { type Attributes, type Context, SpanKind } from '@opentelemetry/api';
import type { Message } from '../../config/completion-types.ts';
import type { Settings } from '../../config/config.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { GEN_AI_OPERATION_NAME_VALUE_CHAT } from '../../semconv/values.ts';
import { LinkedContext } from '../../util/context.ts';
import { guard } from '../../util/guard.ts';
import { beginContent } from '../content/begin-content.ts';
import { NAMES_DEPLOYMENTS } from '../cost/costs.ts';
import { type Usage, usageAttributes } from '../cost/usage.ts';
import type { Failure } from '../error.ts';
import { rememberForEvaluation } from '../evaluated-spans.ts';
import { addFinishReason } from '../finish-reason.ts';
import { endpointAttributes, type Place, placeAttributes } from '../place.ts';
import { addSkippedCalls } from '../skipped.ts';
import type { Telemetry } from '../telemetry.ts';
import { isEndTold } from './ended-operation.ts';
import { recordEnd } from './record-end.ts';
import { endSpan } from './span-end.ts';
import { startSpan } from './start-span.ts';
import { recordDeltas } from './stream-deltas.ts';

/** A finished step of an invocation: one model call. */
export interface RecordedStep {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly model: string | undefined;
  readonly usage: Usage | undefined;
  readonly failure: Failure | undefined;
  readonly finishReason: string | undefined;
  readonly messageId: string | undefined;
  readonly startTime: number;
  readonly endTime: number;
  /** Seconds from the start of the step to its first text, if it was streamed. */
  readonly timeToFirstChunk: number | undefined;
  /** The arrival times of its first deltas, if deltas are recorded. */
  readonly deltaTimes: readonly number[];
  /** The number of deltas after these. */
  readonly skippedDeltas: number;
  /** The number of tool calls without a span. */
  readonly skippedToolCalls: number;
  readonly inputMessages: readonly Message[];
  readonly outputMessages: readonly Message[];
}

/** Records a step as `chat {model}` below its invocation. */
export function recordStep(
  telemetry: Telemetry,
  step: RecordedStep,
  context: { parent: Context; place: Place; endpoint: Endpoint; startSettings: Settings },
): void {
  const name = step.model === undefined ? 'chat' : `chat ${step.model}`;
  const startAttributes: Attributes = {
    [ATTR.GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_CHAT,
    ...endpointAttributes(context.endpoint),
    ...placeAttributes(context.place),
  };
  if (step.model !== undefined) startAttributes[ATTR.GEN_AI_REQUEST_MODEL] = step.model;
  const span = startSpan(
    telemetry,
    name,
    { kind: SpanKind.CLIENT, startTime: step.startTime, attributes: startAttributes },
    context.parent,
  );
  const endAttributes = { ...stepAttributes(step, context.endpoint), ...usageAttributes(step.usage) };
  const cost = guard('pricing a step', () =>
    telemetry.costs.of({ usage: step.usage }, startAttributes, endAttributes),
  );
  if (cost !== undefined) endAttributes[ATTR.OPENAI_COST] = cost;
  guard('recording a step', () => span.setAttributes(endAttributes));
  rememberForEvaluation('response', endAttributes[ATTR.GEN_AI_RESPONSE_ID], span, startAttributes);
  const own = LinkedContext.withSpan(context.parent, span);
  const { startSettings } = context;
  const content = beginContent(telemetry, span, own, startSettings);
  content?.add({ inputMessages: step.inputMessages, outputMessages: step.outputMessages });
  if (step.deltaTimes.length > 0) {
    const { [ATTR.OPENAI_API_TYPE]: _, ...ids } = placeAttributes(context.place);
    guard('recording deltas', recordDeltas, telemetry, span, own, {
      times: step.deltaTimes,
      endTime: step.endTime,
      ids: { ...ids, [ATTR.OPENAI_STEP_ID]: step.id },
    });
  }
  const { failure, endTime } = step;
  if (isEndTold(telemetry, content, failure)) {
    const attributes = { ...startAttributes, ...endAttributes };
    recordEnd(telemetry, { span, startSettings, context: own, attributes, content, failure, endTime });
  }
  endSpan(span, endTime);
}

function stepAttributes(step: RecordedStep, { provider }: Endpoint): Attributes {
  const attributes: Attributes = {
    [ATTR.OPENAI_STEP_ID]: step.id,
    [ATTR.OPENAI_STEP_TYPE]: step.type,
    [ATTR.OPENAI_STEP_STATUS]: step.status,
    [ATTR.GEN_AI_RESPONSE_ID]: step.messageId ?? step.id,
  };
  if (step.model !== undefined && provider !== NAMES_DEPLOYMENTS)
    attributes[ATTR.GEN_AI_RESPONSE_MODEL] = step.model;
  if (step.messageId !== undefined) attributes[ATTR.OPENAI_MESSAGE_ID] = step.messageId;
  addFinishReason(attributes, step.finishReason);
  addSkippedCalls(attributes, ATTR.OPENAI_SKIPPED_TOOL_CALLS, step.skippedToolCalls);
  if (step.skippedDeltas > 0) attributes[ATTR.OPENAI_SKIPPED_MESSAGE_DELTAS] = step.skippedDeltas;
  if (step.timeToFirstChunk !== undefined) {
    attributes[ATTR.GEN_AI_REQUEST_STREAM] = true;
    attributes[ATTR.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK] = step.timeToFirstChunk;
  }
  return attributes;
}
