import { recordAgents } from './pipeline/agents-tracing.ts';
import { guard } from './util/guard.ts';

let stop: (() => void) | undefined;

/**
 * Instruments `@openai/agents`: records workflows, agents, tools, handoffs and guardrails as one tree. The
 * model calls inside come from the instrumentation of `openai`. Call this function once, before or after the
 * program loads `@openai/agents`, which this package never imports. `…/register` makes the call for you.
 *
 * @returns a function that stops the instrumentation
 */
export function instrumentAgents(): () => void {
  stop ??= guard('instrumenting agents', recordAgents);
  return () => {
    const end = stop;
    stop = undefined;
    if (end !== undefined) guard('restoring agents', end);
  };
}
