import type { Failure } from '../../telemetry/error.ts';
import { field } from '../../util/payload.ts';
import type { ToolCallSnapshot } from '../model.ts';

/** A function that the program was asked for before a pause and has not answered yet. */
export interface UnansweredCall {
  readonly snapshot: ToolCallSnapshot;
  readonly stepId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly askedAt: number | undefined;
}

export interface ToolCall {
  snapshot: ToolCallSnapshot;
  stepId: string | undefined;
  /** For a function: from the request to the program until its output. */
  startTime: number | undefined;
  endTime: number | undefined;
  /** When the program was asked for it, before a pause. */
  readonly askedAt: number | undefined;
  output: unknown;
  /** The failure that the program reported with its output. */
  failure: Failure | undefined;
}

/** A function that the program ran, with its measured times. */
export interface TimedToolCall {
  readonly snapshot: ToolCallSnapshot;
  readonly seconds: number;
}

export function newToolCall(snapshot: ToolCallSnapshot): ToolCall {
  return {
    snapshot,
    stepId: undefined,
    startTime: undefined,
    endTime: undefined,
    askedAt: undefined,
    output: undefined,
    failure: undefined,
  };
}

export function unansweredOf(calls: readonly ToolCall[]): readonly UnansweredCall[] {
  return calls
    .filter(({ snapshot, startTime, askedAt, endTime }) => {
      const isAsked = startTime !== undefined || askedAt !== undefined;
      return isAsked && endTime === undefined && snapshot.type === 'function';
    })
    .map(({ snapshot, stepId, startTime, askedAt }) => ({
      snapshot: { ...snapshot, content: undefined },
      stepId,
      askedAt: askedAt ?? startTime,
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
