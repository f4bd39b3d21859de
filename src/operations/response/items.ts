import {
  arrayField,
  asArray,
  asWord,
  field,
  first,
  MAX_READ,
  MAX_REPEATED,
  row,
  stringField,
} from '../../util/payload.ts';

/** A tool call among the items of a response, without its content. */
export interface ResponseToolCall {
  /** The id of the item. Function calls in requests may lack it. */
  readonly id: string | undefined;
  /** The id by which the output refers to the call: `call_id`, or else the id of the item. */
  readonly callId: string | undefined;
  /** The type of the item, such as `web_search_call`. */
  readonly type: string;
  /** The API's type of the tool, such as `function` or `web_search`. */
  readonly tool: string;
  /** The tool's own name, or else its type. */
  readonly name: string;
  /** `in_progress`, `completed`, `failed`, …. Some items have none. */
  readonly status: string | undefined;
  /** Who runs or approves the call. If it is the program's turn, the response ends. */
  readonly runBy: 'program' | 'api';
  readonly serverLabel: string | undefined;
  readonly namespace: string | undefined;
}

interface CallType {
  /** Default: the type without `_call`. */
  readonly tool?: string;
  /** The field with the tool's own name. Default: `name`. */
  readonly name?: string;
  /** Default: `api`. */
  readonly runBy?: 'program' | ((item: unknown) => 'program' | 'api');
}

/**
 * The types of items that are tool calls. Any other `…_call` is one of a hosted tool, such as `web_search_call`.
 *
 * @see https://platform.openai.com/docs/api-reference/responses/object#responses/object-output
 */
const CALLS: Readonly<Record<string, CallType>> = {
  function_call: { runBy: 'program' },
  custom_tool_call: { tool: 'custom', runBy: 'program' },
  computer_call: { runBy: 'program' },
  local_shell_call: { runBy: 'program' },
  shell_call: { runBy: shellRunBy },
  apply_patch_call: { runBy: 'program' },
  mcp_approval_request: { tool: 'mcp', runBy: 'program' },
  mcp_list_tools: {},
  tool_search_call: { runBy: (item) => (field(item, 'execution') === 'client' ? 'program' : 'api') },
  program: { tool: 'programmatic_tool_calling' },
  multi_agent_call: { name: 'action' },
  // Only the Agents API has this one.
  command_execution: {},
};
const HOSTED_CALL: CallType = {};

/** OpenAI runs a shell in a container; the program runs any other. */
function shellRunBy(item: unknown): 'program' | 'api' {
  return field(field(item, 'environment'), 'type') === 'container_reference' ? 'api' : 'program';
}

/** The fields with the id of the call in outputs of tool calls, if they have no `call_id` as any `…_output` may have. */
const CALL_ID_FIELDS: Readonly<Record<string, string>> = {
  local_shell_call_output: 'id',
  mcp_approval_response: 'approval_request_id',
};

export function readResponseToolCall(item: unknown): ResponseToolCall | undefined {
  const type = stringField(item, 'type');
  if (type === undefined) return undefined;
  const known = row(CALLS, type) ?? (asWord(type)?.endsWith('_call') ? HOSTED_CALL : undefined);
  if (known === undefined) return undefined;
  const { tool = type.replace(/_call$/, ''), name = 'name', runBy = 'api' } = known;
  const id = stringField(item, 'id');
  const status = stringField(item, 'status');
  return {
    id,
    callId: stringField(item, 'call_id') ?? id,
    type,
    tool,
    name: stringField(item, name) ?? tool,
    status,
    runBy: typeof runBy === 'function' ? runBy(item) : runBy,
    serverLabel: stringField(item, 'server_label'),
    namespace: stringField(item, 'namespace'),
  };
}

/** @param content the parts of a message */
export function hasRefusal(content: unknown): boolean {
  return first(asArray(content)).some((part) => field(part, 'type') === 'refusal');
}

/** Only the type is read, because an output may have a million items. */
export function isRecordedCall(item: unknown): boolean {
  const type = field(item, 'type');
  return typeof type === 'string' && (type.endsWith('_call') || type === 'program');
}

/** A response has spans for at most its first {@link MAX_REPEATED} tool calls. */
export function countSkippedItemCalls(output: readonly unknown[]): number {
  if (output.length <= MAX_REPEATED) return 0;
  let calls = 0;
  let recorded = 0;
  for (let index = 0; index < output.length; index++) {
    if (!isRecordedCall(output[index])) continue;
    calls++;
    if (index < MAX_READ && recorded < MAX_REPEATED) recorded++;
  }
  return calls - recorded;
}

export function readToolOutputCallId(item: unknown): string | undefined {
  const type = stringField(item, 'type');
  const key = row(CALL_ID_FIELDS, type);
  if (key === undefined && !type?.endsWith('_output')) return undefined;
  return stringField(item, 'call_id') ?? (key && stringField(item, key));
}

/** Returns a function that decides whether a call of an output waits for the program to answer or approve it. */
export function waitingCalls(output: readonly unknown[]): (call: ResponseToolCall) => boolean {
  let answered: Set<string | undefined> | undefined;
  return ({ runBy, callId }) => {
    if (runBy !== 'program') return false;
    answered ??= new Set(output.map(readToolOutputCallId));
    return callId === undefined || !answered.has(callId);
  };
}

/**
 * @param before the previous item: the output of a hosted tool search has no call id, but directly follows the search
 */
export function readAnsweredCallId(item: unknown, before: unknown): string | undefined {
  const id = readToolOutputCallId(item);
  if (id !== undefined || field(item, 'type') !== 'tool_search_output') return id;
  return field(before, 'type') === 'tool_search_call' ? stringField(before, 'id') : undefined;
}

/**
 * The number of new user messages in the input of a model: those after the last item from the model.
 * Programs that keep the history themselves also send earlier messages.
 */
export function countNewMessages(input: unknown): number {
  return typeof input === 'string' ? 1 : ofUser(unanswered(asArray(input))).length;
}

/**
 * The user messages that a request adds to a Conversation.
 *
 * @param stored whether the request only stores questions of earlier requests, along with the answers
 */
export function putMessages(body: unknown, stored: boolean): readonly unknown[] {
  const items = arrayField(body, 'items');
  return ofUser(stored ? unanswered(items) : items);
}

function unanswered(items: readonly unknown[]): readonly unknown[] {
  return items.slice(items.findLastIndex(isOfModel) + 1);
}

export function ofUser(items: readonly unknown[]): readonly unknown[] {
  return items.filter((item) => field(item, 'role') === 'user');
}

function isOfModel(item: unknown): boolean {
  const type = field(item, 'type');
  return (
    field(item, 'role') === 'assistant' ||
    type === 'reasoning' ||
    type === 'compaction' ||
    // Programs refer to what the model has said: they have the user's messages themselves.
    type === 'item_reference' ||
    readResponseToolCall(item) !== undefined
  );
}
