import { type ApiRequest, operationOf } from '../../operations/index.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { arrayField, field, first, MAX_READ, objectField, row, stringField } from '../../util/payload.ts';
import type { AgentSettings, Dialect, FactSink, Get, Intent, InvocationView } from '../dialect.ts';
import type { MessageSnapshot } from '../model.ts';
import { asTime } from '../operation-clock.ts';
import {
  readAssistant,
  readRun,
  readRunParameters,
  readStep,
  readStores,
  readThreadMessage,
  readThreadMessageContent,
  readToolOutputs,
} from './assistants-objects.ts';
import { isOldestFirst, listPages, oldestFirst } from './list-pages.ts';
import {
  type ConversationPaths,
  conversationUse,
  parameterOf,
  readAgentContent,
  readRequestMessages,
} from './read-request.ts';

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
  if (route.endpoint === 'POST /threads/runs') return arrayField(objectField(body, 'thread'), 'messages');
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

/** The handlers of API objects, by their `object`. */
const THREAD_OBJECTS: Readonly<Record<string, (value: unknown, sink: FactSink) => void>> = {
  'thread.run': readRunFact,
  'thread.run.step': readStepFact,
  'thread.message': readMessageFact,
  thread: (value, sink) => {
    const id = stringField(value, 'id');
    if (id !== undefined) sink.vectorStores(id, readStores(value));
  },
  assistant: (value, sink) => {
    const agent = readAssistant(value);
    if (agent !== undefined) sink.agent(agent);
  },
};

function readObject(value: unknown, sink: FactSink): void {
  row(THREAD_OBJECTS, stringField(value, 'object'))?.(value, sink);
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

const SEARCH_RESULTS = 'step_details.tool_calls[*].file_search.results[*].content';

/** Reads a run whose end was not seen, with our own GET request. */
async function readRunEnd(run: InvocationView, get: Get, sink: FactSink): Promise<void> {
  const path = runPath(run);
  if (path === undefined) return;
  const snapshot = readRun(await get(path), { content: sink.content, known: true });
  if (snapshot !== undefined && snapshot.id === run.id) sink.invocation({ snapshot });
}

/**
 * Reads the steps of an ended run and, if content is recorded, its messages. A run whose end was not seen is read
 * first. Whatever the requests of the user's program have shown is not read again.
 */
async function readRunDetails(run: InvocationView, get: Get, sink: FactSink): Promise<boolean> {
  if (isOpen(run)) await readRunEnd(run, get, sink);
  // The steps of an open run are not final yet.
  if (isOpen(run)) return false;
  const reads = run.isComplete ? [] : [readSteps(run, get, sink)];
  if (sink.content && !run.knowsMessages) reads.push(readNewestMessages(run, get, sink));
  const results = await Promise.allSettled(reads);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return false;
}

async function readSteps(run: InvocationView, get: Get, sink: FactSink): Promise<void> {
  const path = runPath(run);
  const { id } = run;
  if (path === undefined || id === undefined) return;
  // Version 1 of the API rejects this field. The name has brackets because openai 4.40 to 4.56 cannot encode a list.
  const include = sink.content && get.version !== 'assistants=v1' ? { 'include[]': SEARCH_RESULTS } : {};
  const listed = await listPages(get, `${path}/steps`, { order: 'asc', ...include });
  const steps = listed.flatMap((value) => {
    const step = readStep(value, sink);
    return step?.invocationId === id ? [step] : [];
  });
  const ids = steps.map((step) => step.id);
  sink.order(id, ids, false);
  for (const step of steps) sink.step(step);
}

async function readNewestMessages(run: InvocationView, get: Get, sink: FactSink): Promise<void> {
  const { conversationId } = run;
  if (conversationId === undefined) return;
  const path = `/threads/${encodeURIComponent(conversationId)}/messages`;
  readMessagesOfRun(await get(path, { limit: MAX_READ_MESSAGES, order: 'desc' }), run, sink);
}

function isOpen({ life }: InvocationView): boolean {
  return life.endTime === undefined;
}

function runPath({ id, conversationId }: InvocationView): string | undefined {
  return id === undefined || conversationId === undefined
    ? undefined
    : `/threads/${encodeURIComponent(conversationId)}/runs/${encodeURIComponent(id)}`;
}

/** How many of the newest messages are read. Older ones are not looked for. */
const MAX_READ_MESSAGES = 20;

interface Listed {
  readonly message: MessageSnapshot;
  readonly createdAt: number | undefined;
}

/**
 * Reads the newest messages of a thread for one of its runs. The messages that the run made are its output. Those
 * before the first of them are its input.
 */
export function readMessagesOfRun(listed: unknown, run: InvocationView, sink: FactSink): void {
  const { id, conversationId, snapshot } = run;
  if (id === undefined) return;
  const messages = readListedMessages(messagesInOrder(first(arrayField(listed, 'data'), MAX_READ)), sink);
  readInput(messages, { id, conversationId, createdAt: snapshot?.createdAt }, sink);
  for (const { message } of messages) if (isAnswerOfRun(message, id)) sink.message(message);
}

/**
 * Reads the input of runs from a list that the program has requested. A list that may lack messages is ignored.
 *
 * @param inOrder the messages of the list, oldest first
 */
function readListedInput(list: unknown, inOrder: readonly unknown[], query: unknown, sink: FactSink): void {
  if (!sink.content) return;
  const isPart = ['run_id', 'after', 'before'].some((name) => stringField(query, name) !== undefined);
  const isShort = inOrder.length < MAX_READ_MESSAGES && field(list, 'has_more') !== false;
  if (isPart || isShort) return;
  const messages = readListedMessages(inOrder, sink);
  const ids = new Set(messages.map(({ message }) => message.invocationId));
  for (const id of ids) {
    const conversationId = messages[0]?.message.conversationId;
    if (id !== undefined && sink.wants(id, conversationId) === 'changes')
      readInput(messages, { id, conversationId, createdAt: undefined }, sink);
  }
}

/**
 * The input of a run: the messages before its first answer. Without an answer, those that existed when it was created.
 */
function readInput(
  messages: readonly Listed[],
  run: { id: string; conversationId: string | undefined; createdAt: number | undefined },
  sink: FactSink,
): void {
  const { id: invocationId, conversationId, createdAt: created = Number.NEGATIVE_INFINITY } = run;
  const answer = messages.findIndex(({ message }) => isAnswerOfRun(message, invocationId));
  const given =
    answer >= 0
      ? messages.slice(0, answer)
      : messages.filter(({ createdAt = Number.POSITIVE_INFINITY }) => createdAt <= created);
  for (const { message } of given) sink.message({ ...message, conversationId, invocationId, isInput: true });
}

function readListedMessages(values: readonly unknown[], sink: FactSink): Listed[] {
  return values.flatMap((value) => {
    const message = readThreadMessage(value, sink);
    return message === undefined ? [] : [{ message, createdAt: timeOf(value) }];
  });
}

function isAnswerOfRun({ invocationId, role }: MessageSnapshot, runId: string): boolean {
  return invocationId === runId && role === 'assistant';
}

function timeOf(message: unknown): number | undefined {
  return asTime(field(message, 'created_at'));
}

/** Sorts a list oldest first. If its times do not show the order, it counts as newest first, which is the default. */
function messagesInOrder(listed: readonly unknown[]): readonly unknown[] {
  const [oldest, newest] = [listed[0], listed.at(-1)].map(timeOf);
  const isOldestFirst = oldest !== undefined && newest !== undefined && oldest < newest;
  return isOldestFirst ? listed : listed.toReversed();
}
