import { guard } from '../../util/guard.ts';
import { isProxy } from '../../util/own-data.ts';
import { field } from '../../util/payload.ts';
import type { AgentsNode } from './node.ts';

/**
 * Follows the promise of a trace's function, or of a run inside a trace: only its result says whether it has
 * failed. `@openai/agents` does not end a trace whose function throws, and ends a streamed run's trace later.
 *
 * @param traces the trace whose function returned the promise, or the traces that wait for the run
 * @param isComplete whether the promise comes from the function of the trace, and not from a run inside
 * @param end called for each trace that `@openai/agents` has ended. Does nothing while the trace waits
 * @returns the promise that the program gets instead of the given one
 */
export function follow(
  traces: readonly AgentsNode[],
  result: Promise<unknown>,
  isComplete: boolean,
  end: (trace: AgentsNode) => void,
): Promise<unknown> {
  for (const trace of traces) {
    trace.running.add(result);
    if (isComplete) trace.isFollowed = true;
  }
  const settle = (settleTrace: (trace: AgentsNode) => void): void => {
    for (const trace of traces) {
      trace.running.delete(result);
      settleTrace(trace);
      if (trace.isEnding) guard('ending an agents trace', end, trace);
    }
  };
  const returned = (value: unknown): void => {
    const stream = isRunStream(value) ? value : undefined;
    const settleStream = (): void =>
      settle((trace) => {
        if (isComplete) trace.stream = stream;
        else if (trace.isEnding) trace.thrown ??= field(stream, 'error') ?? undefined;
      });
    const loop =
      isComplete || stream === undefined
        ? undefined
        : guard('observing an agents stream', streamLoopOf, stream);
    if (loop === undefined) settleStream();
    else loop.then(settleStream, settleStream);
  };
  return result.then(
    (value) => {
      guard('observing an agents run', returned, value);
      return value;
    },
    (error: unknown) => {
      settle((trace) => {
        // A program may throw `undefined`, which must still count as thrown.
        if (isComplete) {
          trace.thrown = error ?? null;
          trace.running.clear();
          trace.isEnding = true;
        } else if (trace.isEnding) trace.thrown ??= error;
      });
      throw error;
    },
  );
}

/** Whether this is the stream of a run. Fields of proxies are not read, since that may call something remote. */
function isRunStream(value: unknown): boolean {
  return !isProxy(value) && typeof field(value, '_getStreamLoopPromise') === 'function';
}

function streamLoopOf(stream: unknown): Promise<unknown> | undefined {
  const loop: unknown = (stream as { _getStreamLoopPromise(): unknown })._getStreamLoopPromise();
  return loop instanceof Promise ? loop : undefined;
}
