import { type Context, createContextKey } from '@opentelemetry/api';
import type { Completion, CompletionHook } from '../config/completion-types.ts';
import { notice } from '../diagnostics/report.ts';
import { builtIn } from '../util/built-in.ts';
import { activeContext, runIn } from '../util/context.ts';
import { guard, guardAsync } from '../util/guard.ts';
import { field } from '../util/payload.ts';
import { TaskQueue } from '../util/task-queue.ts';

const INSIDE_HOOK: symbol = createContextKey('opentelemetry-instrumentation-openai inside a hook');

/** Whether any hook has run. Each call checks this first, because most programs have no hooks. */
let hasRun = false;

/** Runs the program's hook or sink. Calls to `openai` inside reach neither, so that they cause no others. */
export function runInsideHook<Result>(run: () => Result): Result {
  hasRun = true;
  return runIn(markInsideHook(activeContext()), run);
}

export function isInsideHook(context: Context): boolean {
  return hasRun && context.getValue(INSIDE_HOOK) === true;
}

export function markInsideHook(context: Context): Context {
  return context.setValue(INSIDE_HOOK, true);
}

const MAX_PENDING_HOOKS = 1_000;
const HOOKS_TIMEOUT_MS = 5_000;

const { inspect, types } = builtIn('node:util') ?? {};
/** Fixed options, so that neither the program's defaults for `inspect` nor its custom inspection have an effect. */
const INSPECTION = { depth: 0, colors: false, customInspect: false } as const;
const REJECTED_PROMISE = /^[^{]*{\s+<rejected>/;

/**
 * Whether a promise has already been rejected, because an `async` hook threw before its first `await`. A
 * handler would learn of it a microtask later; Node's `inspect` shows it at once.
 */
export function hasRejected(returned: unknown): boolean {
  return (
    inspect !== undefined &&
    types?.isPromise(returned) === true &&
    REJECTED_PROMISE.test(inspect(returned, INSPECTION))
  );
}

/** Logs the rejection of a promise. Other thenables are left alone: calling `then` may start their work. */
export function handleRejection(where: string, returned: unknown): void {
  if (types?.isPromise(returned) ?? returned instanceof Promise)
    void guardAsync(where, async () => void (await returned));
}

const pendingHooks = new TaskQueue({ maxConcurrent: MAX_PENDING_HOOKS, maxPending: MAX_PENDING_HOOKS });

/**
 * @returns whether the content may be recorded. A hook that threw, or only returned another hook, has not masked it
 */
export function callCompletionHook(hook: CompletionHook, completion: Completion): boolean {
  const passed = guard('the completionHook', () => {
    const returned = runInsideHook(() => hook(completion));
    if (typeof returned === 'function') {
      noticeReturnedHook('No content is recorded.');
      return false;
    }
    if (typeof field(returned, 'then') !== 'function') return true;
    const settling = guardAsync('the completionHook', async () => {
      if (typeof (await returned) === 'function') noticeReturnedHook('Content is recorded unchanged.');
    });
    void pendingHooks.add(() => settling);
    return !hasRejected(returned);
  });
  return passed === true;
}

/** Waits until the completion hooks of all clients have settled, five seconds at most. */
export function hooksSettled(): Promise<void> {
  return pendingHooks.settled(HOOKS_TIMEOUT_MS);
}

function noticeReturnedHook(effect: string): void {
  notice(
    'option_not_accepted',
    `option completionHook returns a function, such as maskingHook instead of maskingHook(). ${effect}`,
  );
}
