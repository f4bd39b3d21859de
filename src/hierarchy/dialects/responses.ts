import { readToolContent } from '../../operations/response/content.ts';
import {
  isRecordedCall,
  type ResponseToolCall,
  readAnsweredCallId,
  readResponseToolCall,
  readToolOutputCallId,
  waitingCalls,
} from '../../operations/response/items.ts';
import { conversationIdOf } from '../../operations/response/outcome.ts';
import { fingerprintOfItem } from '../../operations/tool-calls.ts';
import { parseJson } from '../../telemetry/content/messages.ts';
import {
  outcomeWithoutResult,
  readToolOutcome,
  type ToolOutcome,
} from '../../telemetry/outcomes/tool-outcome.ts';
import { ownEntries, ownValue } from '../../util/own-data.ts';
import {
  arrayField,
  field,
  first,
  MAX_READ,
  MAX_REPEATED,
  names,
  stringField,
  strings,
} from '../../util/payload.ts';
import type {
  CallFacts,
  ModelDialect,
  RequestedCall,
  ToolCallContent,
  ToolCallSnapshot,
  ToolResult,
} from '../dialect.ts';
import { fingerprintOfMessages, lastMessages, once } from '../tool-calls/last-messages.ts';
import { byUniqueId, NONE, toolCounts } from './shared-readers.ts';

export const responses: ModelDialect = {
  results: readItemResults,
  calls: readItemCalls,
  finished: (response) => response,
  input: (body) => field(body, 'input'),
  vectorStoreIds: readVectorStoreIds,
  conversationOf: (response) => conversationIdOf(response),
  idOf: (response) => stringField(response, 'id'),
};

export function readItemCalls(response: unknown, options: { content: boolean }): readonly RequestedCall[] {
  const output = first(arrayField(response, 'output'), MAX_READ);
  // Made for the first call: most responses have none.
  let resultOf: ResultOf | undefined;
  let waits: ((call: ResponseToolCall) => boolean) | undefined;
  const calls: RequestedCall[] = [];
  for (const item of output) {
    const call = readResponseToolCall(item);
    if (call === undefined) continue;
    resultOf ??= resultsIn(output);
    waits ??= waitingCalls(output);
    const asksProgram = waits(call);
    // A list of tools is no call. Once an approval is answered, the call itself is another item.
    if (!isRecordedCall(item) && !asksProgram) continue;
    const outcome = asksProgram ? undefined : itemOutcome(call, item, resultOf, response);
    calls.push({
      call: { ...snapshotOf(call, item, options.content ? resultOf : undefined), itemId: call.id, outcome },
      asksProgram,
      fingerprint: () => fingerprintOfItem(call, item),
    });
    if (calls.length === MAX_REPEATED) break;
  }
  return calls;
}

type ResultOf = (call: ResponseToolCall) => unknown;

/** @param resultOf set if content is recorded */
export function snapshotOf(
  call: ResponseToolCall,
  item: unknown,
  resultOf: ResultOf | undefined,
): ToolCallSnapshot {
  return {
    id: call.callId ?? call.id ?? call.name,
    type: call.tool,
    name: call.name,
    ...toolCounts(call.tool, item),
    serverLabel: call.serverLabel,
    namespace: call.namespace,
    content: resultOf && responseToolContent(call, item, resultOf),
  };
}

function responseToolContent(call: ResponseToolCall, item: unknown, resultOf: ResultOf): ToolCallContent {
  const { arguments: given, result } = readToolContent(item);
  const searched = call.tool === 'file_search';
  return {
    arguments: given,
    result: searched ? undefined : (result ?? parseJson(readToolContent(resultOf(call)).result)),
    query: searched ? strings(arrayField(item, 'queries')).join('\n') || undefined : undefined,
    documents: searched ? arrayField(result, 'results') : [],
  };
}

/** The outcome of a call that the program does not answer. Without a result, it follows from how the response ended. */
function itemOutcome(
  call: ResponseToolCall,
  item: unknown,
  resultOf: ResultOf,
  response: unknown,
): ToolOutcome | undefined {
  const reported = readToolOutcome(item) ?? readToolOutcome(resultOf(call));
  if (reported !== undefined || call.status === undefined || call.status === 'completed') return reported;
  return outcomeWithoutResult(stringField(response, 'status'));
}

/** Indexes the results once, when one is first wanted: an output may be nothing but calls. */
function resultsIn(output: readonly unknown[]): ResultOf {
  // Reversed, so that the first of several results with the same id counts.
  const byId = once(() => new Map(output.map(answerAt).reverse()));
  return ({ callId }) => (callId === undefined ? undefined : byId().get(callId));
}

function answerAt(item: unknown, index: number, output: readonly unknown[]) {
  return [readAnsweredCallId(item, output[index - 1]), item] as const;
}

/** The results in a request that follow the model's last message. Requests repeat the earlier ones. */
export function readItemResults(body: unknown): ToolResult[] {
  const given = arrayField(body, 'input');
  // A request that adds items to a Conversation has no `input`.
  const input = given.length > 0 ? given : arrayField(body, 'items');
  const answerIndex = input.findLastIndex((item) => field(item, 'role') === 'assistant');
  // Of several calls with the same id, the last counts. Indexed once, when a pending call is first found.
  const calls = once(() => {
    const read = input.map(readResponseToolCall);
    // The output of a local shell may name the item instead of the call.
    const byItem = read.map((call, index) => [call?.id, index] as const);
    return new Map([...byItem, ...read.map((call, index) => [call?.callId, index] as const)]);
  });
  return [...byUniqueId(input.slice(answerIndex + 1), readToolOutputCallId)].map(([id, item]) => ({
    id,
    repeated: () => callFacts(input[calls().get(id) ?? -1]),
    output: () => parseJson(readToolContent(item).result),
    outcome: () => readToolOutcome(item),
    question: () => {
      const end = calls().get(id);
      return end === undefined ? undefined : fingerprintOfMessages(lastMessages(input, end));
    },
  }));
}

function callFacts(item: unknown): CallFacts | undefined {
  const call = readResponseToolCall(item);
  return call && { name: call.name, fingerprint: fingerprintOfItem(call, item) };
}

function readVectorStoreIds(body: unknown): readonly string[] {
  const tools = field(body, 'tools');
  if (tools === undefined) return NONE;
  return ownEntries(tools)
    .filter((tool) => ownValue(tool, 'type') === 'file_search')
    .flatMap((tool) => names(ownEntries(ownValue(tool, 'vector_store_ids'))))
    .slice(0, MAX_REPEATED);
}
