import { type Failure, readError } from '../../telemetry/error.ts';
import { field, stringField } from '../../util/payload.ts';
import type { Invocation } from '../invocation.ts';
import { answerToolCalls } from '../invocation-requests.ts';
import { readFunctionOutput, readSessionMessage, readSessionReasoning } from './content.ts';
import { readItemCall } from './items.ts';

/** When and how an item was seen. */
export interface ObservedItem {
  readonly content: boolean;
  /** Its arrival in a stream; `undefined` for a list, since items have no timestamps. */
  readonly time: number | undefined;
  /** Whether the item is done. A stream first reports its start. */
  readonly done: boolean;
}

/** Passes an item to its turn: a tool call, a result, or a message of the agent. */
export function seeItem(invocation: Invocation, item: unknown, observation: ObservedItem): void {
  if (invocation.closed) return;
  const type = stringField(item, 'type');
  if (observation.time !== undefined) invocation.touch(observation.time);
  if (type === 'function_call_output') seeResult(invocation, item, observation);
  else if (type === 'message' || type === 'reasoning') seeMessage(invocation, item, observation);
  else seeToolCall(invocation, item, observation);
}

function seeToolCall(invocation: Invocation, item: unknown, observation: ObservedItem): void {
  const { content, time, done } = observation;
  const seen = readItemCall(item, { content });
  if (seen === undefined) return;
  const { call, asksProgram, ended, duration } = seen;
  if (time === undefined) invocation.steps.seeToolCall(call);
  else if (!done || asksProgram) invocation.steps.seeToolCall(call, { beganAt: time });
  else if (!ended) invocation.steps.seeToolCall(call);
  else {
    invocation.steps.seeToolCall(call, {
      endedAt: time,
      ...(duration === undefined ? {} : { beganAt: time - duration }),
    });
  }
}

/** Takes a result that another process submitted; this process knows its own outputs. */
function seeResult(invocation: Invocation, item: unknown, { content, time }: ObservedItem): void {
  const id = stringField(item, 'call_id');
  if (id === undefined) return;
  const output = content ? readFunctionOutput(field(item, 'output')) : undefined;
  if (time !== undefined) answerToolCalls(invocation, new Map([[id, output]]), time);
  invocation.steps.seeToolResult(id, { output, failure: readToolFailure(item) });
}

function readToolFailure(item: unknown): Failure | undefined {
  const error = field(item, 'error') ?? undefined;
  const failed = error !== undefined || stringField(item, 'status') === 'failed';
  return failed ? readError(error, 'failed') : undefined;
}

function seeMessage(invocation: Invocation, item: unknown, { content, time, done }: ObservedItem): void {
  const id = stringField(item, 'id');
  const begun = time !== undefined && !done;
  if (!content || id === undefined || begun || field(item, 'role') === 'user') return;
  const message =
    stringField(item, 'type') === 'reasoning' ? readSessionReasoning(item) : readSessionMessage(item);
  if (message !== undefined) invocation.steps.addOutput(id, message);
}
