import type { Attributes } from '@opentelemetry/api';
import type { Message } from '../../config/completion-types.ts';
import { defined } from '../../operations/attributes.ts';
import { readAgentContent } from '../../operations/create-agent.ts';
import {
  readFunctionOutput,
  readItemParts,
  readMessageContent,
  readSentMessage,
} from '../../operations/response/content.ts';
import { isRecordedCall, readResponseToolCall } from '../../operations/response/items.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { parseJson } from '../../telemetry/content/messages.ts';
import { usageIn } from '../../telemetry/cost/usage.ts';
import { readReported, typeOfReported } from '../../telemetry/outcomes/failure.ts';
import { readToolOutcome } from '../../telemetry/outcomes/tool-outcome.ts';
import {
  arrayField,
  asArray,
  asWord,
  field,
  first,
  numberField,
  objectField,
  row,
  stringField,
} from '../../util/payload.ts';
import type {
  AgentSettings,
  Dialect,
  FactSink,
  Get,
  Intent,
  InvocationFact,
  InvocationSnapshot,
  InvocationView,
  RequiredAction,
  ToolCallFact,
  ToolCallSnapshot,
  ToolOutput,
} from '../dialect.ts';
import { asTime } from '../operation-clock.ts';
import { snapshotOf } from './responses.ts';
import {
  conversationUse,
  FINISH_REASONS,
  listPages,
  oldestFirst,
  parameterOf,
  readAgent,
  readRequestMessages,
} from './shared-readers.ts';

const SESSIONS = '/agents/sessions';
const SESSION_EVENTS = '/agents/sessions/{session_id}/events';

/**
 * Sessions, turns and items of the Agents API as conversations, invocations and tool calls. Objects come from the server
 * and may be malformed; one without an id is ignored.
 *
 * @see https://platform.openai.com/docs/api-reference/agents
 */
export const agents: Dialect = {
  kind: 'session',
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
      conversation: conversationUse(request, SESSIONS, false),
      conversationId: parameterOf(request, 'session_id'),
      invocation: starts ? 'starts' : drives ? 'drives' : 'none',
      invocationId: parameterOf(request, 'turn_id') ?? submitted.invocationId,
      messages,
      outputs: submitted.outputs,
    };
  },

  requested: ({ body }, content): AgentSettings => ({
    ...readAgentSettings(objectField(body, 'agent'), content),
    agentId: stringField(body, 'agent_id'),
  }),

  conversationOf: (value) =>
    stringField(value, field(value, 'object') === 'agent.session' ? 'id' : 'session_id'),

  read(value, sink, query): void {
    for (const object of oldestFirst(value, query)) readSessionObject(object, sink);
  },

  /** Some types of events begin with `agent.session.`. */
  readEvent(event, sink): void {
    const name = (stringField(event, 'type') ?? '').replace(/^agent\.session\./, '');
    const turnId = stringField(event, 'turn_id');
    if (name === 'turn.output_text.delta') sink.text(turnId ?? '', undefined, field(event, 'delta') !== '');
    else if (name === 'turn.item.added' || name === 'turn.item.done') {
      const item = field(event, 'item');
      readSessionItem(item, sink, stringField(item, 'turn_id') ?? turnId, name === 'turn.item.done');
    } else if (name.startsWith('environment.')) readEnvironmentEvent(event, sink);
    else if (name === 'error') {
      // The reason why the session is about to fail. It does not end the stream.
      const failure = readReported(field(event, 'error'), 'failed');
      sink.conversation({ id: stringField(event, 'session_id'), failure });
    } else {
      readSession(field(event, 'session'), sink);
      readTurn(field(event, 'turn'), sink, { event, moment: row(MOMENTS, name) });
      readSubagent(field(event, 'subagent'), sink);
    }
  },

  readEnd: readTurnEnd,
  readDetails: readTurnDetails,
};

const MOMENTS: Readonly<Record<string, InvocationFact['moment']>> = {
  'turn.created': 'begun',
  'turn.completed': 'ended',
  'turn.failed': 'ended',
  'turn.cancelled': 'ended',
};

type ReadFact = (value: unknown, sink: FactSink) => void;

const SESSION_OBJECTS: Readonly<Record<string, ReadFact>> = {
  'agent.session': readSession,
  'agent.session.turn': (value, sink) => readTurn(value, sink),
  'agent.session.subagent': readSubagent,
  'agent.session.trace': readHostedTurn,
  agent: (value, sink) => {
    const agent = readAgent(value);
    if (agent !== undefined) sink.agent(agent);
  },
};

function readSessionObject(value: unknown, sink: FactSink): void {
  const kind = stringField(value, 'object');
  // An item of a turn has no `object`.
  if (kind === undefined) readSessionItem(value, sink, stringField(value, 'turn_id'), true);
  else row(SESSION_OBJECTS, kind)?.(value, sink);
}

function readEnvironmentEvent(event: unknown, sink: FactSink): void {
  const state = objectField(event, 'environment');
  const resetCount = numberField(event, 'reset_count');
  const status = asWord(field(state, 'status')) ?? (resetCount === undefined ? undefined : 'reset');
  if (status === undefined) return;
  const attributes = {
    [ATTR.OPENAI_ENVIRONMENT_ID]: stringField(state, 'id') ?? stringField(event, 'environment_id'),
    [ATTR.OPENAI_ENVIRONMENT_STATUS]: status,
    [ATTR.OPENAI_ENVIRONMENT_TYPE]: asWord(field(state, 'type')),
    [ATTR.OPENAI_ENVIRONMENT_RESET_COUNT]: resetCount,
    [ATTR.OPENAI_TURN_ID]: stringField(event, 'turn_id'),
    [ATTR.ERROR_TYPE]:
      status === 'failed' ? typeOfReported(field(state, 'error'), 'environment_failed') : undefined,
  };
  const id = stringField(event, 'session_id');
  sink.conversation({ id, event: { id: stringField(event, 'event_id'), attributes } });
}

function readSession(value: unknown, sink: FactSink): void {
  const id = stringField(value, 'id');
  if (id === undefined) return;
  const status = stringField(value, 'status');
  const settings = readAgentSettings(objectField(value, 'agent'), sink.content);
  if (settings.agent !== undefined) sink.agent(settings.agent);
  sink.conversation({
    id,
    state: status === undefined || status === 'idle' || status === 'failed' ? status : 'open',
    agent: settings.agent && settings,
    failure: status === 'failed' ? readReported(field(value, 'error'), status) : undefined,
    actions: readRequiredActions(value, sink),
    object: value,
  });
}

/** @param value an agent of a session, or what a request sets for one that has no id yet */
function readAgentSettings(value: unknown, content: boolean): AgentSettings {
  const agent = readAgent(value);
  return {
    agentId: agent?.id,
    agent,
    model: stringField(value, 'model'),
    parameters: readAgentParameters(value),
    content: content && value !== undefined ? readAgentContent(value) : undefined,
  };
}

export function readAgentParameters(agent: unknown): Attributes {
  const format = objectField(objectField(agent, 'text'), 'format');
  return defined({
    [ATTR.GEN_AI_REQUEST_REASONING_LEVEL]: asWord(field(objectField(agent, 'reasoning'), 'effort')),
    [ATTR.GEN_AI_OUTPUT_TYPE]: stringField(format, 'type') === 'json_schema' ? 'json' : undefined,
  });
}

export function readRequiredActions(session: unknown, options: { content: boolean }): RequiredAction[] {
  return first(arrayField(session, 'required_actions')).flatMap((action) => {
    const type = asWord(field(action, 'type'));
    if (type === undefined) return [];
    return {
      type,
      id: ['call_id', 'request_id', 'environment_id'].map((name) => stringField(action, name)).find(Boolean),
      invocationId: stringField(action, 'turn_id'),
      call: type === 'function_call' ? readItemCall(action, options)?.call : undefined,
    };
  });
}

function readSubagent(value: unknown, sink: FactSink): void {
  const id = stringField(value, 'id');
  const conversationId = stringField(value, 'session_id');
  if (id === undefined || conversationId === undefined) return;
  sink.subagent({
    conversationId,
    id,
    name: stringField(value, 'name'),
    parentAgentId: stringField(value, 'parent_agent_id'),
    instructions: sink.content ? readMessageContent(field(value, 'instructions')) : [],
  });
}

function readHostedTurn(value: unknown, sink: FactSink): void {
  const id = stringField(value, 'id');
  const conversationId = stringField(value, 'session_id');
  if (id === undefined || conversationId === undefined) return;
  const createdAt = asTime(field(value, 'created_at'));
  sink.hostedTurn({ id, conversationId, createdAt, document: field(value, 'otlp') });
}

/** @param seen.event the event that contains the turn and may add `usage` */
function readTurn(
  value: unknown,
  sink: FactSink,
  { event, ...seen }: Pick<InvocationFact, 'moment' | 'aboveId'> & { readonly event?: unknown } = {},
): void {
  const id = stringField(value, 'id');
  const conversationId = stringField(value, 'session_id');
  const status = asWord(field(value, 'status'));
  if (id === undefined || conversationId === undefined || status === undefined) return;
  const finishReason = row(FINISH_REASONS, status);
  const snapshot: InvocationSnapshot = {
    id,
    conversationId,
    agentId: stringField(value, 'agent_id'),
    status,
    phase: finishReason !== undefined ? 'ended' : status === 'waiting' ? 'waiting' : 'open',
    createdAt: asTime(field(value, 'created_at')),
    endedAt: asTime(field(value, 'completed_at')),
    usage: usageIn(value) ?? usageIn(event),
    failure: status === 'failed' ? readReported(field(value, 'error'), status) : undefined,
    finishReason,
  };
  sink.invocation({ ...seen, snapshot, subagentId: stringField(value, 'subagent_id') });
}

/** @param done `false` if a stream reports only the start of the item */
function readSessionItem(item: unknown, sink: FactSink, turnId: string | undefined, done: boolean): void {
  if (turnId === undefined || sink.wants(turnId) !== 'changes') return;
  const type = stringField(item, 'type');
  if (type === 'function_call_output') {
    // Read because another process may have submitted it. This process knows its own from its requests.
    for (const output of readFunctionResult(item, sink.content))
      sink.toolResult({ ...output, invocationId: turnId });
  } else if (type === 'message' || type === 'reasoning') {
    const id = stringField(item, 'id');
    if (!sink.content || id === undefined || !done || field(item, 'role') === 'user') return;
    const role = 'assistant';
    const parts = readItemParts(item);
    if (parts.length > 0)
      sink.message({ id, conversationId: undefined, invocationId: turnId, role, content: { role, parts } });
  } else {
    const seen = readItemCall(item, sink);
    if (seen !== undefined) sink.toolCall({ ...seen, invocationId: turnId, begun: seen.begun || !done });
  }
}

const RECIPIENT = 'recipient_agent_id';

/**
 * Reads an item that is a tool call. Calls that create or control a subagent are tool calls, too. The subagent's own
 * work is a turn.
 */
export function readItemCall(
  item: unknown,
  { content }: { content: boolean },
): Omit<ToolCallFact, 'invocationId'> | undefined {
  const isCall = isRecordedCall(item) || field(item, 'type') === 'command_execution';
  const read = isCall ? readResponseToolCall(item) : undefined;
  if (read?.callId === undefined) return undefined;
  const { id: itemId, status, runBy } = read;
  const subagentId = stringField(item, RECIPIENT);
  const outcome = readToolOutcome(item);
  const duration = numberField(item, 'duration_ms') ?? Number.NaN;
  const call: ToolCallSnapshot = {
    ...snapshotOf(read, item, content ? () => undefined : undefined),
    ...(itemId === undefined ? {} : { itemId }),
    ...(subagentId === undefined ? {} : { subagentId }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(runBy === 'api' && status === 'completed' ? { hasResult: true } : {}),
  };
  return {
    call,
    begun: runBy === 'program',
    ended: status !== undefined && status !== 'in_progress',
    duration: duration >= 0 ? duration : undefined,
  };
}

const INPUT = 'agent.session.input.';

function readSubmittedEvents(
  body: unknown,
  content: boolean,
): Pick<Intent, 'messages' | 'outputs' | 'invocationId'> {
  const events = arrayField(body, 'events');
  const ofType = (type: string): unknown[] => events.filter((event) => field(event, 'type') === INPUT + type);
  return {
    messages: ofType('message').flatMap((event) => readSessionInput(field(event, 'input'), content)),
    outputs: ofType('tool_result').flatMap((event) => readFunctionResult(event, content)),
    invocationId: events.map((event) => stringField(event, 'turn_id')).find((id) => id !== undefined),
  };
}

function readFunctionResult(value: unknown, content: boolean): ToolOutput[] {
  const callId = stringField(value, 'call_id');
  if (callId === undefined) return [];
  const output = content ? parseJson(readFunctionOutput(field(value, 'output'))) : undefined;
  return [{ invocationId: stringField(value, 'turn_id'), callId, output, outcome: readToolOutcome(value) }];
}

/** @param input a text, or a list of messages of the user or the agent */
function readSessionInput(input: unknown, content: boolean): readonly (Message | undefined)[] {
  const isText = typeof input === 'string' && input !== '';
  return readRequestMessages(isText ? [{ content: input }] : asArray(input), content, readSentMessage);
}

const MAX_READ_SUBAGENTS = 10;
const NEWEST_TURNS = { limit: 100, order: 'desc' };

async function readTurnEnd(turn: InvocationView, get: Get, sink: FactSink): Promise<void> {
  const turns = `${sessionPath(turn)}${ownerPath(turn)}/turns`;
  if (turn.id !== undefined) {
    readSessionObject(await get(`${turns}/${encodeURIComponent(turn.id)}`), sink);
    return;
  }
  const listed = await get(turns, NEWEST_TURNS);
  for (const object of oldestFirst(listed, NEWEST_TURNS)) readSessionObject(object, sink);
}

/** Reads the items of a turn, and the turns of its subagents, which then read their own items. */
async function readTurnDetails(
  turn: InvocationView,
  get: Get,
  sink: FactSink,
  isRead: boolean,
): Promise<boolean> {
  // The usage may be reported only some time after the end.
  if (!isRead && turn.snapshot?.usage === undefined) await readTurnEnd(turn, get, sink);
  const { id } = turn;
  if (id === undefined) return false;
  const session = sessionPath(turn);
  const items = await listPages(get, `${session}${ownerPath(turn)}/turns/${encodeURIComponent(id)}/items`);
  const isOf = subagentsOf(turn, items);
  if (isOf !== undefined) {
    const listed = await listPages(get, `${session}/subagents`);
    for (const subagent of listed.filter(isOf).slice(-MAX_READ_SUBAGENTS)) {
      readSessionObject(subagent, sink);
      const subagentId = encodeURIComponent(stringField(subagent, 'id') ?? '');
      const turns = await listPages(get, `${session}/subagents/${subagentId}/turns`);
      for (const one of turns) readTurn(one, sink, { aboveId: id });
    }
  }
  for (const item of items) readSessionObject(item, sink);
  return true;
}

/**
 * Returns a test for the subagents of a turn, or `undefined` if there are none. The turn's items name some of
 * them. If the items create more, a creating agent opened the others during the turn.
 */
function subagentsOf(
  { snapshot }: InvocationView,
  items: readonly unknown[],
): ((subagent: unknown) => boolean) | undefined {
  const named = new Set(
    items.flatMap((item) => [
      stringField(item, RECIPIENT),
      ...first(arrayField(item, 'recipient_agent_ids')),
    ]),
  );
  named.delete(undefined);
  const creates = items.filter((item) => stringField(item, 'type') === 'create_subagent_call');
  if (creates.length === 0 && named.size === 0) return undefined;
  const creators = creates.slice(named.size).map((item) => stringField(item, 'agent_id'));
  const { createdAt = 0, endedAt = Number.POSITIVE_INFINITY } = snapshot ?? {};
  return (subagent) => {
    if (named.has(stringField(subagent, 'id'))) return true;
    if (!creators.includes(stringField(subagent, 'parent_agent_id'))) return false;
    const openedAt = asTime(field(subagent, 'opened_at')) ?? createdAt;
    return openedAt >= createdAt && openedAt <= endedAt;
  };
}

function sessionPath({ conversationId = '' }: InvocationView): string {
  return `${SESSIONS}/${encodeURIComponent(conversationId)}`;
}

function ownerPath({ start: { subagentId } }: InvocationView): string {
  return subagentId === undefined ? '' : `/subagents/${encodeURIComponent(subagentId)}`;
}
