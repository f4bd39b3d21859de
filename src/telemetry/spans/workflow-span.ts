import type { Attributes } from '@opentelemetry/api';
import { ATTR_GEN_AI_OPERATION_NAME, ATTR_GEN_AI_WORKFLOW_NAME } from '../../semconv/attributes.ts';
import { GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW } from '../../semconv/values.ts';
import { activeContext } from '../../util/active-context.ts';
import { guard } from '../../util/guard.ts';
import { LinkedContext } from '../../util/linked-context.ts';
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
    [ATTR_GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW,
    [ATTR_GEN_AI_WORKFLOW_NAME]: WORKFLOW,
    ...placeAttributes({ kind: 'conversation', conversationId }),
  };
  const parent = place?.parent ?? activeContext();
  const workflow: FunctionSpan = new FunctionSpan(telemetry, {
    name: `invoke_workflow ${WORKFLOW}`,
    attributes,
    input: undefined,
    hasContent: false,
    parent,
    startTime,
    clock,
    ended: (endTime, { errorType, interrupted }) => {
      const seconds = (endTime - startTime) / 1e3;
      const own = LinkedContext.withSpan(parent, workflow.span);
      if (!interrupted)
        guard('recording metrics', () =>
          telemetry.metrics.recordWorkflowDuration(seconds, attributes, errorType, own),
        );
      place?.ended(endTime);
    },
  });
  return workflow;
}
