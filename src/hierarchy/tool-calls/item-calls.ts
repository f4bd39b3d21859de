import { readToolContent } from '../../operations/response/content.ts';
import {
  type ResponseToolCall,
  readAnsweredCallId,
  readResponseToolCall,
  waitingCalls,
} from '../../operations/response/items.ts';
import { fingerprintOfItem } from '../../operations/tool-calls.ts';
import { parseJson } from '../../telemetry/content/messages.ts';
import { outcomeWithoutResult, readToolOutcome, type ToolOutcome } from '../../telemetry/tool-outcome.ts';
import { arrayField, first, MAX_READ, stringField, strings } from '../../util/payload.ts';
import type { ToolCallContent, ToolCallSnapshot } from '../model.ts';
import { countResults, countToolImages, filesOf } from './tool-facts.ts';

/** A tool call of a response in the terms of the hierarchy. */
export interface ItemCall {
  readonly itemId: string | undefined;
  readonly call: ToolCallSnapshot;
  /** Whether the program answers it in a later request. */
  readonly asksProgram: boolean;
  /** `undefined` if it succeeded, or the program answers it. */
  readonly outcome: ToolOutcome | undefined;
  /** Of its name and arguments, computed where it is needed. */
  readonly fingerprint: () => string | undefined;
}

/** The first tool calls among the items of a response, in their order; most responses have none. */
export function readItemCalls(response: unknown, options: { content: boolean }): readonly ItemCall[] {
  const output = first(arrayField(response, 'output'), MAX_READ);
  let waits: ((call: ResponseToolCall) => boolean) | undefined;
  const calls = output.flatMap((item) => {
    const call = readResponseToolCall(item);
    if (call === undefined || call.type === 'mcp_list_tools') return [];
    waits ??= waitingCalls(output);
    const asksProgram = waits(call);
    // Once its approval is answered, the call is an item of its own.
    if (call.type === 'mcp_approval_request' && !asksProgram) return [];
    const own = options.content ? output : undefined;
    return {
      itemId: call.id,
      call: snapshotOf(call, item, own),
      asksProgram,
      outcome: asksProgram ? undefined : itemOutcome(call, item, output, response),
      fingerprint: () => fingerprintOfItem(call, item),
    };
  });
  return first(calls);
}

/** @param output all items of the response, if content is recorded */
function snapshotOf(
  call: ResponseToolCall,
  item: unknown,
  output: readonly unknown[] | undefined,
): ToolCallSnapshot {
  return {
    id: call.callId ?? call.id ?? call.name,
    type: call.tool,
    name: call.name,
    imageCount: call.tool === 'code_interpreter' ? countToolImages(item) : undefined,
    resultCount: countResults(item),
    fileIds: call.tool === 'file_search' ? filesOf(item) : undefined,
    serverLabel: call.serverLabel,
    namespace: call.namespace,
    content: output && responseToolContent(call, item, output),
  };
}

function responseToolContent(
  call: ResponseToolCall,
  item: unknown,
  output: readonly unknown[],
): ToolCallContent {
  const { arguments: given, result } = readToolContent(item);
  const searched = call.tool === 'file_search';
  return {
    arguments: given,
    result: searched
      ? undefined
      : (result ?? parseJson(readToolContent(resultOf(output, call.callId)).result)),
    query: searched ? strings(arrayField(item, 'queries')).join('\n') || undefined : undefined,
    documents: searched ? arrayField(result, 'results') : [],
  };
}

/** Of a call that the program does not answer: what it or its result says, or how the response ended before it. */
function itemOutcome(
  call: ResponseToolCall,
  item: unknown,
  output: readonly unknown[],
  response: unknown,
): ToolOutcome | undefined {
  const told = readToolOutcome(item) ?? readToolOutcome(resultOf(output, call.callId));
  if (told !== undefined || call.status === undefined || call.status === 'completed') return told;
  return outcomeWithoutResult(stringField(response, 'status'));
}

/** The result of a call that the API has run, such as in a shell, is an item of its own. */
function resultOf(output: readonly unknown[], callId: string | undefined): unknown {
  return output.find(
    (one, index) => callId !== undefined && readAnsweredCallId(one, output[index - 1]) === callId,
  );
}
