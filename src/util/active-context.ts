import { type Context, context, ROOT_CONTEXT } from '@opentelemetry/api';
import { logError } from './guard.ts';

/** The active context. A context manager of the program may throw, or have none to return. */
export function activeContext(): Context {
  try {
    const active: Context | undefined = context.active();
    return typeof active?.getValue === 'function' ? active : ROOT_CONTEXT;
  } catch (error) {
    logError('reading the active context', error);
    return ROOT_CONTEXT;
  }
}

/** One run of a function in a context, which a context manager may fail to start or to return from. */
interface ContextRun {
  readonly run: (...args: never[]) => unknown;
  readonly self: unknown;
  readonly args: readonly unknown[];
  state: 'new' | 'running' | 'returned';
  result: unknown;
}

const NO_ARGUMENTS: readonly unknown[] = [];

/**
 * Runs a function once in a context; without the context if the context manager fails. Returns what the function returns
 * and throws what it throws.
 */
export function runIn<Result>(
  values: Context,
  run: (...args: never[]) => Result,
  self?: unknown,
  args: readonly unknown[] = NO_ARGUMENTS,
): Result {
  const entry: ContextRun = { run, self, args, state: 'new', result: undefined };
  try {
    // Context managers bind a `this` in a further function, so the entry holds it.
    context.with(values, enter, undefined, entry);
  } catch (error) {
    if (entry.state === 'running') throw error;
    logError('entering a context', error);
  }
  if (entry.state === 'new') enter(entry);
  return entry.result as Result;
}

function enter(entry: ContextRun): void {
  // Without this, a context manager that calls late or twice repeats the request.
  if (entry.state !== 'new') return;
  entry.state = 'running';
  entry.result = Reflect.apply(entry.run, entry.self, entry.args);
  entry.state = 'returned';
}
