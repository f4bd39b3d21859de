import { readPage } from '../../operations/response/item-content.ts';
import { parseJson, urlPart } from '../../telemetry/content/messages.ts';
import { readError } from '../../telemetry/error.ts';
import { arrayField, field, objectField, row, stringField, textField } from '../../util/payload.ts';
import type { ToolCallContent, ToolCallSnapshot } from '../model.ts';
import { NO_TOOL_CONTENT, readParts } from './content.ts';
import { readFunctionCall } from './objects.ts';

interface ToolItem {
  /** `openai.tool.type`, and the tool's name where the item has none. */
  readonly tool: string;
  /** The field with the name of what is called. */
  readonly name?: string;
  /** The field with the subagent that the call is about. */
  readonly subagent?: string;
  /** Fields that are what the call was given. */
  readonly given: readonly string[];
  /** Fields that are what came of it. */
  readonly result: readonly string[];
}

/**
 * Items that are tool calls which the API runs, by their type. Calls about subagents are tools of the model's
 * as well; the work of the subagent itself is a turn of its own.
 *
 * @see https://platform.openai.com/docs/api-reference/agents
 */
const TOOL_ITEMS: Readonly<Record<string, ToolItem>> = {
  mcp_call: { tool: 'mcp', name: 'name', given: ['arguments'], result: ['output'] },
  command_execution: {
    tool: 'command_execution',
    given: ['command', 'cwd'],
    result: ['output', 'exit_code'],
  },
  web_search_call: { tool: 'web_search', given: ['action'], result: [] },
  computer_use_call: { tool: 'computer_use', given: ['title'], result: ['output'] },
  create_subagent_call: {
    tool: 'create_subagent',
    given: ['content', 'model', 'reasoning_effort'],
    result: [],
  },
  send_subagent_input_call: {
    tool: 'send_subagent_input',
    subagent: 'recipient_agent_id',
    given: ['content'],
    result: [],
  },
  resume_subagent_call: {
    tool: 'resume_subagent',
    subagent: 'recipient_agent_id',
    given: [],
    result: [],
  },
  wait_for_subagents_call: { tool: 'wait_for_subagents', given: ['recipient_agent_ids'], result: [] },
  interrupt_subagent_call: {
    tool: 'interrupt_subagent',
    subagent: 'recipient_agent_id',
    given: [],
    result: [],
  },
  close_subagent_call: { tool: 'close_subagent', subagent: 'recipient_agent_id', given: [], result: [] },
};

const UNKNOWN_CALL: Pick<ToolItem, 'given' | 'result'> = {
  given: ['action', 'arguments'],
  result: ['output'],
};

/** What is known of an item that is a tool call. */
export interface ItemCall {
  readonly call: ToolCallSnapshot;
  /** The program runs it: it is over when the program answers. */
  readonly asksProgram: boolean;
  readonly ended: boolean;
  /** Milliseconds that it took, where the item tells. */
  readonly duration: number | undefined;
}

/** The tool call that an item is; `undefined` for all other items. An unknown `…_call` is taken for a hosted one. */
export function readItemCall(item: unknown, options: { content: boolean }): ItemCall | undefined {
  const type = stringField(item, 'type') ?? '';
  const status = stringField(item, 'status');
  if (type === 'function_call') {
    const call = readFunctionCall(item, options);
    return call && { call: withFailure(call, item), asksProgram: true, ended: false, duration: undefined };
  }
  const known = row(TOOL_ITEMS, type) ?? unknownCall(type);
  const id = stringField(item, 'id');
  if (known === undefined || id === undefined) return undefined;
  const subagentId = known.subagent === undefined ? undefined : stringField(item, known.subagent);
  const duration = field(item, 'duration_ms');
  const call: ToolCallSnapshot = {
    id,
    itemId: id,
    type: known.tool,
    name: (known.name === undefined ? undefined : stringField(item, known.name)) ?? known.tool,
    imageCount: undefined,
    resultCount: undefined,
    content: options.content ? readContent(known, item) : undefined,
    ...(subagentId === undefined ? {} : { subagentId }),
  };
  return {
    call: withFailure(call, item),
    asksProgram: false,
    ended: status !== undefined && status !== 'in_progress',
    duration: typeof duration === 'number' && duration >= 0 ? duration : undefined,
  };
}

function unknownCall(type: string): ToolItem | undefined {
  return type.endsWith('_call') ? { tool: type.slice(0, -'_call'.length), ...UNKNOWN_CALL } : undefined;
}

function withFailure(call: ToolCallSnapshot, item: unknown): ToolCallSnapshot {
  const error = field(item, 'error') ?? undefined;
  const failed = stringField(item, 'status') === 'failed' || error !== undefined;
  return failed ? { ...call, failure: readError(error, 'failed') } : call;
}

function readContent(item: ToolItem, value: unknown): ToolCallContent {
  return {
    ...NO_TOOL_CONTENT,
    arguments: readFields(value, item.given),
    result: readFields(value, item.result),
  };
}

/** One field is recorded as its value, several as an object; those that are missing or `null` are left out. */
function readFields(value: unknown, names: readonly string[]): unknown {
  const entries = names.flatMap((name): [string, unknown][] => {
    const found = readField(value, name) ?? undefined;
    return found === undefined ? [] : [[name, found]];
  });
  if (names.length === 1) return entries[0]?.[1];
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function readField(value: unknown, name: string): unknown {
  if (name === 'content') return readParts(arrayField(value, name));
  // A screenshot is media, which has rules of its own.
  const image = textField(objectField(value, name), 'image_url');
  if (image !== undefined) return urlPart(image, 'image');
  const found = parseJson(field(value, name));
  return name === 'action' ? readPage(found) : found;
}
