import type { Attributes } from '@opentelemetry/api';
import { define } from '../../operations/attributes.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { parseJson } from '../../telemetry/content/messages.ts';
import { usageIn } from '../../telemetry/cost/usage.ts';
import { readError } from '../../telemetry/error.ts';
import { arrayField, field, first, objectField, row, stringField } from '../../util/payload.ts';
import type { InvocationFact, RequiredAction } from '../dialect.ts';
import type { Agent, Phase, ToolCallSnapshot } from '../model.ts';
import { asTime } from '../operation-clock.ts';
import { NO_TOOL_CONTENT } from '../tool-calls/tool-facts.ts';

/**
 * Reads the untrusted objects of the Agents API. An object without an id is ignored.
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

/** Reads an agent, saved or inside a session. */
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
      id,
      conversationId: sessionId,
      agentId: stringField(value, 'agent_id'),
      status,
      phase: row(PHASES, status) ?? 'open',
      model: undefined,
      parameters: {},
      createdAt: asTime(field(value, 'created_at')),
      endedAt: asTime(field(value, 'completed_at')),
      expiresAt: undefined,
      usage: usageIn(value) ?? usageIn(event),
      failure: status === 'failed' ? readError(field(value, 'error'), status) : undefined,
      finishReason: row(TURN_FINISH_REASONS, status),
      pendingToolCalls: [],
      vectorStoreIds: [],
      content: undefined,
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

/** Reads a function call for the program, from an item or a required action. */
export function readTurnFunctionCall(
  value: unknown,
  options: { content: boolean },
): ToolCallSnapshot | undefined {
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
