import { guard } from '../../util/guard.ts';
import { isProxy } from '../../util/own-data.ts';
import { field } from '../../util/payload.ts';
import type { AgentsNode } from './node.ts';

/**
 * Follows the function of a trace, or a run inside. The library ends the trace of a stream later, and none whose function
 * throws. Once the function has returned, nothing but its result tells that a run has failed.
 *
 * @param traces those that it is the function of, or that wait for it
 * @param end ends a trace that the library has ended, unless that waits for others
 * @returns the promise that takes the place of the one given
 */
export function follow(
  traces: readonly AgentsNode[],
  result: Promise<unknown>,
  isWhole: boolean,
  end: (trace: AgentsNode) => void,
): Promise<unknown> {
  for (const trace of traces) {
    trace.running.add(result);
    if (isWhole) trace.isFollowed = true;
  }
  const settle = (tell: (trace: AgentsNode) => void): void => {
    for (const trace of traces) {
      trace.running.delete(result);
      tell(trace);
      if (trace.isEnding) guard('ending an agents trace', end, trace);
    }
  };
  const returned = (value: unknown): void => {
    const stream = isRunStream(value) ? value : undefined;
    const settleStream = (): void =>
      settle((trace) => {
        if (isWhole) trace.stream = stream;
        else if (trace.isEnding) trace.thrown ??= field(stream, 'error') ?? undefined;
      });
    const loop =
      isWhole || stream === undefined ? undefined : guard('observing an agents stream', streamLoopOf, stream);
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
        // A program may throw `undefined`, too.
        if (isWhole) {
          trace.thrown = error ?? null;
          trace.running.clear();
          trace.isEnding = true;
        } else if (trace.isEnding) trace.thrown ??= error;
      });
      throw error;
    },
  );
}

/** Whether this is the stream of a run. Reading of a proxy may call something remote. */
function isRunStream(value: unknown): boolean {
  return !isProxy(value) && typeof field(value, '_getStreamLoopPromise') === 'function';
}

/** Ends when the run has ended whose stream this is. */
function streamLoopOf(stream: unknown): Promise<unknown> | undefined {
  const loop: unknown = (stream as { _getStreamLoopPromise(): unknown })._getStreamLoopPromise();
  return loop instanceof Promise ? loop : undefined;
}
