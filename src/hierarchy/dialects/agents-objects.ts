import type { Attributes } from '@opentelemetry/api';
import type { Message, MessagePart } from '../../config/completion-types.ts';
import { define } from '../../operations/attributes.ts';
import { readPage } from '../../operations/response/content.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { urlPart } from '../../telemetry/content/media.ts';
import { parseJson, partsOf } from '../../telemetry/content/messages.ts';
import { usageIn } from '../../telemetry/cost/usage.ts';
import { readError } from '../../telemetry/outcomes/failure.ts';
import { readToolOutcome } from '../../telemetry/outcomes/tool-outcome.ts';
import {
  arrayField,
  asArray,
  field,
  first,
  numberField,
  objectField,
  row,
  stringField,
  textField,
} from '../../util/payload.ts';
import type { InvocationFact, RequiredAction, ToolCallFact } from '../dialect.ts';
import { type Agent, type Phase, type ToolCallSnapshot, UNTOLD } from '../model.ts';
import { asTime } from '../operation-clock.ts';
import { NO_TOOL_CONTENT } from '../tool-calls/tool-facts.ts';
import { readRequestMessages } from './read-request.ts';

/**
 * Reads the objects of the Agents API. They come from the server and may be malformed; one without an id is ignored.
 *
 * @see https://platform.openai.com/docs/api-reference/agents
 */

const PHASES: Readonly<Record<string, Phase>> = {
  waiting: 'waiting',
  completed: 'ended',
  failed: 'ended',
  cancelled: 'ended',
};

const TURN_FINISH_REASONS: Readonly<Record<string, string>> = {
  completed: 'stop',
  failed: 'error',
  cancelled: 'cancelled',
};

/** Reads an agent, whether it is saved on its own or exists only inside a session. */
export function readAgent(value: unknown): Agent | undefined {
  const id = stringField(value, 'id');
  return id === undefined
    ? undefined
    : { id, name: stringField(value, 'name'), model: stringField(value, 'model') };
}

/** The settings of an agent that are parameters of its model calls. */
export function readAgentParameters(agent: unknown): Attributes {
  const attributes: Attributes = {};
  const effort = stringField(objectField(agent, 'reasoning'), 'effort');
  define(attributes, ATTR.GEN_AI_REQUEST_REASONING_LEVEL, effort);
  const format = objectField(objectField(agent, 'text'), 'format');
  if (stringField(format, 'type') === 'json_schema') attributes[ATTR.GEN_AI_OUTPUT_TYPE] = 'json';
  return attributes;
}

/**
 * @param event the event that contains the turn and may add `usage`
 */
export function readTurn(value: unknown, event?: unknown): Omit<InvocationFact, 'moment'> | undefined {
  const id = stringField(value, 'id');
  const sessionId = stringField(value, 'session_id');
  const status = stringField(value, 'status');
  if (id === undefined || sessionId === undefined || status === undefined) return undefined;
  return {
    subagentId: stringField(value, 'subagent_id'),
    snapshot: {
      ...UNTOLD,
      id,
      conversationId: sessionId,
      agentId: stringField(value, 'agent_id'),
      status,
      phase: row(PHASES, status) ?? 'open',
      createdAt: asTime(field(value, 'created_at')),
      endedAt: asTime(field(value, 'completed_at')),
      usage: usageIn(value) ?? usageIn(event),
      failure: status === 'failed' ? readError(field(value, 'error'), status) : undefined,
      finishReason: row(TURN_FINISH_REASONS, status),
    },
  };
}

export function readRequiredActions(session: unknown, options: { content: boolean }): RequiredAction[] {
  return first(arrayField(session, 'required_actions')).flatMap((action) => {
    const type = stringField(action, 'type');
    if (type === undefined) return [];
    return {
      type,
      id: ['call_id', 'request_id', 'environment_id'].map((name) => stringField(action, name)).find(Boolean),
      invocationId: stringField(action, 'turn_id'),
      call: type === 'function_call' ? readTurnFunctionCall(action, options) : undefined,
    };
  });
}

/** Reads a function call that the program must answer, from an item or a required action. */
function readTurnFunctionCall(value: unknown, options: { content: boolean }): ToolCallSnapshot | undefined {
  const id = stringField(value, 'call_id');
  const itemId = stringField(value, 'id');
  if (id === undefined) return undefined;
  return {
    id,
    type: 'function',
    name: stringField(value, 'name') ?? 'function',
    imageCount: undefined,
    resultCount: undefined,
    content: options.content
      ? { ...NO_TOOL_CONTENT, arguments: parseJson(field(value, 'arguments')) }
      : undefined,
    ...(itemId === undefined ? {} : { itemId }),
  };
}

interface ToolItem {
  /** The field with the name of the tool. Without it, the type of the item is the name. */
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
 * The types of items that are hosted tool calls. Calls that create or control a subagent are tool calls, too. The
 * subagent's own work is a turn.
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
/** Unknown types with this suffix count as hosted tools, too. */
const UNKNOWN_CALL: ToolItem = { given: ['action', 'arguments'], result: ['output'] };

/** Reads an item that is a tool call; `undefined` for any other item. */
export function readItemCall(
  item: unknown,
  options: { content: boolean },
): Omit<ToolCallFact, 'invocationId' | 'begun'> | undefined {
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

/** Reads some fields. One name gives its value; several give an object without the missing fields. */
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
  // The option `media` decides what is recorded of a screenshot.
  const image = textField(objectField(value, name), 'image_url');
  if (image !== undefined) return urlPart(image, 'image');
  const found = parseJson(field(value, name));
  return name === 'action' ? readPage(found) : found;
}

/** @param input a text, or a list of messages of the user or the agent */
export function readSessionInput(input: unknown, content: boolean): readonly (Message | undefined)[] {
  const isText = typeof input === 'string' && input !== '';
  const messages = isText ? [{ content: [{ text: input }] }] : asArray(input);
  return readRequestMessages(messages, content, readSessionMessage);
}

export function readSessionMessage(message: unknown): Message {
  return {
    role: textField(message, 'role') ?? 'user',
    parts: readSessionParts(arrayField(message, 'content')),
  };
}

/** Reads the visible reasoning of the agent. */
export function readSessionReasoning(item: unknown): Message | undefined {
  const parts = partsOf(arrayField(item, 'summary'), (part): MessagePart[] => {
    const content = textField(part, 'text');
    return content === undefined ? [] : [{ type: 'reasoning', content }];
  });
  return parts.length === 0 ? undefined : { role: 'assistant', parts };
}

/** Reads texts and images. Other parts, such as encrypted ones, are left out. */
export function readSessionParts(content: readonly unknown[]): MessagePart[] {
  return partsOf(content, (part): MessagePart[] => {
    const text = field(part, 'text');
    if (typeof text === 'string') return [{ type: 'text', content: text }];
    const url = textField(part, 'image_url');
    return url === undefined ? [] : [urlPart(url, 'image')];
  });
}

/** Reads the result of a function. It is a list of parts, or a text, which is parsed if it is JSON. */
export function readFunctionOutput(output: unknown): unknown {
  return Array.isArray(output) ? readSessionParts(output) : parseJson(output);
}
