import type { ToolOutcome } from '../../telemetry/tool-outcome.ts';
import { field } from '../../util/payload.ts';
import type { ToolCallSnapshot } from '../model.ts';

/** A function that the program was asked for before a pause and has not answered yet. */
export interface UnansweredCall {
  readonly snapshot: ToolCallSnapshot;
  readonly stepId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly requestedAt: number | undefined;
}

export interface ToolCall {
  snapshot: ToolCallSnapshot;
  stepId: string | undefined;
  /** For a function: from the request to the program until its output. */
  startTime: number | undefined;
  endTime: number | undefined;
  /** When it was requested, before a pause. */
  readonly requestedAt: number | undefined;
  output: unknown;
  /** Whether its result was seen. */
  hasResult: boolean;
  /** What its result says of it; `undefined` for success. */
  outcome: ToolOutcome | undefined;
}

/** A function that the program ran, with its measured times. */
export interface TimedToolCall {
  readonly snapshot: ToolCallSnapshot;
  readonly seconds: number;
  readonly outcome: ToolOutcome | undefined;
}

export function newToolCall(snapshot: ToolCallSnapshot): ToolCall {
  return {
    snapshot,
    stepId: undefined,
    startTime: undefined,
    endTime: undefined,
    requestedAt: undefined,
    output: undefined,
    hasResult: false,
    outcome: undefined,
  };
}

/** Whether it is a function that the program was asked for and has not answered. */
export function isUnanswered({ snapshot, startTime, requestedAt, endTime }: ToolCall): boolean {
  const isRequested = startTime !== undefined || requestedAt !== undefined;
  return isRequested && endTime === undefined && snapshot.type === 'function';
}

export function unansweredOf(calls: readonly ToolCall[]): readonly UnansweredCall[] {
  return calls.filter(isUnanswered).map(({ snapshot, stepId, startTime, requestedAt }) => ({
    snapshot: { ...snapshot, content: undefined },
    stepId,
    requestedAt: requestedAt ?? startTime,
  }));
}

/** The API returns search results only on request. */
export function hasDocuments({
  snapshot: { type, resultCount, content },
}: Pick<ToolCall, 'snapshot'>): boolean {
  return (
    type !== 'file_search' ||
    resultCount === 0 ||
    content?.documents.some((document) => field(document, 'content') !== undefined) === true
  );
}
