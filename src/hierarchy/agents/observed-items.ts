import { type Failure, readError } from '../../telemetry/error.ts';
import { field, stringField } from '../../util/payload.ts';
import type { Invocation } from '../invocation.ts';
import { answerToolCalls } from '../invocation-requests.ts';
import { readFunctionOutput, readMessage, readReasoning } from './content.ts';
import { readItemCall } from './items.ts';

/** How an item of a turn was seen. */
export interface ItemSighting {
  readonly content: boolean;
  /** When a stream told it; `undefined` where it was read, since items have no times. */
  readonly time: number | undefined;
  /** A stream tells first that there is an item, then that it is done. */
  readonly done: boolean;
}

/** Takes an item to its turn: a tool call, the result of one, or what the agent says. */
export function seeItem(invocation: Invocation, item: unknown, sighting: ItemSighting): void {
  if (invocation.closed) return;
  const type = stringField(item, 'type');
  if (sighting.time !== undefined) invocation.touch(sighting.time);
  if (type === 'function_call_output') seeResult(invocation, item, sighting);
  else if (type === 'message' || type === 'reasoning') seeMessage(invocation, item, sighting);
  else seeToolCall(invocation, item, sighting);
}

function seeToolCall(invocation: Invocation, item: unknown, sighting: ItemSighting): void {
  const { content, time, done } = sighting;
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

/** What the program answered is known from its own request; another process may have answered. */
function seeResult(invocation: Invocation, item: unknown, { content, time }: ItemSighting): void {
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

function seeMessage(invocation: Invocation, item: unknown, { content, time, done }: ItemSighting): void {
  const id = stringField(item, 'id');
  const begun = time !== undefined && !done;
  if (!content || id === undefined || begun || field(item, 'role') === 'user') return;
  const message = stringField(item, 'type') === 'reasoning' ? readReasoning(item) : readMessage(item);
  if (message !== undefined) invocation.steps.addOutput(id, message);
}
