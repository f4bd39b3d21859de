import type { Attributes } from '@opentelemetry/api';
import type { Message, MessagePart } from '../../config/completion-types.ts';
import { define } from '../../operations/attributes.ts';
import { readDocuments } from '../../operations/citations.ts';
import { textOfPart } from '../../operations/content-parts.ts';
import { readAgentContent } from '../../operations/create-agent.ts';
import { type ApiRequest, operationOf } from '../../operations/index.ts';
import { readMessageContent } from '../../operations/response/content.ts';
import { givenTo } from '../../operations/tool-calls.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { parseJson } from '../../telemetry/content/messages.ts';
import { readUsage } from '../../telemetry/cost/usage.ts';
import { type Failure, readReported } from '../../telemetry/outcomes/failure.ts';
import {
  arrayField,
  asArray,
  asCount,
  asName,
  asNumber,
  asObject,
  asText,
  asWord,
  field,
  fieldsOf,
  first,
  MAX_READ,
  names,
  numberField,
  objectField,
  type PayloadObject,
  row,
  stringField,
  textField,
  tolerating,
} from '../../util/payload.ts';
import type {
  AgentSettings,
  Dialect,
  FactSink,
  Get,
  Intent,
  InvocationSnapshot,
  InvocationView,
  MessageSnapshot,
  StepSnapshot,
  ToolCallContent,
  ToolCallSnapshot,
  ToolOutput,
} from '../dialect.ts';
import { asTime } from '../operation-clock.ts';
import {
  conversationUse,
  FINISH_REASONS,
  listPages,
  NONE,
  oldestFirst,
  parameterOf,
  readAgent,
  readRequestMessages,
  toolCounts,
} from './shared-readers.ts';

const THREADS = '/threads';
const MESSAGES = '/threads/{thread_id}/messages';
const RUN_STEPS = '/threads/{thread_id}/runs/{run_id}/steps';

/**
 * Threads, runs and run steps of the Assistants API as conversations, invocations and steps. Objects come from the
 * server and may be malformed; one without an id is ignored.
 *
 * @see https://platform.openai.com/docs/api-reference/runs/object
 */
export const assistants: Dialect = {
  kind: 'thread',
  identifiesAtOnce: true,
  version: 'assistants=v2',

  intent(request, content): Intent {
    const { route, body } = request;
    const posts = request.method === 'POST';
    const starts = posts && operationOf(route).traits?.invokesAgent === true;
    const submits = posts && route.template.endsWith('/submit_tool_outputs');
    const drives = route.folds === 'run' ? 'drives' : 'none';
    return {
      conversation: conversationUse(request, THREADS, starts),
      conversationId: parameterOf(request, 'thread_id'),
      invocation: starts ? 'starts' : route.template === RUN_STEPS ? 'lists' : drives,
      invocationId: parameterOf(request, 'run_id'),
      messages: posts
        ? readRequestMessages(messagesIn(request, starts), content, readThreadMessageContent)
        : NONE,
      deletedId: request.method === 'DELETE' ? parameterOf(request, 'message_id') : undefined,
      outputs: submits ? readToolOutputs(body, content) : NONE,
    };
  },

  requested({ body }, content): AgentSettings {
    return {
      agentId: stringField(body, 'assistant_id'),
      model: stringField(body, 'model'),
      parameters: readRunParameters(body),
      content: content ? readAgentContent(body) : undefined,
      vectorStoreIds: [...readStores(body), ...readStores(objectField(body, 'thread'))],
    };
  },

  conversationOf: (value) => stringField(value, field(value, 'object') === 'thread' ? 'id' : 'thread_id'),

  read(value, sink, query): void {
    // An array for one object would cost each poll of a run some hundred bytes.
    if (field(value, 'object') !== 'list') readObject(value, sink);
    else for (const object of oldestFirst(value, query)) readObject(object, sink);
  },

  readEvent(event, sink): void {
    const name = stringField(event, 'event');
    const data = field(event, 'data');
    if (name === 'thread.message.delta' || name === 'thread.run.step.delta')
      sink.text(undefined, stringField(data, 'id'), isToken(field(data, 'delta')));
    else readObject(data, sink);
  },

  readEnd: async (run, get, sink) => readObject(await get(runPath(run)), sink),
  readDetails: readRunDetails,
  agentPath: (assistantId) => `/assistants/${encodeURIComponent(assistantId)}`,
};

function isToken(delta: unknown): boolean {
  return (
    arrayField(delta, 'content').some((part) => textOfPart(part) !== undefined) ||
    arrayField(field(delta, 'step_details'), 'tool_calls').some((call) => {
      const called = objectField(call, 'function') ?? field(call, 'code_interpreter');
      return asText(givenTo(called)) !== undefined;
    })
  );
}

function messagesIn({ route, body }: ApiRequest, starts: boolean): readonly unknown[] {
  if (route.template === MESSAGES) return [body];
  if (route.endpoint === 'POST /threads/runs') return arrayField(objectField(body, 'thread'), 'messages');
  if (route.template === THREADS) return arrayField(body, 'messages');
  return starts ? arrayField(body, 'additional_messages') : NONE;
}

const THREAD_OBJECTS: Readonly<Record<string, (value: unknown, sink: FactSink) => void>> = {
  'thread.run': (value, sink) => {
    const wanted = sink.wants(stringField(value, 'id'), stringField(value, 'thread_id'));
    if (wanted === 'nothing') return;
    const snapshot = readRun(value, { content: sink.content, known: wanted === 'changes' });
    if (snapshot !== undefined) sink.invocation({ snapshot, object: value });
  },
  'thread.run.step': (value, sink) => {
    const step = isWanted(value, sink) ? readStep(value, sink) : undefined;
    if (step !== undefined) sink.step(step);
  },
  'thread.message': (value, sink) => {
    const message = isWanted(value, sink) ? readThreadMessage(value, sink) : undefined;
    if (message?.role === 'assistant') sink.message(message);
  },
  thread: (value, sink) => {
    const id = stringField(value, 'id');
    const stores = readStores(value);
    if (id !== undefined && stores.length > 0) sink.vectorStores(id, stores);
  },
  assistant: (value, sink) => {
    const agent = readAgent(value);
    if (agent !== undefined) sink.agent({ ...agent, vectorStoreIds: readStores(value) });
  },
};

function readObject(value: unknown, sink: FactSink): void {
  row(THREAD_OBJECTS, stringField(value, 'object'))?.(value, sink);
}

function isWanted(value: unknown, sink: FactSink): boolean {
  return sink.wants(stringField(value, 'run_id'), stringField(value, 'thread_id')) !== 'nothing';
}

/** The newest messages of a thread. Older ones are not looked for. */
const NEWEST_MESSAGES = { limit: 20, order: 'desc' };

/**
 * Reads the steps of an ended run and, if content is recorded, its messages. What the program's own requests
 * have shown is not read again.
 */
async function readRunDetails(run: InvocationView, get: Get, sink: FactSink): Promise<boolean> {
  const reads = run.isComplete ? [] : [readSteps(run, get, sink)];
  if (sink.content && !run.knowsMessages) {
    const listed = get(`${threadPath(run)}/messages`, NEWEST_MESSAGES);
    reads.push(listed.then((messages) => readMessagesOfRun(messages, run, sink)));
  }
  const results = await Promise.allSettled(reads);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return false;
}

const SEARCH_RESULTS = 'step_details.tool_calls[*].file_search.results[*].content';

async function readSteps(run: InvocationView, get: Get, sink: FactSink): Promise<void> {
  const path = `${runPath(run)}/steps`;
  // The name has brackets because openai 4.40 to 4.56 cannot encode a list.
  const include = sink.content ? { 'include[]': SEARCH_RESULTS } : {};
  const steps = await listPages(get, path, include).catch((error) => {
    // Version 1 of the API and some servers reject this field.
    if (numberField(error, 'status') !== 400) throw error;
    return listPages(get, path);
  });
  for (const step of steps) readObject(step, sink);
}

function runPath(run: InvocationView): string {
  return `${threadPath(run)}/runs/${encodeURIComponent(run.id ?? '')}`;
}

function threadPath({ conversationId = '' }: InvocationView): string {
  return `${THREADS}/${encodeURIComponent(conversationId)}`;
}

/**
 * Reads a thread's newest messages for one of its runs. The messages that the run made are its output, and
 * those before them its input. Without output, the messages that existed at the run's creation are its input.
 */
export function readMessagesOfRun(listed: unknown, run: InvocationView, sink: FactSink): void {
  const { id, conversationId, snapshot } = run;
  if (id === undefined) return;
  const messages = oldestFirst(listed, NEWEST_MESSAGES)
    .flatMap((value) => readThreadMessage(value, sink) ?? [])
    // Some servers ignore the requested order.
    .sort((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0));
  const isAnswer = ({ invocationId, role }: MessageSnapshot): boolean =>
    invocationId === id && role === 'assistant';
  const answer = messages.findIndex(isAnswer);
  const { createdAt: created = Number.NEGATIVE_INFINITY } = snapshot ?? {};
  const given =
    answer >= 0
      ? messages.slice(0, answer)
      : messages.filter(({ createdAt = Number.POSITIVE_INFINITY }) => createdAt <= created);
  for (const message of given) sink.message({ ...message, conversationId, invocationId: id, isInput: true });
  for (const message of messages) if (isAnswer(message)) sink.message(message);
}

type ReadingOptions = Pick<FactSink, 'content'>;

/** @param options.known whether the run was seen before. Its constant fields are then not read again */
export const readRun: (
  value: unknown,
  options: ReadingOptions & { readonly known?: boolean },
) => InvocationSnapshot | undefined = tolerating((value, { content, known = false }) => {
  const run = fieldsOf(value);
  const id = asName(run.id);
  const status = asWord(run.status);
  if (id === undefined || status === undefined || run.object !== 'thread.run') return undefined;
  const reason = row(FINISH_REASONS, status);
  const ended = reason !== undefined;
  const cut = status === 'incomplete' ? asWord(field(run.incomplete_details, 'reason')) : undefined;
  const required = field(run.required_action, 'submit_tool_outputs');
  return {
    id,
    status,
    conversationId: asName(run.thread_id),
    agentId: asName(run.assistant_id),
    phase: ended ? 'ended' : status === 'requires_action' ? 'waiting' : 'open',
    model: asName(run.model),
    parameters: known ? undefined : readRunParameters(value),
    createdAt: asTime(run.created_at),
    endedAt: ended ? readEndTime(run) : undefined,
    expiresAt: asTime(run.expires_at),
    usage: run.usage === null ? undefined : readUsage(run.usage),
    failure: ended ? readLastError(run.last_error, status) : undefined,
    finishReason: cut ?? reason,
    pendingToolCalls: readStepToolCalls(arrayField(required, 'tool_calls'), content),
    vectorStoreIds: readStores(value),
    content: content && !known ? readAgentContent(value) : undefined,
  };
});

export const readRunParameters: (value: unknown) => Attributes = tolerating((value) => {
  const run = fieldsOf(value);
  const attributes: Attributes = {};
  define(attributes, ATTR.GEN_AI_REQUEST_TEMPERATURE, asNumber(run.temperature));
  define(attributes, ATTR.GEN_AI_REQUEST_TOP_P, asNumber(run.top_p));
  define(attributes, ATTR.GEN_AI_REQUEST_MAX_TOKENS, asCount(run.max_completion_tokens));
  define(attributes, ATTR.GEN_AI_REQUEST_REASONING_LEVEL, asWord(run.reasoning_effort));
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
    const status = asWord(step.status) ?? 'in_progress';
    const ended = row(FINISH_REASONS, status) !== undefined;
    const details = fieldsOf(step.step_details);
    const calls = asArray(details.tool_calls);
    return {
      id,
      conversationId: asName(step.thread_id),
      invocationId,
      status,
      type: asWord(step.type) ?? asWord(details.type) ?? 'unknown',
      ended,
      createdAt: asTime(step.created_at),
      endedAt: ended ? readEndTime(step) : undefined,
      usage: readUsage(step.usage),
      failure: ended ? readLastError(step.last_error, status) : undefined,
      messageId: asName(fieldsOf(details.message_creation).message_id),
      toolCalls: readStepToolCalls(calls, content),
      callCount: calls.length,
    };
  },
);

const readThreadMessage: (value: unknown, options: ReadingOptions) => MessageSnapshot | undefined =
  tolerating((value, { content }) => {
    const message = fieldsOf(value);
    const id = asName(message.id);
    if (id === undefined || message.object !== 'thread.message') return undefined;
    return {
      id,
      role: asName(message.role) ?? 'user',
      conversationId: asName(message.thread_id),
      invocationId: asName(message.run_id),
      createdAt: asTime(message.created_at),
      content: content ? readThreadMessageContent(value) : undefined,
    };
  });

function readStores(value: unknown): readonly string[] {
  const resources = field(value, 'tool_resources');
  return resources ? names(arrayField(field(resources, 'file_search'), 'vector_store_ids')) : NONE;
}

function readEndTime(ended: PayloadObject): number | undefined {
  const { status, completed_at, failed_at, cancelled_at, expired_at, expires_at } = ended;
  // A step has `expired_at`, but a run does not.
  const expired = expired_at ?? (status === 'expired' ? expires_at : undefined);
  return asTime(completed_at) ?? asTime(failed_at) ?? asTime(cancelled_at) ?? asTime(expired);
}

function readLastError(error: unknown, status: string): Failure | undefined {
  return status === 'failed' || status === 'expired' ? readReported(error, status) : undefined;
}

/** @see https://platform.openai.com/docs/api-reference/run-steps/step-object */
export function readStepToolCalls(calls: readonly unknown[], content: boolean): readonly ToolCallSnapshot[] {
  if (calls.length === 0) return NONE;
  return first(calls).flatMap((call): ToolCallSnapshot[] => {
    const id = stringField(call, 'id');
    const type = asWord(field(call, 'type'));
    if (id === undefined || type === undefined) return [];
    const details = objectField(call, type);
    const name = (type === 'function' ? stringField(details, 'name') : undefined) ?? type;
    const hasResult = RESULTS.some((result) => isToolResult(field(details, result)));
    const own = content ? readToolCallContent(type, details) : undefined;
    return [{ id, type, name, ...toolCounts(type, details), content: own, ...(hasResult && { hasResult }) }];
  });
}

const RESULTS = ['output', 'outputs', 'results'];

function isToolResult(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : typeof value === 'string';
}

function readToolCallContent(type: string, details: unknown): ToolCallContent {
  switch (type) {
    case 'function':
      return {
        arguments: parseJson(field(details, 'arguments')),
        result: parseJson(field(details, 'output')),
      };
    case 'code_interpreter': {
      const code = textField(details, 'input');
      return { arguments: code === undefined ? undefined : { code }, result: logsOf(details) };
    }
    case 'file_search':
      return {
        query: textField(details, 'query'),
        documents: readDocuments(arrayField(details, 'results')),
      };
    default:
      return { arguments: asObject(details) };
  }
}

function logsOf(details: unknown): unknown {
  const outputs = first(arrayField(details, 'outputs'), MAX_READ);
  const logs = outputs.flatMap((output) => textField(output, 'logs') ?? []);
  const images = outputs.flatMap((output) => stringField(objectField(output, 'image'), 'file_id') ?? []);
  return logs.length + images.length === 0 ? undefined : { logs: logs.join('\n'), images };
}

export function readThreadMessageContent(message: unknown): Message {
  return {
    role: textField(message, 'role') ?? 'user',
    parts: [
      ...readMessageContent(field(message, 'content')),
      ...first(arrayField(message, 'attachments')).flatMap(readAttachment),
    ],
  };
}

function readAttachment(attachment: unknown): MessagePart[] {
  const file_id = textField(attachment, 'file_id');
  return file_id === undefined ? [] : [{ type: 'file', modality: 'document', file_id }];
}

function readToolOutputs(body: unknown, content: boolean): ToolOutput[] {
  return arrayField(body, 'tool_outputs').flatMap((output) => {
    const callId = stringField(output, 'tool_call_id');
    if (callId === undefined) return [];
    const text = content ? field(output, 'output') : undefined;
    return [{ invocationId: undefined, callId, output: text, outcome: undefined }];
  });
}
