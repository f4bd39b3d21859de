import type { Attributes } from '@opentelemetry/api';
import type { Message } from '../../config/completion-types.ts';
import { define } from '../../operations/attributes.ts';
import { ATTR_GEN_AI_REQUEST_MODEL, ATTR_GEN_AI_REQUEST_STREAM } from '../../semconv/attributes.ts';
import { type Failure, readError } from '../../telemetry/error.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { arrayField, field, objectField, stringField } from '../../util/payload.ts';
import type { AskedMessages, Conversation } from '../conversation.ts';
import type { Invocation } from '../invocation.ts';
import type { ConversationTracker } from '../tracker.ts';
import { type AgentsCall, sessionUse } from './agents-call.ts';
import { readAgentContent, readFunctionOutput, readSessionInput } from './content.ts';
import { readAgentParameters } from './objects.ts';

const INPUT = 'agent.session.input.';

/** The input of a request that submits events to a session. */
export interface SubmittedEvents {
  /** The user messages, with their content if content is recorded. */
  readonly messages: readonly (Message | undefined)[];
  readonly results: readonly SubmittedResult[];
  /** The turn that the request names. */
  readonly turnId: string | undefined;
}

export interface SubmittedResult {
  readonly turnId: string | undefined;
  readonly callId: string;
  readonly output: unknown;
  readonly failure: Failure | undefined;
}

export function readSubmittedEvents(body: unknown, content: boolean): SubmittedEvents {
  const events = arrayField(body, 'events');
  const ofType = (type: string): unknown[] => events.filter((event) => field(event, 'type') === INPUT + type);
  return {
    messages: ofType('message').flatMap((event) => readSessionInput(field(event, 'input'), content)),
    results: ofType('tool_result').flatMap((event) => readResult(event, content)),
    turnId: events.map((event) => stringField(event, 'turn_id')).find((id) => id !== undefined),
  };
}

function readResult(event: unknown, content: boolean): SubmittedResult[] {
  const callId = stringField(event, 'call_id');
  if (callId === undefined) return [];
  const failed = field(event, 'success') === false;
  const failure = failed ? readError(field(event, 'error'), 'failed') : undefined;
  const output = content ? readFunctionOutput(field(event, 'output')) : undefined;
  return [{ turnId: stringField(event, 'turn_id'), callId, output, failure }];
}

/** Opens the invocation of a turn that is being requested, alone or with its session. */
export function startTurn(
  telemetry: Telemetry,
  conversations: ConversationTracker,
  read: AgentsCall,
  messages: readonly (Message | undefined)[],
  startAttributes: () => Attributes,
): Invocation {
  const { call, context, endpoint, request, sessionId } = read;
  const { body } = request;
  const { turns } = read.sightings;
  const session = turns.known(sessionId);
  const requested = objectField(body, 'agent');
  const agentId = session?.agent?.agent.id ?? stringField(body, 'agent_id');
  const agent =
    session?.agent?.agent ?? (agentId === undefined ? undefined : conversations.agents.get(agentId));
  const attributes: Attributes = { ...(session?.agent?.parameters ?? readAgentParameters(requested)) };
  define(attributes, ATTR_GEN_AI_REQUEST_MODEL, stringField(requested, 'model') ?? agent?.model);
  if (request.streamed) attributes[ATTR_GEN_AI_REQUEST_STREAM] = true;
  Object.assign(attributes, startAttributes());
  const invocation = conversations.openInvocation({
    kind: 'session',
    segment: conversations.open(sessionUse(read, sessionId)),
    agent,
    agentId,
    endpoint,
    attributes,
    asked: takeSessionMessages(sessionId === undefined ? undefined : turns.conversation(sessionId), messages),
    content:
      telemetry.wantsContent && requested !== undefined
        ? readAgentContent(requested)
        : session?.agent?.content,
    context,
    startTime: call.startTime,
    forgotten: () => {
      const id = invocation.place.conversationId;
      turns.known(id)?.forget(invocation);
    },
  });
  return invocation;
}

function takeSessionMessages(
  conversation: Conversation | undefined,
  messages: readonly (Message | undefined)[],
): AskedMessages {
  if (conversation === undefined)
    return { count: messages.length, messages: messages.filter((message) => message !== undefined) };
  for (const message of messages) conversation.asked(message);
  return conversation.takeUnanswered();
}
