import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../../semconv/attributes.ts';
import { GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW } from '../../semconv/values.ts';
import { activeContext } from '../../util/context.ts';
import { placeAttributes } from '../place.ts';
import type { Telemetry } from '../telemetry.ts';
import { type FunctionPlace, FunctionSpan, type FunctionSpanStart } from './function-span.ts';

/** All loops of the SDK have the name of the helper that most programs use. */
const WORKFLOW = 'runTools';

interface WorkflowStart extends Pick<FunctionSpanStart, 'startTime' | 'clock'> {
  readonly conversationId: string | undefined;
  readonly place: FunctionPlace | undefined;
}

/** Starts the span of a loop of model and tool calls that a helper of the SDK runs. It is active for the loop. */
export function startWorkflow(telemetry: Telemetry, start: WorkflowStart): FunctionSpan {
  const { startTime, clock, conversationId, place } = start;
  const attributes: Attributes = {
    [ATTR.GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW,
    [ATTR.GEN_AI_WORKFLOW_NAME]: WORKFLOW,
    ...placeAttributes({ kind: 'conversation', conversationId }),
  };
  return new FunctionSpan(telemetry, {
    name: `invoke_workflow ${WORKFLOW}`,
    attributes,
    input: undefined,
    hasContent: false,
    parent: place?.parent ?? activeContext(),
    startTime,
    clock,
    ended: place?.ended,
  });
}
