import { readToolOutcome } from '../../telemetry/tool-outcome.ts';
import { field, stringField } from '../../util/payload.ts';
import type { FactSink } from '../dialect.ts';
import { readFunctionOutput, readSessionMessage, readSessionReasoning } from './content.ts';
import { readItemCall } from './items.ts';

/**
 * Reads an item of a turn: a tool call, a result, or a message of the agent.
 *
 * @param done whether the item is done. A stream first reports its start.
 */
export function readSessionItem(
  item: unknown,
  sink: FactSink,
  turnId: string | undefined,
  done: boolean,
): void {
  if (turnId === undefined || sink.wants(turnId) !== 'changes') return;
  const type = stringField(item, 'type');
  if (type === 'function_call_output') readResult(item, sink, turnId);
  else if (type === 'message' || type === 'reasoning') readMessage(item, sink, turnId, type, done);
  else {
    const seen = readItemCall(item, { content: sink.content });
    if (seen !== undefined) sink.toolCall({ ...seen, invocationId: turnId, begun: !done });
  }
}

/** A result that another process submitted; this process knows its own outputs. */
function readResult(item: unknown, sink: FactSink, invocationId: string): void {
  const callId = stringField(item, 'call_id');
  if (callId === undefined) return;
  const output = sink.content ? readFunctionOutput(field(item, 'output')) : undefined;
  sink.toolResult({ invocationId, callId, output, outcome: readToolOutcome(item) });
}

function readMessage(
  item: unknown,
  sink: FactSink,
  invocationId: string,
  type: 'message' | 'reasoning',
  done: boolean,
): void {
  const id = stringField(item, 'id');
  if (!sink.content || id === undefined || !done || field(item, 'role') === 'user') return;
  const content = type === 'reasoning' ? readSessionReasoning(item) : readSessionMessage(item);
  if (content !== undefined)
    sink.message({ id, conversationId: undefined, invocationId, role: 'assistant', content });
}
