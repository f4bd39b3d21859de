import { drawAgents } from './pipeline/agents-tracing.ts';
import { guard } from './util/guard.ts';

let stop: (() => void) | undefined;

/**
 * Draws programs of `@openai/agents` as one tree: workflows, agents, tools, handoffs and guardrails, with the calls of the
 * model inside, which the instrumentation of `openai` records. Call it once, before or after the library is loaded, which
 * is never imported here. With `…/register` nobody has to call it.
 *
 * @returns ends it: what is under way is not drawn any further
 */
export function instrumentAgents(): () => void {
  stop ??= guard('drawing agents', drawAgents);
  return () => {
    const end = stop;
    stop = undefined;
    if (end !== undefined) guard('ending to draw agents', end);
  };
}
