import { arrayField, field, MAX_REPEATED, objectField, row, stringField } from '../../util/payload.ts';
import type { AgentSettings, ConversationFact, FactSink, InvocationFact } from '../dialect.ts';
import { oldestFirst } from '../list-pages.ts';
import { readAgentContent } from '../read-request.ts';
import { readSessionParts } from './content.ts';
import { readAgent, readAgentParameters, readRequiredActions, readTurn } from './objects.ts';
import { readSessionItem } from './session-items.ts';

const SESSION_STATES: Readonly<Record<string, ConversationFact['state']>> = {
  idle: 'idle',
  failed: 'failed',
};

export function readSessionList(value: unknown, sink: FactSink, query: unknown): void {
  for (const item of oldestFirst(value, query, MAX_REPEATED)) {
    // A list contains sessions that this process does not use.
    if (field(item, 'object') !== 'agent.session' || sink.uses(stringField(item, 'id')))
      readSessionObject(item, sink);
  }
}

export function readSessionObject(value: unknown, sink: FactSink): void {
  const kind = stringField(value, 'object');
  if (kind === 'agent.session') readSession(value, sink);
  else if (kind === 'agent.session.turn') readTurnFact(value, sink);
  else if (kind === 'agent.session.subagent') readSubagent(value, sink);
  else if (kind === 'agent') {
    const agent = readAgent(value);
    if (agent !== undefined) sink.agent(agent);
  } else if (kind === undefined) readSessionItem(value, sink, stringField(value, 'turn_id'), true);
}

/** Reads the state of a session. */
export function readSession(value: unknown, sink: FactSink): void {
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

/** The agent of a session, which may exist only there. */
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
export function readTurnFact(
  value: unknown,
  sink: FactSink,
  { event, ...seen }: Pick<InvocationFact, 'moment' | 'aboveId'> & { readonly event?: unknown } = {},
): void {
  const reading = readTurn(value, event);
  if (reading !== undefined) sink.invocation({ ...reading, ...seen });
}

export function readSubagent(value: unknown, sink: FactSink): void {
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
