import { isSwitchedOff } from '../config/environment.ts';
import { placeWithinAgents, recordOf, Workflows } from '../hierarchy/agents-sdk/workflows.ts';
import { AgentsSource } from '../sdk/agents-sdk/agents-source.ts';
import { onTraceProvider } from '../sdk/agents-sdk/library.ts';
import { agentsNodeIn } from '../sdk/agents-sdk/node.ts';
import { ProcessWide } from '../util/process-state.ts';
import { agentsCalls } from './agents-calls.ts';
import { defaultTelemetry } from './default-observers.ts';

/** The trace providers that a copy of this package listens to. A second copy would repeat every span. */
const observed = new ProcessWide('agents', () => new WeakMap<object, true>());

/**
 * Records what `@openai/agents` does, as soon as that package is loaded. In the built package, this file itself is
 * loaded when this function is first called.
 *
 * @returns a function that stops the recording
 */
export function recordAgents(): () => void {
  if (isSwitchedOff()) return () => undefined;
  let stopObserving = (): void => undefined;
  const stopWaiting = onTraceProvider((provider) => {
    if (observed.value.has(provider)) return;
    observed.value.set(provider, true);
    agentsCalls.place = (context, place, operation, request) => {
      const node = agentsNodeIn(context);
      return node === undefined ? place : placeWithinAgents(place, node, operation, request);
    };
    agentsCalls.ignored = (context) => {
      const node = agentsNodeIn(context);
      if (node !== undefined) recordOf(node).hasModelCall = true;
    };
    const source = new AgentsSource(provider, new Workflows(defaultTelemetry));
    stopObserving = () => {
      source.stop();
      observed.value.delete(provider);
    };
  });
  return () => {
    stopWaiting();
    stopObserving();
  };
}
