import { readPage } from '../../operations/response/content.ts';
import { parseJson, urlPart } from '../../telemetry/content/messages.ts';
import { readToolOutcome } from '../../telemetry/tool-outcome.ts';
import {
  arrayField,
  field,
  numberField,
  objectField,
  row,
  stringField,
  textField,
} from '../../util/payload.ts';
import type { ToolCallSnapshot } from '../model.ts';
import { NO_TOOL_CONTENT } from '../tool-calls/tool-facts.ts';
import { readSessionParts } from './content.ts';
import { readTurnFunctionCall } from './objects.ts';

interface ToolItem {
  /** The field with the name of the tool; otherwise its type is its name. */
  readonly name?: string;
  /** The field with the id of the subagent. */
  readonly subagent?: string;
  /** The fields with the arguments. */
  readonly given?: readonly string[];
  /** The fields with the result. */
  readonly result?: readonly string[];
}

const RECIPIENT = 'recipient_agent_id';

/**
 * The types of items that are hosted tool calls. Calls about subagents are tools of the model, too; the subagent's own
 * work is a turn.
 *
 * @see https://platform.openai.com/docs/api-reference/agents
 */
const TOOL_ITEMS: Readonly<Record<string, ToolItem>> = {
  mcp_call: { name: 'name', given: ['arguments'], result: ['output'] },
  command_execution: { given: ['command', 'cwd'], result: ['output', 'exit_code'] },
  web_search_call: { given: ['action'] },
  computer_use_call: { given: ['title'], result: ['output'] },
  create_subagent_call: { given: ['content', 'model', 'reasoning_effort'] },
  send_subagent_input_call: { subagent: RECIPIENT, given: ['content'] },
  resume_subagent_call: { subagent: RECIPIENT },
  wait_for_subagents_call: { given: ['recipient_agent_ids'] },
  interrupt_subagent_call: { subagent: RECIPIENT },
  close_subagent_call: { subagent: RECIPIENT },
};

const CALL_SUFFIX = '_call';
/** What else is called so counts as a hosted tool. */
const UNKNOWN_CALL: ToolItem = { given: ['action', 'arguments'], result: ['output'] };

/** An item that is a tool call. */
export interface SessionItemCall {
  readonly call: ToolCallSnapshot;
  /** Whether the program runs the tool, so that the call ends with the program's output. */
  readonly asksProgram: boolean;
  readonly ended: boolean;
  /** Its duration in milliseconds, if the item contains it. */
  readonly duration: number | undefined;
}

/** Reads an item as a tool call; `undefined` if it is none. */
export function readItemCall(item: unknown, options: { content: boolean }): SessionItemCall | undefined {
  const type = stringField(item, 'type') ?? '';
  const outcome = readToolOutcome(item);
  const told = outcome === undefined ? {} : { outcome };
  if (type === 'function_call') {
    const call = readTurnFunctionCall(item, options);
    return call && { call: { ...call, ...told }, asksProgram: true, ended: false, duration: undefined };
  }
  const known = row(TOOL_ITEMS, type) ?? (type.endsWith(CALL_SUFFIX) ? UNKNOWN_CALL : undefined);
  const id = stringField(item, 'id');
  if (known === undefined || id === undefined) return undefined;
  const { given = [], result = [] } = known;
  const tool = type.endsWith(CALL_SUFFIX) ? type.slice(0, -CALL_SUFFIX.length) : type;
  const subagentId = known.subagent === undefined ? undefined : stringField(item, known.subagent);
  const status = stringField(item, 'status');
  const duration = numberField(item, 'duration_ms') ?? Number.NaN;
  const call: ToolCallSnapshot = {
    id,
    itemId: id,
    type: tool,
    name: (known.name === undefined ? undefined : stringField(item, known.name)) ?? tool,
    imageCount: undefined,
    resultCount: undefined,
    serverLabel: stringField(item, 'server_label'),
    content: options.content
      ? { ...NO_TOOL_CONTENT, arguments: readFields(item, given), result: readFields(item, result) }
      : undefined,
    ...(subagentId === undefined ? {} : { subagentId }),
    ...told,
    ...(status === 'completed' ? { hasResult: true } : {}),
  };
  const ended = status !== undefined && status !== 'in_progress';
  return { call, asksProgram: false, ended, duration: duration >= 0 ? duration : undefined };
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
