import { errorTypeOf } from '../../telemetry/error.ts';
import { field, MAX_READ, MAX_REPEATED, row, stringField } from '../../util/payload.ts';
import { type ItemContent, readItemContent } from './item-content.ts';

/** A tool call among the items of a response, hosted or not; what it was given and gave is read apart. */
export interface ResponseToolCall {
  /** Of the item. Function calls of some requests have none. */
  readonly id: string | undefined;
  /** What its output refers to: the call's own id, else the item's. */
  readonly callId: string | undefined;
  /** Of the item, as the API has it: `web_search_call`. */
  readonly type: string;
  /** The API's type of the tool: `function`, `web_search`, `mcp`. */
  readonly tool: string;
  /** The function's or the MCP tool's name; for the other tools their type. */
  readonly name: string;
  /** `in_progress`, `completed`, `failed`, …; some items have none. */
  readonly status: string | undefined;
  /** Who runs the tool, or has to allow it: the response ends where it is the program. */
  readonly runBy: 'program' | 'api';
  /** The label of the MCP server. */
  readonly serverLabel: string | undefined;
  /** The call did not do what it should. */
  readonly failed: boolean;
}

interface CallType {
  readonly tool: string;
  /** The item's field with the name of what is called. */
  readonly name?: string;
  readonly runBy: 'program' | 'api' | ((item: unknown) => 'program' | 'api');
}

/**
 * Items that are tool calls, by their type. An unknown `…_call` is taken for a hosted one.
 *
 * @see https://platform.openai.com/docs/api-reference/responses/object#responses/object-output
 */
const CALLS: Readonly<Record<string, CallType>> = {
  function_call: { tool: 'function', name: 'name', runBy: 'program' },
  custom_tool_call: { tool: 'custom', name: 'name', runBy: 'program' },
  computer_call: { tool: 'computer', runBy: 'program' },
  local_shell_call: { tool: 'local_shell', runBy: 'program' },
  shell_call: { tool: 'shell', runBy: shellRunBy },
  apply_patch_call: { tool: 'apply_patch', runBy: 'program' },
  mcp_approval_request: { tool: 'mcp', name: 'name', runBy: 'program' },
  mcp_call: { tool: 'mcp', name: 'name', runBy: 'api' },
  mcp_list_tools: { tool: 'mcp_list_tools', runBy: 'api' },
  web_search_call: { tool: 'web_search', runBy: 'api' },
  file_search_call: { tool: 'file_search', runBy: 'api' },
  code_interpreter_call: { tool: 'code_interpreter', runBy: 'api' },
  image_generation_call: { tool: 'image_generation', runBy: 'api' },
  tool_search_call: {
    tool: 'tool_search',
    runBy: (item) => (field(item, 'execution') === 'client' ? 'program' : 'api'),
  },
  program: { tool: 'programmatic_tool_calling', runBy: 'api' },
};

/** A shell in a container is OpenAI's, any other the program's. */
function shellRunBy(item: unknown): 'program' | 'api' {
  return field(field(item, 'environment'), 'type') === 'container_reference' ? 'api' : 'program';
}

/** Items that are outputs of tool calls, and their field with the id of the call. */
const OUTPUTS: Readonly<Record<string, string>> = {
  function_call_output: 'call_id',
  custom_tool_call_output: 'call_id',
  computer_call_output: 'call_id',
  local_shell_call_output: 'id',
  shell_call_output: 'call_id',
  apply_patch_call_output: 'call_id',
  tool_search_output: 'call_id',
  program_output: 'call_id',
  mcp_approval_response: 'approval_request_id',
};

/** The tool call that an item of a response, a request or a conversation is; `undefined` for all other items. */
export function readToolCall(item: unknown): ResponseToolCall | undefined {
  const type = stringField(item, 'type');
  if (type === undefined) return undefined;
  const known = row(CALLS, type) ?? unknownCall(type);
  if (known === undefined) return undefined;
  const { tool, name, runBy } = known;
  const id = stringField(item, 'id');
  const status = stringField(item, 'status');
  return {
    id,
    callId: stringField(item, 'call_id') ?? id,
    type,
    tool,
    name: (name === undefined ? undefined : stringField(item, name)) ?? tool,
    status,
    runBy: typeof runBy === 'function' ? runBy(item) : runBy,
    serverLabel: stringField(item, 'server_label'),
    failed: status === 'failed' || (field(item, 'error') ?? undefined) !== undefined,
  };
}

function unknownCall(type: string): CallType | undefined {
  return type.endsWith('_call') ? { tool: type.slice(0, -'_call'.length), runBy: 'api' } : undefined;
}

/** Whether an item is a tool call that has a span, told by its type alone: an output may have a million items. */
export function isDrawnCall(item: unknown): boolean {
  const type = field(item, 'type');
  return typeof type === 'string' && (type.endsWith('_call') || type === 'program');
}

/** How many tool calls of an output have no span: a response has spans for its first {@link MAX_REPEATED}. */
export function countSkippedCalls(output: readonly unknown[]): number {
  if (output.length <= MAX_REPEATED) return 0;
  let calls = 0;
  let drawn = 0;
  for (let index = 0; index < output.length; index++) {
    if (!isDrawnCall(output[index])) continue;
    calls++;
    if (index < MAX_READ && drawn < MAX_REPEATED) drawn++;
  }
  return calls - drawn;
}

/** The id of the call that an item is the output of; `undefined` for all other items. */
export function readToolOutputCallId(item: unknown): string | undefined {
  const key = row(OUTPUTS, stringField(item, 'type'));
  return key === undefined ? undefined : stringField(item, key);
}

/** What a tool call was given and what came of it; content, to be read only with consent. */
export function readToolContent(item: unknown): ItemContent {
  return readItemContent(stringField(item, 'type') ?? '', item);
}

/** The kind of error that a hosted call ended with, in one word: a known code, else `failed`. */
export function readToolErrorType(item: unknown): string | undefined {
  if (readToolCall(item)?.failed !== true) return undefined;
  return errorTypeOf(field(item, 'error'), 'failed');
}
