import type { Attributes } from '@opentelemetry/api';
import type { Message, MessagePart } from '../../config/completion-types.ts';
import { define } from '../../operations/attributes.ts';
import { readContentPart } from '../../operations/content-parts.ts';
import { readDocuments } from '../../operations/sources.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { parseJson, partsOf } from '../../telemetry/content/messages.ts';
import { readUsage } from '../../telemetry/cost/usage.ts';
import { type Failure, readError } from '../../telemetry/outcomes/failure.ts';
import {
  arrayField,
  asArray,
  asCount,
  asName,
  asNumber,
  asObject,
  field,
  fieldsOf,
  first,
  MAX_READ,
  MAX_REPEATED,
  names,
  objectField,
  type PayloadObject,
  row,
  stringField,
  textField,
  tolerating,
} from '../../util/payload.ts';
import type { ToolOutput } from '../dialect.ts';
import type {
  Agent,
  InvocationSnapshot,
  MessageSnapshot,
  StepSnapshot,
  ToolCallContent,
  ToolCallSnapshot,
} from '../model.ts';
import { asTime } from '../operation-clock.ts';
import { NO_TOOL_CONTENT, toolCounts } from '../tool-calls/tool-facts.ts';
import { readAgentContent } from './read-request.ts';

/**
 * Reads the objects of the Assistants API. They come from the server and may be malformed; one without an id is
 * ignored.
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

/** @param options.known whether the run was seen before. Its constant fields are then not read again */
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

/** Reads the parameters of a run, from the run or from the request that creates it. */
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

/** The vector stores in the `tool_resources` of a run, thread or assistant, or of the request that creates it. */
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

const NO_STEP_CALLS: readonly ToolCallSnapshot[] = [];

/** Reads the first tool calls of a step, or of a run's `required_action`. */
export function readStepToolCalls(calls: readonly unknown[], content: boolean): readonly ToolCallSnapshot[] {
  if (calls.length === 0) return NO_STEP_CALLS;
  return first(calls).flatMap((call) => readStepToolCall(call, content) ?? []);
}

/** @see https://platform.openai.com/docs/api-reference/run-steps/step-object */
function readStepToolCall(value: unknown, content: boolean): ToolCallSnapshot | undefined {
  const id = stringField(value, 'id');
  const type = stringField(value, 'type');
  if (id === undefined || type === undefined) return undefined;
  const details = objectField(value, type);
  const hasResult = RESULTS.some((name) => isToolResult(field(details, name)));
  return {
    id,
    type,
    name: (type === 'function' ? stringField(details, 'name') : undefined) ?? type,
    ...toolCounts(type, details),
    content: content ? { ...NO_TOOL_CONTENT, ...readToolCallContent(type, details) } : undefined,
    ...(hasResult ? { hasResult } : {}),
  };
}

/** The fields with the result of a function, a code interpreter and a file search. */
const RESULTS = ['output', 'outputs', 'results'];

function isToolResult(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : typeof value === 'string';
}

function readToolCallContent(type: string, details: unknown): Partial<ToolCallContent> {
  switch (type) {
    case 'function':
      return {
        arguments: parseJson(field(details, 'arguments')),
        result: parseJson(field(details, 'output')),
      };
    case 'code_interpreter':
      return { arguments: codeOf(details), result: logsOf(details) };
    case 'file_search':
      return {
        query: textField(details, 'query'),
        documents: readDocuments(arrayField(details, 'results')),
      };
    default:
      return { arguments: asObject(details) };
  }
}

function codeOf(details: unknown): unknown {
  const code = textField(details, 'input');
  return code === undefined ? undefined : { code };
}

function logsOf(details: unknown): unknown {
  const outputs = first(arrayField(details, 'outputs'), MAX_READ);
  const logs = outputs.flatMap((output) => textField(output, 'logs') ?? []);
  const images = outputs.flatMap((output) => stringField(objectField(output, 'image'), 'file_id') ?? []);
  return logs.length + images.length === 0 ? undefined : { logs: logs.join('\n'), images };
}

/** Reads a message of a thread, or of the request that creates it. */
export function readThreadMessageContent(message: unknown): Message {
  const content = field(message, 'content');
  return {
    role: textField(message, 'role') ?? 'user',
    parts: [
      ...(typeof content === 'string'
        ? [{ type: 'text' as const, content }]
        : partsOf(arrayField(message, 'content'), readContentPart)),
      ...first(arrayField(message, 'attachments')).flatMap(readAttachment),
    ],
  };
}

function readAttachment(attachment: unknown): MessagePart[] {
  const file_id = textField(attachment, 'file_id');
  return file_id === undefined ? [] : [{ type: 'file', modality: 'document', file_id }];
}

export function readToolOutputs(body: unknown, content: boolean): ToolOutput[] {
  return arrayField(body, 'tool_outputs').flatMap((output) => {
    const callId = stringField(output, 'tool_call_id');
    if (callId === undefined) return [];
    const text = content ? field(output, 'output') : undefined;
    return [{ invocationId: undefined, callId, output: text, outcome: undefined }];
  });
}
