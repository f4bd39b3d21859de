import type { Attributes } from '@opentelemetry/api';
import { define } from '../../operations/attributes.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { readUsage } from '../../telemetry/cost/usage.ts';
import { type Failure, readError } from '../../telemetry/error.ts';
import {
  arrayField,
  asArray,
  asCount,
  asName,
  asNumber,
  field,
  fieldsOf,
  MAX_REPEATED,
  names,
  type PayloadObject,
  row,
  stringField,
  tolerating,
} from '../../util/payload.ts';
import type { Agent, InvocationSnapshot, MessageSnapshot, StepSnapshot } from '../model.ts';
import { asTime } from '../operation-clock.ts';
import { readAgentContent } from '../read-request.ts';
import { readThreadMessageContent } from './content.ts';
import { readStepToolCalls } from './tool-calls.ts';

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

const NO_STORES: readonly string[] = [];
const NO_RUN_PARAMETERS: Attributes = Object.freeze({});

interface ReadingOptions {
  readonly content: boolean;
}

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
export const readRun: (
  value: unknown,
  options: ReadingOptions & { readonly known?: boolean },
) => InvocationSnapshot | undefined = tolerating((value, options) => {
  const run = fieldsOf(value);
  const id = asName(run.id);
  const status = asName(run.status);
  if (id === undefined || status === undefined || run.object !== 'thread.run') return undefined;
  const ended = ENDED_RUN_STATUSES.has(status);
  const required = field(run.required_action, 'submit_tool_outputs');
  return {
    id,
    status,
    conversationId: asName(run.thread_id),
    agentId: asName(run.assistant_id),
    phase: ended ? 'ended' : status === 'requires_action' ? 'waiting' : 'open',
    model: asName(run.model),
    parameters: options.known ? NO_RUN_PARAMETERS : readRunParameters(value),
    createdAt: asTime(run.created_at),
    endedAt: ended ? readEndTime(run) : undefined,
    expiresAt: asTime(run.expires_at),
    usage: run.usage === null ? undefined : readUsage(run.usage),
    failure: ended ? readLastError(run.last_error, status) : undefined,
    finishReason: ended ? readFinishReason(run.incomplete_details, status) : undefined,
    pendingToolCalls: readStepToolCalls(arrayField(required, 'tool_calls'), options.content),
    vectorStoreIds: run.tool_resources ? readStores(value) : NO_STORES,
    content: options.content && !options.known ? readAgentContent(value) : undefined,
  };
});

/** The parameters in a run or in the request that creates it. */
export const readRunParameters: (value: unknown) => Attributes = tolerating((value) => {
  const run = fieldsOf(value);
  const attributes: Attributes = {};
  define(attributes, ATTR.GEN_AI_REQUEST_TEMPERATURE, asNumber(run.temperature));
  define(attributes, ATTR.GEN_AI_REQUEST_TOP_P, asNumber(run.top_p));
  define(attributes, ATTR.GEN_AI_REQUEST_MAX_TOKENS, asCount(run.max_completion_tokens));
  define(attributes, ATTR.GEN_AI_REQUEST_REASONING_LEVEL, asName(run.reasoning_effort));
  define(attributes, ATTR.OPENAI_RUN_MAX_PROMPT_TOKENS, asCount(run.max_prompt_tokens));
  const { last_messages } = fieldsOf(run.truncation_strategy);
  define(attributes, ATTR.OPENAI_RUN_LAST_MESSAGES, asCount(last_messages));
  const { type: format } = fieldsOf(run.response_format);
  if (format === 'json_object' || format === 'json_schema') attributes[ATTR.GEN_AI_OUTPUT_TYPE] = 'json';
  return attributes;
});

export const readStep: (value: unknown, options: ReadingOptions) => StepSnapshot | undefined = tolerating(
  (value, { content }) => {
    const step = fieldsOf(value);
    const id = asName(step.id);
    const invocationId = asName(step.run_id);
    if (id === undefined || invocationId === undefined || step.object !== 'thread.run.step') return undefined;
    const status = asName(step.status) ?? 'in_progress';
    const ended = ENDED_RUN_STATUSES.has(status);
    const details = fieldsOf(step.step_details);
    const calls = asArray(details.tool_calls);
    return {
      id,
      conversationId: asName(step.thread_id),
      invocationId,
      status,
      type: asName(step.type) ?? asName(details.type) ?? 'unknown',
      ended,
      createdAt: asTime(step.created_at),
      endedAt: ended ? readEndTime(step) : undefined,
      usage: readUsage(step.usage),
      failure: ended ? readLastError(step.last_error, status) : undefined,
      messageId: asName(fieldsOf(details.message_creation).message_id),
      toolCalls: readStepToolCalls(calls, content),
      skippedToolCalls: Math.max(0, calls.length - MAX_REPEATED),
    };
  },
);

export const readThreadMessage: (value: unknown, options: ReadingOptions) => MessageSnapshot | undefined =
  tolerating((value, { content }) => {
    const { id: givenId, object, role, thread_id, run_id } = fieldsOf(value);
    const id = asName(givenId);
    if (id === undefined || object !== 'thread.message') return undefined;
    return {
      id,
      role: asName(role) ?? 'user',
      conversationId: asName(thread_id),
      invocationId: asName(run_id),
      content: content ? readThreadMessageContent(value) : undefined,
    };
  });

/** The vector stores in the `tool_resources` of a run, a thread, an assistant, or of a request for one. */
export function readStores(value: unknown): readonly string[] {
  const ids = arrayField(field(field(value, 'tool_resources'), 'file_search'), 'vector_store_ids');
  return ids.length === 0 ? NO_STORES : names(ids);
}

function readEndTime(ended: PayloadObject): number | undefined {
  const { completed_at, failed_at, cancelled_at, expired_at } = ended;
  return asTime(completed_at) ?? asTime(failed_at) ?? asTime(cancelled_at) ?? asTime(expired_at);
}

/** Failed and expired runs are errors; incomplete and cancelled ones are not. */
function readLastError(error: unknown, status: string): Failure | undefined {
  return status === 'failed' || status === 'expired' ? readError(error, status) : undefined;
}

const RUN_FINISH_REASONS: Readonly<Record<string, string>> = {
  completed: 'stop',
  failed: 'error',
  expired: 'error',
  cancelled: 'cancelled',
};

function readFinishReason(incomplete: unknown, status: string): string | undefined {
  if (status === 'incomplete') return stringField(incomplete, 'reason') ?? 'incomplete';
  return row(RUN_FINISH_REASONS, status);
}
