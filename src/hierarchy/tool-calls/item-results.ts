import { readToolContent } from '../../operations/response/content.ts';
import {
  type ResponseToolCall,
  readResponseToolCall,
  readToolOutputCallId,
} from '../../operations/response/items.ts';
import { fingerprintOfItem } from '../../operations/tool-calls.ts';
import { parseJson } from '../../telemetry/content/messages.ts';
import { readToolOutcome } from '../../telemetry/tool-outcome.ts';
import { arrayField, field } from '../../util/payload.ts';
import { fingerprintOfMessages, lastMessages } from './last-messages.ts';
import type { ToolResult } from './tool-calls.ts';

interface FoundResult {
  readonly item: unknown;
  /** The call that the request repeats before it. */
  call: { readonly index: number; readonly item: unknown; readonly read: ResponseToolCall } | undefined;
  /**
   * `open`: its call is still looked for. `paired`: its call was found. `complete`: an older result of the id stands
   * before that call. `ambiguous`: two results or two calls of the id follow each other.
   */
  state: 'open' | 'paired' | 'complete' | 'ambiguous';
}

/**
 * The results of tool calls that a request brings. Requests repeat the history: a result before the model's last
 * message is old, and so is one that another result of the same id follows.
 */
export function readItemResults(body: unknown): ToolResult[] {
  const input = arrayField(body, 'input');
  const results = new Map<string, FoundResult>();
  let isHistory = false;
  for (let index = input.length - 1; index >= 0; index--) {
    const item = input[index];
    const id = readToolOutputCallId(item);
    if (id !== undefined) addResult(results, id, item, isHistory);
    else if (field(item, 'role') === 'assistant') isHistory = true;
    else if (results.size > 0) addCall(results, item, index);
    if (isHistory && !hasOpen(results)) break;
  }
  const found = [...results].reverse();
  return found.flatMap(([id, result]) => (result.state === 'ambiguous' ? [] : toolResult(input, id, result)));
}

function addResult(results: Map<string, FoundResult>, id: string, item: unknown, isHistory: boolean): void {
  const found = results.get(id);
  if (found === undefined) {
    if (!isHistory) results.set(id, { item, call: undefined, state: 'open' });
  } else if (found.state === 'paired') found.state = 'complete';
  else if (found.state === 'open') found.state = 'ambiguous';
}

function addCall(results: Map<string, FoundResult>, item: unknown, index: number): void {
  const read = readResponseToolCall(item);
  const found = read?.callId === undefined ? undefined : results.get(read.callId);
  if (read === undefined || found === undefined) return;
  if (found.state === 'open') {
    found.call = { index, item, read };
    found.state = 'paired';
  } else if (found.state === 'paired') found.state = 'ambiguous';
}

function hasOpen(results: ReadonlyMap<string, FoundResult>): boolean {
  for (const { state } of results.values()) if (state === 'open') return true;
  return false;
}

function toolResult(input: readonly unknown[], id: string, { item, call }: FoundResult): ToolResult {
  return {
    id,
    repeated: () => call && { name: call.read.name, fingerprint: fingerprintOfItem(call.read, call.item) },
    output: () => parseJson(readToolContent(item).result),
    outcome: () => readToolOutcome(item),
    mayBeOld: false,
    question: () => call && fingerprintOfMessages(lastMessages(input, call.index)),
  };
}
