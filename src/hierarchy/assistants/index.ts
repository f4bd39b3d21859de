import { type ApiRequest, createThreadAndRun, operationOf } from '../../operations/index.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { arrayField, field, MAX_READ, objectField, stringField } from '../../util/payload.ts';
import type { AgentSettings, Dialect, FactSink, Intent } from '../dialect.ts';
import { isOldestFirst, oldestFirst } from '../list-pages.ts';
import {
  type ConversationPaths,
  conversationUse,
  parameterOf,
  readAgentContent,
  readRequestMessages,
} from '../read-request.ts';
import { readThreadMessageContent, readToolOutputs } from './content.ts';
import {
  readAssistant,
  readRun,
  readRunParameters,
  readStep,
  readStores,
  readThreadMessage,
} from './objects.ts';
import { readRunDetails, readRunEnd } from './read-run.ts';
import { readListedInput } from './run-input.ts';

const THREADS = '/threads';
const THREAD_PATHS: ConversationPaths = {
  all: THREADS,
  one: '/threads/{thread_id}',
  creating: [THREADS, '/threads/runs'],
};
const MESSAGES = '/threads/{thread_id}/messages';
const RUN_STEPS = '/threads/{thread_id}/runs/{run_id}/steps';

const NO_ENTRIES: readonly never[] = [];

/** Threads, runs and run steps of the Assistants API as conversations, invocations and steps. */
export const assistants: Dialect = {
  kind: 'thread',
  attributes: { [ATTR.OPENAI_API_TYPE]: 'assistants' },
  folds: 'run',
  identifiesAtOnce: true,
  version: 'assistants=v2',

  intent(request, content): Intent {
    const { route, body } = request;
    const posts = request.method === 'POST';
    const starts = posts && operationOf(route).traits?.invokesAgent === true;
    const submits = posts && route.template.endsWith('/submit_tool_outputs');
    return {
      conversation: conversationUse(request, THREAD_PATHS, starts),
      conversationId: parameterOf(request, 'thread_id'),
      invocation: starts ? 'starts' : driven(request),
      invocationId: parameterOf(request, 'run_id'),
      needsOpenInvocation: submits || (posts && route.template.endsWith('/cancel')),
      messages: posts
        ? readRequestMessages(messagesIn(request, starts), content, readThreadMessageContent)
        : NO_ENTRIES,
      outputs: submits ? readToolOutputs(body, content) : NO_ENTRIES,
    };
  },

  requested({ body }, content): AgentSettings {
    return {
      agentId: stringField(body, 'assistant_id'),
      agent: undefined,
      model: stringField(body, 'model'),
      parameters: readRunParameters(body),
      content: content ? readAgentContent(body) : undefined,
      vectorStoreIds: [...readStores(body), ...readStores(objectField(body, 'thread'))],
    };
  },

  conversationOf: (value) => stringField(value, field(value, 'object') === 'thread' ? 'id' : 'thread_id'),

  invocationOf: (value) => (field(value, 'object') === 'thread.run' ? stringField(value, 'id') : undefined),

  read(value, sink, query): void {
    const kind = field(value, 'object');
    if (kind === 'list') readList(value, sink, query);
    else readObject(value, sink, kind);
  },

  readEvent(event, sink): void {
    const name = stringField(event, 'event');
    const data = field(event, 'data');
    if (name === 'thread.message.delta' || name === 'thread.run.step.delta')
      sink.text(undefined, stringField(data, 'id'));
    else readObject(data, sink);
  },

  readKept: (value, sink) => readObject(value, sink),
  readEnd: readRunEnd,
  readDetails: readRunDetails,
  agentPath: (assistantId) => `/assistants/${encodeURIComponent(assistantId)}`,
};

function driven({ route }: ApiRequest): Intent['invocation'] {
  if (route.template === RUN_STEPS) return 'lists';
  return route.folds === 'run' ? 'drives' : 'none';
}

function messagesIn({ route, body }: ApiRequest, starts: boolean): readonly unknown[] {
  if (route.template === MESSAGES) return [body];
  if (operationOf(route) === createThreadAndRun) return arrayField(objectField(body, 'thread'), 'messages');
  if (route.template === THREADS) return arrayField(body, 'messages');
  return starts ? arrayField(body, 'additional_messages') : NO_ENTRIES;
}

function readList(value: unknown, sink: FactSink, query: unknown): void {
  const inOrder = oldestFirst(value, query, MAX_READ);
  const runId = stringField(inOrder[0], 'run_id');
  if (field(inOrder[0], 'object') === 'thread.run.step' && runId !== undefined) {
    const ids = inOrder.flatMap((step) => stringField(step, 'id') ?? []);
    sink.order(runId, ids, !isOldestFirst(query) && stringField(query, 'after') !== undefined);
  }
  if (field(inOrder[0], 'object') === 'thread.message') readListedInput(value, inOrder, query, sink);
  for (const item of inOrder) readObject(item, sink);
}

function readObject(value: unknown, sink: FactSink, kind: unknown = field(value, 'object')): void {
  if (kind === 'thread.run') readRunFact(value, sink);
  else if (kind === 'thread.run.step') readStepFact(value, sink);
  else if (kind === 'thread.message') readMessageFact(value, sink);
  else if (kind === 'thread') {
    const id = stringField(value, 'id');
    if (id !== undefined) sink.vectorStores(id, readStores(value));
  } else if (kind === 'assistant') {
    const agent = readAssistant(value);
    if (agent !== undefined) sink.agent(agent);
  }
}

function readRunFact(value: unknown, sink: FactSink): void {
  const wanted = sink.wants(stringField(value, 'id'), stringField(value, 'thread_id'));
  if (wanted === 'nothing') return;
  const snapshot = readRun(value, { content: sink.content, known: wanted === 'changes' });
  if (snapshot !== undefined) sink.invocation({ snapshot, object: value });
}

function readStepFact(value: unknown, sink: FactSink): void {
  const step = isWanted(value, sink) ? readStep(value, sink) : undefined;
  if (step !== undefined) sink.step(step);
}

function readMessageFact(value: unknown, sink: FactSink): void {
  const message = isWanted(value, sink) ? readThreadMessage(value, sink) : undefined;
  if (message?.role === 'assistant') sink.message(message);
}

function isWanted(value: unknown, sink: FactSink): boolean {
  return sink.wants(stringField(value, 'run_id'), stringField(value, 'thread_id')) !== 'nothing';
}
