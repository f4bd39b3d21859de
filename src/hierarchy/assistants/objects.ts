import type { Attributes } from '@opentelemetry/api';
import { define } from '../../operations/attributes.ts';
import {
  ATTR_GEN_AI_OUTPUT_TYPE,
  ATTR_GEN_AI_REQUEST_MAX_TOKENS,
  ATTR_GEN_AI_REQUEST_REASONING_LEVEL,
  ATTR_GEN_AI_REQUEST_TEMPERATURE,
  ATTR_GEN_AI_REQUEST_TOP_P,
  ATTR_OPENAI_RUN_LAST_MESSAGES,
  ATTR_OPENAI_RUN_MAX_PROMPT_TOKENS,
} from '../../semconv/attributes.ts';
import { readUsage } from '../../telemetry/cost/usage.ts';
import { type Failure, readError } from '../../telemetry/error.ts';
import {
  arrayField,
  countField,
  field,
  first,
  MAX_REPEATED,
  names,
  numberField,
  objectField,
  row,
  stringField,
} from '../../util/payload.ts';
import type { Agent, InvocationSnapshot, MessageSnapshot, Phase, StepSnapshot } from '../model.ts';
import { milliseconds } from '../server-clock.ts';
import { readRunContent, readThreadMessageContent } from './content.ts';
import { readStepToolCall } from './tool-calls.ts';

/**
 * Reads the untrusted objects of the Assistants API. An object without an id is ignored.
 *
 * @see https://platform.openai.com/docs/api-reference/runs/object
 */

const ENDED_RUN_STATUSES: ReadonlySet<string> = new Set([
  'completed',
  'failed',
  'cancelled',
  'expired',
  'incomplete',
]);

export function readAssistant(value: unknown): Agent | undefined {
  const id = stringField(value, 'id');
  if (id === undefined || field(value, 'object') !== 'assistant') return undefined;
  return {
    id,
    name: stringField(value, 'name'),
    model: stringField(value, 'model'),
    vectorStoreIds: readStores(value),
  };
}

/** @param options.known whether the run was seen before, so that its constant fields are not read again */
export function readRun(
  value: unknown,
  options: { content: boolean; known?: boolean },
): InvocationSnapshot | undefined {
  const id = stringField(value, 'id');
  const status = stringField(value, 'status');
  if (id === undefined || status === undefined || field(value, 'object') !== 'thread.run') return undefined;
  const required = objectField(objectField(value, 'required_action'), 'submit_tool_outputs');
  return {
    id,
    status,
    conversationId: stringField(value, 'thread_id'),
    agentId: stringField(value, 'assistant_id'),
    phase: phaseOf(status),
    model: stringField(value, 'model'),
    parameters: options.known === true ? {} : readRunParameters(value),
    createdAt: milliseconds(value, 'created_at'),
    endedAt: endedAt(value, status),
    expiresAt: milliseconds(value, 'expires_at'),
    usage: readUsage(field(value, 'usage')),
    failure: readLastError(value, status),
    finishReason: readFinishReason(value, status),
    pendingToolCalls: first(arrayField(required, 'tool_calls')).flatMap(
      (call) => readStepToolCall(call, options) ?? [],
    ),
    vectorStoreIds: readStores(value),
    content: options.content && options.known !== true ? readRunContent(value) : undefined,
  };
}

/** The parameters in a run or in the request that creates it. */
export function readRunParameters(value: unknown): Attributes {
  const attributes: Attributes = {};
  define(attributes, ATTR_GEN_AI_REQUEST_TEMPERATURE, numberField(value, 'temperature'));
  define(attributes, ATTR_GEN_AI_REQUEST_TOP_P, numberField(value, 'top_p'));
  define(attributes, ATTR_GEN_AI_REQUEST_MAX_TOKENS, countField(value, 'max_completion_tokens'));
  define(attributes, ATTR_GEN_AI_REQUEST_REASONING_LEVEL, stringField(value, 'reasoning_effort'));
  define(attributes, ATTR_OPENAI_RUN_MAX_PROMPT_TOKENS, countField(value, 'max_prompt_tokens'));
  const truncation = objectField(value, 'truncation_strategy');
  define(attributes, ATTR_OPENAI_RUN_LAST_MESSAGES, countField(truncation, 'last_messages'));
  const format = stringField(field(value, 'response_format'), 'type');
  if (format === 'json_object' || format === 'json_schema') attributes[ATTR_GEN_AI_OUTPUT_TYPE] = 'json';
  return attributes;
}

export function readStep(value: unknown, options: { content: boolean }): StepSnapshot | undefined {
  const id = stringField(value, 'id');
  const invocationId = stringField(value, 'run_id');
  if (id === undefined || invocationId === undefined || field(value, 'object') !== 'thread.run.step')
    return undefined;
  const status = stringField(value, 'status') ?? 'in_progress';
  const details = field(value, 'step_details');
  const calls = arrayField(details, 'tool_calls');
  return {
    id,
    conversationId: stringField(value, 'thread_id'),
    invocationId,
    status,
    type: stringField(value, 'type') ?? stringField(details, 'type') ?? 'unknown',
    ended: ENDED_RUN_STATUSES.has(status),
    createdAt: milliseconds(value, 'created_at'),
    endedAt: endedAt(value, status),
    usage: readUsage(field(value, 'usage')),
    failure: readLastError(value, status),
    messageId: stringField(objectField(details, 'message_creation'), 'message_id'),
    toolCalls: first(calls).flatMap((call) => readStepToolCall(call, options) ?? []),
    skippedToolCalls: Math.max(0, calls.length - MAX_REPEATED),
  };
}

export function readThreadMessage(
  value: unknown,
  options: { content: boolean },
): MessageSnapshot | undefined {
  const id = stringField(value, 'id');
  if (id === undefined || field(value, 'object') !== 'thread.message') return undefined;
  const role = stringField(value, 'role') ?? 'user';
  return {
    id,
    role,
    conversationId: stringField(value, 'thread_id'),
    invocationId: stringField(value, 'run_id'),
    content: options.content ? readThreadMessageContent(value) : undefined,
  };
}

/** The vector stores in the `tool_resources` of a run, a thread, an assistant, or of a request for one. */
export function readStores(value: unknown): string[] {
  const searched = objectField(objectField(value, 'tool_resources'), 'file_search');
  return names(arrayField(searched, 'vector_store_ids'));
}

function phaseOf(status: string): Phase {
  if (ENDED_RUN_STATUSES.has(status)) return 'ended';
  return status === 'requires_action' ? 'waiting' : 'open';
}

function endedAt(value: unknown, status: string): number | undefined {
  if (!ENDED_RUN_STATUSES.has(status)) return undefined;
  for (const name of ['completed_at', 'failed_at', 'cancelled_at', 'expired_at']) {
    const time = milliseconds(value, name);
    if (time !== undefined) return time;
  }
  return undefined;
}

/** Failed and expired runs are errors; incomplete and cancelled ones are not. */
function readLastError(value: unknown, status: string): Failure | undefined {
  return status === 'failed' || status === 'expired'
    ? readError(field(value, 'last_error'), status)
    : undefined;
}

const RUN_FINISH_REASONS: Readonly<Record<string, string>> = {
  completed: 'stop',
  failed: 'error',
  expired: 'error',
  cancelled: 'cancelled',
};

function readFinishReason(value: unknown, status: string): string | undefined {
  if (status === 'incomplete')
    return stringField(objectField(value, 'incomplete_details'), 'reason') ?? 'incomplete';
  return row(RUN_FINISH_REASONS, status);
}
