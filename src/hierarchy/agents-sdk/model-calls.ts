import type { AgentsNode } from '../../sdk/agents-sdk/node.ts';
import { ATTR_GEN_AI_AGENT_NAME } from '../../semconv/attributes.ts';
import { readFailure } from '../../telemetry/error.ts';
import type { Operation } from '../../telemetry/operation.ts';
import type { CallPlace } from '../../telemetry/spans/call-place.ts';
import { stringField } from '../../util/payload.ts';
import { activityOfNode } from './node-activity.ts';

/** The place of a call inside of a workflow of `@openai/agents`, which gets to know what the call asks for and spends. */
export function placeWithinAgents(place: CallPlace, node: AgentsNode, operation: Operation): CallPlace {
  // A request without an operation, such as one for an image, spends for the workflow, but is not the agent's.
  const agent = operation.name === undefined ? undefined : node.agent;
  const name = stringField(agent?.data, 'name');
  const isOfAgent = node.isModelCall && agent !== undefined;
  if (operation.traits?.inference === 'chat') activityOfNode(node).modelCalls++;
  return {
    ...place,
    attributes: { ...(name !== undefined && { [ATTR_GEN_AI_AGENT_NAME]: name }), ...place.attributes },
    settled: (call, result, span) => {
      if (isOfAgent) activityOfNode(agent).failure = call.failed ? readFailure(call.error) : undefined;
      return place.settled?.(call, result, span) === true;
    },
    ended: (result, endTime, spent) => {
      place.ended?.(result, endTime, spent);
      if (result === undefined) return;
      if (isOfAgent) activityOfNode(agent).keep(operation.toolCalls?.(result) ?? []);
      for (let above: AgentsNode | undefined = node.trace; above !== undefined; above = above.parent?.trace)
        activityOfNode(above).add(spent);
    },
  };
}
