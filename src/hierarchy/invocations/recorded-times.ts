import { justAfter, SPAN_ROOM_MS, Starts } from '../../util/microseconds.ts';
import { clamp } from '../operation-clock.ts';
import type { ToolCall } from '../tool-calls/tool-call.ts';
import type { Step } from './steps.ts';

export interface Times {
  readonly startTime: number;
  readonly endTime: number;
}

/** A step with the tool calls that it asked for, those that are recorded with it. */
export interface StepWithCalls {
  readonly step: Step;
  readonly calls: readonly ToolCall[];
}

/**
 * The times of what is recorded below an invocation, one after the other. Steps follow each other and the tools they asked
 * for, which the server's whole seconds cannot express: whatever has no time of its own gets some microseconds.
 */
export class RecordedTimes {
  readonly #endTime: number;
  /** The latest end of each step, so that all that comes after it finds room. */
  readonly #latest: readonly number[];
  #earliest: number;
  readonly #starts: Starts;

  constructor(steps: readonly StepWithCalls[], { startTime, endTime }: Times) {
    this.#endTime = endTime;
    this.#earliest = startTime;
    this.#starts = new Starts(startTime);
    this.#latest = latestEnds(steps, endTime);
  }

  /** As a model call, a step that asks the program for tools ends when it asks; the server completes it later. */
  ofStep(index: number, { step, calls }: StepWithCalls): Times {
    const latest = this.#latest[index] ?? this.#endTime;
    const requested = requestedAt(calls);
    const room = SPAN_ROOM_MS * (1 + calls.length);
    // This process knows when it was asked. The server tells whole seconds.
    const start = clamp(
      withKnownValues(step.startTime) ?? this.#earliest,
      this.#earliest,
      Math.min((requested ?? latest) - SPAN_ROOM_MS, latest - room),
    );
    const startTime = this.#starts.next(Math.max(start, this.#starts.latest));
    const told = requested ?? withKnownValues(step.endTime) ?? latest;
    const endTime = Math.max(justAfter(startTime), Math.min(told, latest));
    this.#earliest = endTime;
    return { startTime, endTime };
  }

  /** A hosted tool ran within its step, a function from the request to the program until its output. */
  ofToolCall(call: ToolCall, step: Times): Times {
    const latest = this.#endTime;
    const startTime = this.#starts.next(clamp(call.startTime ?? step.startTime, step.startTime, latest));
    const told = call.endTime ?? (call.startTime === undefined ? step.endTime : latest);
    const endTime = Math.max(justAfter(startTime), Math.min(told, latest));
    this.#earliest = Math.max(this.#earliest, endTime);
    return { startTime, endTime };
  }
}

function latestEnds(steps: readonly StepWithCalls[], endTime: number): number[] {
  const ends: number[] = [];
  let latest = endTime;
  for (let index = steps.length - 1; index >= 0; index--) {
    const calls = steps[index]?.calls ?? [];
    ends[index] = latest;
    latest = Math.min(latest, requestedAt(calls) ?? latest) - SPAN_ROOM_MS * (1 + calls.length);
  }
  return ends;
}

/** When the program was asked for the functions of a step. */
function requestedAt(calls: readonly ToolCall[]): number | undefined {
  return calls.find(({ startTime }) => startTime !== undefined)?.startTime;
}

/** A server whose clock was never learnt gives no time. */
function withKnownValues(time: number | undefined): number | undefined {
  return time === undefined || Number.isNaN(time) ? undefined : time;
}
