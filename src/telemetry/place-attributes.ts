import type { Attributes } from '@opentelemetry/api';
import type { Endpoint } from '../sdk/provider.ts';
import * as ATTR from '../semconv/attributes.ts';

/** The kind of a conversation, which is also the name of its span. */
export type ConversationKind = 'thread' | 'conversation' | 'session' | 'realtime' | 'live';

/** The attributes for a span's place in the hierarchy. Attempts and exceptions have those of their call. */
export const HIERARCHY_IDS: readonly string[] = [
  ATTR.GEN_AI_CONVERSATION_ID,
  ATTR.GEN_AI_AGENT_ID,
  ATTR.GEN_AI_AGENT_NAME,
  ATTR.OPENAI_THREAD_ID,
  ATTR.OPENAI_RUN_ID,
  ATTR.OPENAI_STEP_ID,
  ATTR.OPENAI_ASSISTANT_ID,
  ATTR.OPENAI_MESSAGE_ID,
  ATTR.OPENAI_SESSION_ID,
  ATTR.OPENAI_TURN_ID,
  ATTR.OPENAI_ITEM_ID,
  ATTR.OPENAI_SUBAGENT_ID,
];

/**
 * Where a span belongs in the hierarchy: the ids of all spans above it, so that one filter finds a whole run.
 */
export interface Place {
  readonly kind: ConversationKind;
  /** The API of the call that opened the conversation. Set if `kind` does not determine it. */
  readonly apiType?: string | undefined;
  readonly conversationId: string | undefined;
  readonly invocationId?: string | undefined;
  readonly agentId?: string | undefined;
  readonly agentName?: string | undefined;
  readonly subagentId?: string | undefined;
}

type Names = Readonly<Partial<Record<'apiType' | 'conversation' | 'invocation' | 'agent', string>>>;

/** The API's own attributes for ids. Ids of conversations and agents have conventional attributes, too. */
const NAMES: Readonly<Record<ConversationKind, Names>> = {
  thread: {
    apiType: 'assistants',
    conversation: ATTR.OPENAI_THREAD_ID,
    invocation: ATTR.OPENAI_RUN_ID,
    agent: ATTR.OPENAI_ASSISTANT_ID,
  },
  conversation: {},
  session: {
    apiType: 'agents',
    conversation: ATTR.OPENAI_SESSION_ID,
    invocation: ATTR.OPENAI_TURN_ID,
  },
  realtime: { apiType: 'realtime' },
  live: { apiType: 'live' },
};

export function placeAttributes(place: Place): Attributes {
  const names = NAMES[place.kind];
  const apiType = place.apiType ?? names.apiType;
  const attributes: Attributes = apiType === undefined ? {} : { [ATTR.OPENAI_API_TYPE]: apiType };
  const { conversationId, invocationId, agentId, agentName, subagentId } = place;
  if (conversationId !== undefined) {
    attributes[ATTR.GEN_AI_CONVERSATION_ID] = conversationId;
    if (names.conversation !== undefined) attributes[names.conversation] = conversationId;
  }
  if (invocationId !== undefined && names.invocation !== undefined)
    attributes[names.invocation] = invocationId;
  if (agentId !== undefined) {
    attributes[ATTR.GEN_AI_AGENT_ID] = agentId;
    if (names.agent !== undefined) attributes[names.agent] = agentId;
  }
  if (agentName !== undefined) attributes[ATTR.GEN_AI_AGENT_NAME] = agentName;
  if (subagentId !== undefined) attributes[ATTR.OPENAI_SUBAGENT_ID] = subagentId;
  return attributes;
}

export function addEndpointAttributes(attributes: Attributes, { provider, address, port }: Endpoint): void {
  attributes[ATTR.GEN_AI_PROVIDER_NAME] = provider;
  if (address !== undefined) attributes[ATTR.SERVER_ADDRESS] = address;
  if (address !== undefined && port !== undefined) attributes[ATTR.SERVER_PORT] = port;
}
