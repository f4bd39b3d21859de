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
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = STACK_DEPTH;
  const { stack = '' } = new Error('looking for wrappers');
  Error.stackTraceLimit = stackTraceLimit;
  if (LANGFUSE.test(stack)) notice('recorded_twice', '@langfuse/openai');
}

/** Resets the state, for tests. */
export function forgetWrappers(): void {
  looked = 0;
}
