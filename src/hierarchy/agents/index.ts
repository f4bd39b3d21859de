import * as ATTR from '../../semconv/attributes.ts';
import { field, objectField, stringField } from '../../util/payload.ts';
import type { AgentSettings, Dialect } from '../dialect.ts';
import { type ConversationPaths, conversationUse, parameterOf, readAgentContent } from '../read-request.ts';
import { readSessionInput } from './content.ts';
import { readSessionEvent } from './events.ts';
import { readSessionList, readSessionObject } from './facts.ts';
import { readAgentParameters } from './objects.ts';
import { readTurnDetails, readTurnEnd } from './read-turn.ts';
import { readSessionItem } from './session-items.ts';
import { readSubmittedEvents } from './submitted-events.ts';

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
  folds: 'turn',
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
      invocationId: parameterOf(request, 'turn_id') ?? submitted.turnId,
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
  readKept: (value, sink, turnId, done) => readSessionItem(value, sink, turnId, done),
  readEnd: readTurnEnd,
  readDetails: readTurnDetails,
};
