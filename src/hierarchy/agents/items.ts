import { readPage } from '../../operations/response/item-content.ts';
import { parseJson, urlPart } from '../../telemetry/content/messages.ts';
import { readError } from '../../telemetry/error.ts';
import { arrayField, field, objectField, row, stringField, textField } from '../../util/payload.ts';
import type { ToolCallContent, ToolCallSnapshot } from '../model.ts';
import { NO_TOOL_CONTENT, readSessionParts } from './content.ts';
import { readTurnFunctionCall } from './objects.ts';

interface ToolItem {
  /** `openai.tool.type`, and the name of the tool if the item has none. */
  readonly tool: string;
  /** The field with the name of the tool. */
  readonly name?: string;
  /** The field with the id of the subagent. */
  readonly subagent?: string;
  /** The fields with the arguments. */
  readonly given: readonly string[];
  /** The fields with the result. */
  readonly result: readonly string[];
}

/**
 * The types of items that are hosted tool calls. Calls about subagents are tools of the model, too; the subagent's own
 * work is a turn.
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

/** An item that is a tool call. */
export interface SessionItemCall {
  readonly call: ToolCallSnapshot;
  /** Whether the program runs the tool, so that the call ends with the program's output. */
  readonly asksProgram: boolean;
  readonly ended: boolean;
  /** Its duration in milliseconds, if the item contains it. */
  readonly duration: number | undefined;
}

/** Reads an item as a tool call; `undefined` if it is none. An unknown `…_call` counts as a hosted tool. */
export function readItemCall(item: unknown, options: { content: boolean }): SessionItemCall | undefined {
  const type = stringField(item, 'type') ?? '';
  const status = stringField(item, 'status');
  if (type === 'function_call') {
    const call = readTurnFunctionCall(item, options);
    return call && { call: withFailure(call, item), asksProgram: true, ended: false, duration: undefined };
  }
  const known = row(TOOL_ITEMS, type) ?? unknownItemCall(type);
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
    content: options.content ? readSessionItemContent(known, item) : undefined,
    ...(subagentId === undefined ? {} : { subagentId }),
  };
  return {
    call: withFailure(call, item),
    asksProgram: false,
    ended: status !== undefined && status !== 'in_progress',
    duration: typeof duration === 'number' && duration >= 0 ? duration : undefined,
  };
}

function unknownItemCall(type: string): ToolItem | undefined {
  return type.endsWith('_call') ? { tool: type.slice(0, -'_call'.length), ...UNKNOWN_CALL } : undefined;
}

function withFailure(call: ToolCallSnapshot, item: unknown): ToolCallSnapshot {
  const error = field(item, 'error') ?? undefined;
  const failed = stringField(item, 'status') === 'failed' || error !== undefined;
  return failed ? { ...call, failure: readError(error, 'failed') } : call;
}

function readSessionItemContent(item: ToolItem, value: unknown): ToolCallContent {
  return {
    ...NO_TOOL_CONTENT,
    arguments: readFields(value, item.given),
    result: readFields(value, item.result),
  };
}

/** Reads one field as its value and several as an object, without missing ones. */
function readFields(value: unknown, names: readonly string[]): unknown {
  const entries = names.flatMap((name): [string, unknown][] => {
    const found = readField(value, name) ?? undefined;
    return found === undefined ? [] : [[name, found]];
  });
  if (names.length === 1) return entries[0]?.[1];
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function readField(value: unknown, name: string): unknown {
  if (name === 'content') return readSessionParts(arrayField(value, name));
  // A screenshot is subject to the option `media`.
  const image = textField(objectField(value, name), 'image_url');
  if (image !== undefined) return urlPart(image, 'image');
  const found = parseJson(field(value, name));
  return name === 'action' ? readPage(found) : found;
}
