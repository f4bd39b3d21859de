import { guard } from '../util/guard.ts';
import { notice } from './report.ts';

/** The first calls of a process are looked at: a stack is too dear for each. */
const MAX_CALLS_LOOKED_AT = 3;
/** Frames: the wrapper stands a few above the client. */
const STACK_DEPTH = 30;

const LANGFUSE = /[\\/]@langfuse[\\/]openai[\\/]/;

let looked = 0;

/**
 * Looks for a package around the client that records each call on a span of its own, which is not active during the call:
 * only the stack of the call tells.
 */
export function lookForWrappers(): void {
  if (looked >= MAX_CALLS_LOOKED_AT) return;
  looked++;
  if (LANGFUSE.test(guard('finding wrappers', deepStack) ?? '')) notice('recorded_twice', '@langfuse/openai');
}

/** The program's own `Error.prepareStackTrace` is not asked: it may throw, or show that it was called. */
function deepStack(): string {
  const { stackTraceLimit, prepareStackTrace } = Error;
  // Unlike an assignment, this does not throw if the built-in objects are frozen.
  Reflect.set(Error, 'stackTraceLimit', STACK_DEPTH);
  const isOwn = Object.hasOwn(Error, 'prepareStackTrace');
  if (isOwn) Reflect.set(Error, 'prepareStackTrace', undefined);
  try {
    return new Error('finding wrappers').stack ?? '';
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
    if (isOwn) Reflect.set(Error, 'prepareStackTrace', prepareStackTrace);
  }
}

/** Resets the state, for tests. */
export function forgetWrappers(): void {
  looked = 0;
}
