import { fingerprintOfItem } from '../../operations/response/item-fingerprint.ts';
import {
  type ResponseToolCall,
  readResponseToolCall,
  readToolContent,
  readToolErrorType,
  readToolOutputCallId,
} from '../../operations/response/items.ts';
import type { Failure } from '../../telemetry/error.ts';
import { ownEntries, ownValue } from '../../util/own-data.ts';
import {
  arrayField,
  field,
  first,
  MAX_READ,
  MAX_REPEATED,
  names,
  objectField,
  stringField,
  strings,
} from '../../util/payload.ts';
import type { ToolCallContent, ToolCallSnapshot } from '../model.ts';

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
  let answered: Set<string | undefined> | undefined;
  const calls = output.flatMap((item) => {
    const call = readResponseToolCall(item);
    if (call === undefined || NO_CALLS.has(call.type)) return [];
    answered ??= new Set(output.map(readToolOutputCallId));
    const asksProgram = call.runBy === 'program' && (call.callId === undefined || !answered.has(call.callId));
    const errorType = readToolErrorType(item);
    return {
      itemId: call.id,
      call: snapshotOf(call, item, options.content),
      asksProgram,
      failure: errorType === undefined ? undefined : { type: errorType, message: undefined },
      fingerprint: () => fingerprintOfItem(call, item),
    };
  });
  return first(calls);
}

function snapshotOf(call: ResponseToolCall, item: unknown, content: boolean): ToolCallSnapshot {
  return {
    id: call.callId ?? call.id ?? call.name,
    type: call.tool,
    name: call.name,
    imageCount: call.tool === 'code_interpreter' ? countItemImages(item) : undefined,
    resultCount: Array.isArray(field(item, 'results')) ? arrayField(item, 'results').length : undefined,
    content: content ? responseToolContent(call, item) : undefined,
  };
}

function countItemImages(item: unknown): number {
  return arrayField(item, 'outputs').filter((output) => field(output, 'type') === 'image').length;
}

function responseToolContent(call: ResponseToolCall, item: unknown): ToolCallContent {
  const { arguments: given, result } = readToolContent(item);
  const searched = call.tool === 'file_search';
  return {
    arguments: given,
    result: searched ? undefined : result,
    query: searched ? strings(arrayField(item, 'queries')).join('\n') || undefined : undefined,
    documents: searched ? arrayField(result, 'results') : [],
  };
}

/** The number of user messages in a request. */
export function countUserMessages(body: unknown): number {
  const input = field(body, 'input');
  if (typeof input === 'string') return 1;
  return arrayField(body, 'input').filter((item) => field(item, 'role') === 'user').length;
}

/** The vector stores that the request allows the model to search. */
export function readVectorStoreIds(body: unknown): string[] {
  return ownEntries(field(body, 'tools'))
    .filter((tool) => ownValue(tool, 'type') === 'file_search')
    .flatMap((tool) => names(ownEntries(ownValue(tool, 'vector_store_ids'))))
    .slice(0, MAX_REPEATED);
}

/** The start and end times of the items of a streamed response. */
export class ItemTimes {
  /** Created lazily: most responses are not streamed. */
  #times: Map<string, { startTime: number; endTime: number | undefined }> | undefined;

  add(event: unknown, time: number): void {
    const type = field(event, 'type');
    if (type !== 'response.output_item.added' && type !== 'response.output_item.done') return;
    const id = stringField(objectField(event, 'item'), 'id');
    if (id === undefined) return;
    this.#times ??= new Map();
    const known = this.#times.get(id);
    if (known === undefined) {
      if (this.#times.size < MAX_READ) this.#times.set(id, { startTime: time, endTime: undefined });
    } else if (type === 'response.output_item.done') known.endTime ??= time;
  }

  of(id: string | undefined): { startTime: number; endTime: number | undefined } | undefined {
    return id === undefined ? undefined : this.#times?.get(id);
  }
}
