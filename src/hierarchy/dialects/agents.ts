import * as ATTR from '../../semconv/attributes.ts';
import { errorTypeOf, readError } from '../../telemetry/outcomes/failure.ts';
import { readToolOutcome } from '../../telemetry/outcomes/tool-outcome.ts';
import {
  arrayField,
  field,
  first,
  MAX_READ,
  MAX_REPEATED,
  numberField,
  objectField,
  row,
  stringField,
} from '../../util/payload.ts';
import type {
  AgentSettings,
  ConversationFact,
  Dialect,
  FactSink,
  Get,
  Intent,
  InvocationFact,
  InvocationView,
  ToolOutput,
} from '../dialect.ts';
import { asTime } from '../operation-clock.ts';
import {
  readAgent,
  readAgentParameters,
  readFunctionOutput,
  readItemCall,
  readRequiredActions,
  readSessionInput,
  readSessionMessage,
  readSessionParts,
  readSessionReasoning,
  readTurn,
} from './agents-objects.ts';
import { listPages, oldestFirst } from './list-pages.ts';
import { type ConversationPaths, conversationUse, parameterOf, readAgentContent } from './read-request.ts';

const SESSIONS = '/agents/sessions';
const SESSION_PATHS: ConversationPaths = {
  all: SESSIONS,
  one: '/agents/sessions/{session_id}',
  creating: [SESSIONS],
};
const SESSION_EVENTS = '/agents/sessions/{session_id}/events';

/** Sessions, turns and items of the Agents API as conversations, invocations and tool calls. */
export const agents: Dialect = {
  kind: 'session',
  attributes: { [ATTR.OPENAI_API_TYPE]: 'agents' },
  identifiesAtOnce: false,
  version: 'agents=v1',

  intent(request, content) {
    const { route, body } = request;
    const { template } = route;
    const submitted = readSubmittedEvents(template === SESSION_EVENTS ? body : undefined, content);
    const messages =
      template === SESSIONS ? readSessionInput(field(body, 'input'), content) : submitted.messages;
    const starts = route.folds === 'turn' && messages.length > 0;
    const drives = route.folds === 'turn' && template !== SESSIONS;
    return {
      conversation: conversationUse(request, SESSION_PATHS, false),
      conversationId: parameterOf(request, 'session_id'),
      invocation: starts ? 'starts' : drives ? 'drives' : 'none',
      invocationId: parameterOf(request, 'turn_id') ?? submitted.invocationId,
      needsOpenInvocation: false,
      messages,
      outputs: submitted.outputs,
    };
  },

  requested({ body }, content): AgentSettings {
    const agent = objectField(body, 'agent');
    return {
      agentId: stringField(body, 'agent_id'),
      agent: undefined,
      model: stringField(agent, 'model'),
      parameters: readAgentParameters(agent),
      content: content && agent !== undefined ? readAgentContent(agent) : undefined,
    };
  },

  conversationOf: (value) =>
    stringField(value, field(value, 'object') === 'agent.session' ? 'id' : 'session_id'),

  invocationOf: (value) =>
    field(value, 'object') === 'agent.session.turn' ? stringField(value, 'id') : undefined,

  read(value, sink, query): void {
    if (field(value, 'object') === 'list') readSessionList(value, sink, query);
    else readSessionObject(value, sink);
  },

  readEvent: readSessionEvent,
  readEnd: readTurnEnd,
  readDetails: readTurnDetails,
};

const PREFIX = 'agent.session.';
const ENVIRONMENT = 'environment.';

type ReadFact = (value: unknown, sink: FactSink) => void;

const ofSession: ReadFact = (event, sink) => readSession(field(event, 'session'), sink);
const ofSubagent: ReadFact = (event, sink) => readSubagent(field(event, 'subagent'), sink);
const ofTurn =
  (moment?: InvocationFact['moment']): ReadFact =>
  (event, sink) =>
    readTurnFact(field(event, 'turn'), sink, { event, moment });
const ofItem =
  (done: boolean): ReadFact =>
  (event, sink) => {
    const item = field(event, 'item');
    readSessionItem(item, sink, stringField(item, 'turn_id') ?? stringField(event, 'turn_id'), done);
  };

/** The handlers of events, by the name without the prefix `agent.session.`, if the event has it. */
const EVENTS: Readonly<Record<string, ReadFact>> = {
  error: readErrorEvent,
  created: ofSession,
  idle: ofSession,
  in_progress: ofSession,
  requires_action: ofSession,
  failed: ofSession,
  'turn.created': ofTurn('begun'),
  'turn.in_progress': ofTurn(),
  'turn.completed': ofTurn('ended'),
  'turn.failed': ofTurn('ended'),
  'turn.cancelled': ofTurn('ended'),
  'turn.item.added': ofItem(false),
  'turn.item.done': ofItem(true),
  'turn.output_text.delta': (event, sink) => sink.text(stringField(event, 'turn_id') ?? '', undefined),
  'subagent.created': ofSubagent,
  'subagent.active': ofSubagent,
  'subagent.closed': ofSubagent,
};

/** The handlers of API objects, by their `object`. An item of a turn has none. */
const SESSION_OBJECTS: Readonly<Record<string, ReadFact>> = {
  'agent.session': readSession,
  'agent.session.turn': (value, sink) => readTurnFact(value, sink),
  'agent.session.subagent': readSubagent,
  agent: (value, sink) => {
    const agent = readAgent(value);
    if (agent !== undefined) sink.agent(agent);
  },
};

/** Reads an event of a session's stream. A failure is an event as well, and does not end the stream. */
function readSessionEvent(event: unknown, sink: FactSink): void {
  const type = stringField(event, 'type') ?? '';
  const name = type.startsWith(PREFIX) ? type.slice(PREFIX.length) : type;
  if (name.startsWith(ENVIRONMENT)) readEnvironmentEvent(event, sink);
  else row(EVENTS, name)?.(event, sink);
}

/** Reads an `error` event, which gives the reason why the session is about to fail. */
function readErrorEvent(event: unknown, sink: FactSink): void {
  sink.conversationFailure(stringField(event, 'session_id'), readError(field(event, 'error'), 'failed'));
}

function readEnvironmentEvent(event: unknown, sink: FactSink): void {
  const state = objectField(event, 'environment');
  const resetCount = numberField(event, 'reset_count');
  const status = stringField(state, 'status') ?? (resetCount === undefined ? undefined : 'reset');
  if (status === undefined) return;
  sink.conversationEvent(stringField(event, 'session_id'), stringField(event, 'event_id'), {
    [ATTR.OPENAI_ENVIRONMENT_ID]: stringField(state, 'id') ?? stringField(event, 'environment_id'),
    [ATTR.OPENAI_ENVIRONMENT_STATUS]: status,
    [ATTR.OPENAI_ENVIRONMENT_TYPE]: stringField(state, 'type'),
    [ATTR.OPENAI_ENVIRONMENT_RESET_COUNT]: resetCount,
    [ATTR.OPENAI_TURN_ID]: stringField(event, 'turn_id'),
    [ATTR.ERROR_TYPE]:
      status === 'failed' ? errorTypeOf(field(state, 'error'), 'environment_failed') : undefined,
  });
}

const SESSION_STATES: Readonly<Record<string, ConversationFact['state']>> = {
  idle: 'idle',
  failed: 'failed',
};

function readSessionList(value: unknown, sink: FactSink, query: unknown): void {
  for (const item of oldestFirst(value, query, MAX_REPEATED)) {
    // A list may contain sessions that this process does not use. They are ignored.
    if (field(item, 'object') !== 'agent.session' || sink.uses(stringField(item, 'id')))
      readSessionObject(item, sink);
  }
}

function readSessionObject(value: unknown, sink: FactSink): void {
  const kind = stringField(value, 'object');
  if (kind === undefined) readSessionItem(value, sink, stringField(value, 'turn_id'), true);
  else row(SESSION_OBJECTS, kind)?.(value, sink);
}

function readSession(value: unknown, sink: FactSink): void {
  const id = stringField(value, 'id');
  if (id === undefined) return;
  const status = stringField(value, 'status');
  const { content } = sink;
  sink.conversation({
    id,
    state: status === undefined ? undefined : (row(SESSION_STATES, status) ?? 'open'),
    agent: readSessionAgent(objectField(value, 'agent'), content),
    error: field(value, 'error'),
    actions: readRequiredActions(value, { content }),
    object: value,
  });
}

/** Reads the agent of a session, which may exist only there. */
function readSessionAgent(value: unknown, content: boolean): AgentSettings | undefined {
  const agent = readAgent(value);
  if (agent === undefined) return undefined;
  return {
    agentId: agent.id,
    agent,
    model: agent.model,
    parameters: readAgentParameters(value),
    content: content ? readAgentContent(value) : undefined,
  };
}

/** @param seen.event the event that contains the turn and may add `usage` */
function readTurnFact(
  value: unknown,
  sink: FactSink,
  { event, ...seen }: Pick<InvocationFact, 'moment' | 'aboveId'> & { readonly event?: unknown } = {},
): void {
  const reading = readTurn(value, event);
  if (reading !== undefined) sink.invocation({ ...reading, ...seen });
}

function readSubagent(value: unknown, sink: FactSink): void {
  const id = stringField(value, 'id');
  const conversationId = stringField(value, 'session_id');
  if (id === undefined || conversationId === undefined) return;
  const instructions = sink.content ? arrayField(value, 'instructions').slice(0, MAX_REPEATED) : [];
  sink.subagent({
    conversationId,
    id,
    name: stringField(value, 'name'),
    parentAgentId: stringField(value, 'parent_agent_id'),
    instructions: readSessionParts(instructions),
  });
}

/**
 * Reads an item of a turn: a tool call, a result, or a message of the agent.
 *
 * @param done whether the item is done. A stream first reports its start.
 */
function readSessionItem(item: unknown, sink: FactSink, turnId: string | undefined, done: boolean): void {
  if (turnId === undefined || sink.wants(turnId) !== 'changes') return;
  const type = stringField(item, 'type');
  if (type === 'function_call_output') readResult(item, sink, turnId);
  else if (type === 'message' || type === 'reasoning') readMessage(item, sink, turnId, type, done);
  else {
    const seen = readItemCall(item, { content: sink.content });
    if (seen !== undefined) sink.toolCall({ ...seen, invocationId: turnId, begun: !done });
  }
}

/** Reads a result that another process may have submitted. This process knows its own from its requests. */
function readResult(item: unknown, sink: FactSink, invocationId: string): void {
  const callId = stringField(item, 'call_id');
  if (callId === undefined) return;
  const output = sink.content ? readFunctionOutput(field(item, 'output')) : undefined;
  sink.toolResult({ invocationId, callId, output, outcome: readToolOutcome(item) });
}

function readMessage(
  item: unknown,
  sink: FactSink,
  invocationId: string,
  type: 'message' | 'reasoning',
  done: boolean,
): void {
  const id = stringField(item, 'id');
  if (!sink.content || id === undefined || !done || field(item, 'role') === 'user') return;
  const content = type === 'reasoning' ? readSessionReasoning(item) : readSessionMessage(item);
  if (content !== undefined)
    sink.message({ id, conversationId: undefined, invocationId, role: 'assistant', content });
}

const INPUT = 'agent.session.input.';

/** Reads what a request submits to a session as events: messages of the user, and the outputs of tools. */
export function readSubmittedEvents(
  body: unknown,
  content: boolean,
): Pick<Intent, 'messages' | 'outputs' | 'invocationId'> {
  const events = arrayField(body, 'events');
  const ofType = (type: string): unknown[] => events.filter((event) => field(event, 'type') === INPUT + type);
  return {
    messages: ofType('message').flatMap((event) => readSessionInput(field(event, 'input'), content)),
    outputs: ofType('tool_result').flatMap((event) => readSubmittedOutput(event, content)),
    invocationId: events.map((event) => stringField(event, 'turn_id')).find((id) => id !== undefined),
  };
}

function readSubmittedOutput(event: unknown, content: boolean): ToolOutput[] {
  const callId = stringField(event, 'call_id');
  if (callId === undefined) return [];
  const output = content ? readFunctionOutput(field(event, 'output')) : undefined;
  return [{ invocationId: stringField(event, 'turn_id'), callId, output, outcome: readToolOutcome(event) }];
}

const MAX_READ_SUBAGENTS = 10;
const MAX_READ_TURNS = 100;

/** Reads a turn whose end was not seen, with our own GET request. If its id is not known, it reads the newest turns. */
async function readTurnEnd(turn: InvocationView, get: Get, sink: FactSink): Promise<void> {
  const path = turnPath(turn);
  if (path === undefined) return;
  const turns = `${path.session}${path.owner}/turns`;
  if (turn.id !== undefined) {
    readSessionObject(await get(`${turns}/${encodeURIComponent(turn.id)}`), sink);
    return;
  }
  const listed = arrayField(await get(turns, { limit: MAX_READ_TURNS, order: 'desc' }), 'data');
  for (const object of first(listed, MAX_READ).toReversed()) readSessionObject(object, sink);
}

/**
 * Reads the details of an ended turn: the turn itself if its end was not seen, its items, and the turns of its
 * subagents, which then read their own items. The list of subagents may already contain those of the next turn.
 */
async function readTurnDetails(turn: InvocationView, get: Get, sink: FactSink): Promise<boolean> {
  const path = turnPath(turn);
  if (path === undefined) return false;
  const { session, owner } = path;
  const list = (below: string): Promise<readonly unknown[]> =>
    listPages(get, session + below, { order: 'asc' });
  const readAll = (objects: readonly unknown[]): void => {
    for (const object of objects) readSessionObject(object, sink);
  };

  if (turn.life.endTime === undefined || turn.snapshot?.usage === undefined)
    await readTurnEnd(turn, get, sink);
  const { id } = turn;
  if (id === undefined || turn.life.endTime === undefined) return false;

  const items = await list(`${owner}/turns/${encodeURIComponent(id)}/items`);
  const named = subagentsIn(items);
  const created = items.filter((item) => stringField(item, 'type') === 'create_subagent_call').length;
  if (created > 0 || named.size > 0) {
    for (const subagent of subagentsOf(turn.snapshot, await list('/subagents'), named, created)) {
      readAll([subagent]);
      const turns = await list(`/subagents/${encodeURIComponent(stringField(subagent, 'id') ?? '')}/turns`);
      for (const one of turns) readTurnFact(one, sink, { aboveId: id });
    }
  }
  readAll(items);
  return true;
}

/** The ids of the subagents that tool calls are about. */
function subagentsIn(items: readonly unknown[]): ReadonlySet<unknown> {
  return new Set(
    items.flatMap((item) => [
      stringField(item, 'recipient_agent_id'),
      ...first(arrayField(item, 'recipient_agent_ids')),
    ]),
  );
}

/**
 * The subagents of a turn: those that its items name. If it has created more, also others that were opened during the
 * turn, up to the number that it has created.
 */
function subagentsOf(
  turn: InvocationView['snapshot'],
  listed: readonly unknown[],
  named: ReadonlySet<unknown>,
  created: number,
): readonly unknown[] {
  const { createdAt = 0, endedAt = Number.POSITIVE_INFINITY } = turn ?? {};
  const isNamed = (subagent: unknown): boolean => named.has(stringField(subagent, 'id'));
  const known = listed.filter(isNamed);
  const others = listed.filter((subagent) => {
    const openedAt = asTime(field(subagent, 'opened_at'));
    return !isNamed(subagent) && (openedAt === undefined || (openedAt >= createdAt && openedAt <= endedAt));
  });
  return [...known, ...others.slice(0, Math.max(0, created - known.length))].slice(-MAX_READ_SUBAGENTS);
}

function turnPath({
  conversationId,
  start,
}: InvocationView): { readonly session: string; readonly owner: string } | undefined {
  if (conversationId === undefined) return undefined;
  const { subagentId } = start;
  return {
    session: `/agents/sessions/${encodeURIComponent(conversationId)}`,
    owner: subagentId === undefined ? '' : `/subagents/${encodeURIComponent(subagentId)}`,
  };
}
