import { type Context, createContextKey } from '@opentelemetry/api';
import { activeContext, runIn } from '../util/context.ts';

const INSIDE_HOOK: symbol = createContextKey('opentelemetry-instrumentation-openai inside a hook');

/** Whether any hook has run: most programs have none, and each call asks. */
let hasRun = false;

/**
 * Runs a hook or the sink of the program. The calls to `openai` that it makes reach no hook and no sink, or each would
 * make further calls.
 */
export function runInsideHook<Result>(run: () => Result): Result {
  hasRun = true;
  return runIn(markInsideHook(activeContext()), run);
}

export function isInsideHook(context: Context): boolean {
  return hasRun && context.getValue(INSIDE_HOOK) === true;
}

/** Marks a new context, for work that a hook has started. */
export function markInsideHook(context: Context): Context {
  return context.setValue(INSIDE_HOOK, true);
}
