import { fingerprintOfItem } from '../../operations/response/item-fingerprint.ts';
import {
  type ResponseToolCall,
  readAnsweredCallId,
  readResponseToolCall,
  readToolContent,
  readToolErrorType,
  waitingCalls,
} from '../../operations/response/items.ts';
import { parseJson } from '../../telemetry/content/messages.ts';
import type { Failure } from '../../telemetry/error.ts';
import { arrayField, first, MAX_READ, strings } from '../../util/payload.ts';
import type { ToolCallContent, ToolCallSnapshot } from '../model.ts';
import { countResults, countToolImages, filesOf } from './tool-facts.ts';

/** A tool call of a response in the terms of the hierarchy. */
export interface ItemCall {
  readonly itemId: string | undefined;
  readonly call: ToolCallSnapshot;
  /** Whether the program answers it in a later request. */
  readonly asksProgram: boolean;
  readonly failure: Failure | undefined;
  /** Of its name and arguments, computed where it is needed. */
  readonly fingerprint: () => string | undefined;
}

/** Items about tools that are not tool calls: lists and approval requests. */
const NO_CALLS: ReadonlySet<string> = new Set(['mcp_list_tools', 'mcp_approval_request']);

/** The first tool calls among the items of a response, in their order; most responses have none. */
export function readItemCalls(response: unknown, options: { content: boolean }): readonly ItemCall[] {
  const output = first(arrayField(response, 'output'), MAX_READ);
  let waits: ((call: ResponseToolCall) => boolean) | undefined;
  const calls = output.flatMap((item) => {
    const call = readResponseToolCall(item);
    if (call === undefined || NO_CALLS.has(call.type)) return [];
    waits ??= waitingCalls(output);
    const errorType = readToolErrorType(item);
    return {
      itemId: call.id,
      call: snapshotOf(call, item, options.content ? output : undefined),
      asksProgram: waits(call),
      failure: errorType === undefined ? undefined : { type: errorType, message: undefined },
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
    result: searched ? undefined : (result ?? resultIn(output, call.callId)),
    query: searched ? strings(arrayField(item, 'queries')).join('\n') || undefined : undefined,
    documents: searched ? arrayField(result, 'results') : [],
  };
}

/** The result of a call that the API has run, such as in a shell, is an item of its own. */
function resultIn(output: readonly unknown[], callId: string | undefined): unknown {
  const item = output.find(
    (one, index) => callId !== undefined && readAnsweredCallId(one, output[index - 1]) === callId,
  );
  return item === undefined ? undefined : parseJson(readToolContent(item).result);
}
