import type { Message } from '../../config/completion-types.ts';
import { type ApiRequest, createThreadAndRun, operationOf } from '../../operations/index.ts';
import { ATTR_OPENAI_API_TYPE } from '../../semconv/attributes.ts';
import { arrayField, field, MAX_READ, objectField, stringField } from '../../util/payload.ts';
import type { AgentSettings, Dialect, FactSink, Intent } from '../dialect.ts';
import { parameterOf } from '../request-parameters.ts';
import { readAskedMessages, readRunContent, readToolOutputs } from './content.ts';
import {
  readAssistant,
  readRun,
  readRunParameters,
  readStep,
  readStores,
  readThreadMessage,
} from './objects.ts';
import { readRunDetails, readRunEnd } from './read-details.ts';
import { readListedInput } from './run-input.ts';

const THREADS = '/threads';
const THREAD = '/threads/{thread_id}';
const MESSAGES = '/threads/{thread_id}/messages';
const RUN_STEPS = '/threads/{thread_id}/runs/{run_id}/steps';

/** Threads, runs and run steps of the Assistants API as conversations, invocations and steps. */
export const assistants: Dialect = {
  kind: 'thread',
  attributes: { [ATTR_OPENAI_API_TYPE]: 'assistants' },
  folds: 'run',
  identifiesAtOnce: true,
  version: 'assistants=v2',

  intent(request, content): Intent {
    const { route, body } = request;
    const starts = operationOf(route).traits?.invokesAgent === true;
    const submits = route.template.endsWith('/submit_tool_outputs');
    return {
      conversation: conversationUse(request, starts),
      conversationId: parameterOf(request, 'thread_id'),
      invocation: starts ? 'starts' : driven(request),
      invocationId: parameterOf(request, 'run_id'),
      messages: request.method === 'POST' ? readRequestMessages(request, starts, content) : [],
      outputs: submits ? readToolOutputs(body, content) : [],
    };
  },

  requested({ body }, content): AgentSettings {
    return {
      agentId: stringField(body, 'assistant_id'),
      agent: undefined,
      model: stringField(body, 'model'),
      parameters: readRunParameters(body),
      content: content ? readRunContent(body) : undefined,
      vectorStoreIds: [...readStores(body), ...readStores(objectField(body, 'thread'))],
    };
  },

  conversationOf: (value) => stringField(value, field(value, 'object') === 'thread' ? 'id' : 'thread_id'),

  invocationOf: (value) => (field(value, 'object') === 'thread.run' ? stringField(value, 'id') : undefined),

  read(value, sink, { query }): void {
    if (field(value, 'object') === 'list') readList(value, sink, query);
    else readObject(value, sink);
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

function conversationUse({ route, method }: ApiRequest, starts: boolean): Intent['conversation'] {
  const { template, folds } = route;
  if (template.startsWith('/assistants')) return 'none';
  if (method === 'POST' && (template === THREADS || template === '/threads/runs')) return 'creates';
  if (method === 'DELETE' && template === THREAD) return 'deletes';
  return method === 'GET' || (folds === 'run' && !starts) ? 'reads' : 'changes';
}

function driven({ route }: ApiRequest): Intent['invocation'] {
  if (route.template === RUN_STEPS) return 'lists';
  return route.folds === 'run' ? 'drives' : 'none';
}

function readRequestMessages(
  { route, body }: ApiRequest,
  starts: boolean,
  content: boolean,
): readonly (Message | undefined)[] {
  if (route.template === MESSAGES) return readAskedMessages([body], content);
  if (operationOf(route) === createThreadAndRun)
    return readAskedMessages(arrayField(objectField(body, 'thread'), 'messages'), content);
  if (route.template === THREADS) return readAskedMessages(arrayField(body, 'messages'), content);
  return starts ? readAskedMessages(arrayField(body, 'additional_messages'), content) : [];
}

function readList(value: unknown, sink: FactSink, query: unknown): void {
  const listed = arrayField(value, 'data').slice(0, MAX_READ);
  // By default, the API lists the newest first.
  const oldestFirst = stringField(query, 'order') === 'asc';
  const inOrder = oldestFirst ? listed : listed.reverse();
  const runId = stringField(inOrder[0], 'run_id');
  if (field(inOrder[0], 'object') === 'thread.run.step' && runId !== undefined) {
    const ids = inOrder.flatMap((step) => stringField(step, 'id') ?? []);
    sink.order(runId, ids, !oldestFirst && stringField(query, 'after') !== undefined);
  }
  if (field(inOrder[0], 'object') === 'thread.message') readListedInput(value, inOrder, query, sink);
  for (const item of inOrder) readObject(item, sink);
}

function readObject(value: unknown, sink: FactSink): void {
  const kind = field(value, 'object');
  if (kind === 'thread.run') readRunFact(value, sink);
  else if (kind === 'thread.run.step' || kind === 'thread.message') readRunPart(value, kind, sink);
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

function readRunPart(value: unknown, kind: 'thread.run.step' | 'thread.message', sink: FactSink): void {
  const { content } = sink;
  if (sink.wants(stringField(value, 'run_id'), stringField(value, 'thread_id')) === 'nothing') return;
  if (kind === 'thread.message') {
    const message = readThreadMessage(value, { content });
    if (message?.role === 'assistant') sink.message(message);
    return;
  }
  const step = readStep(value, { content });
  if (step !== undefined) sink.step(step);
}
