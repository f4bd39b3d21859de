import type { Attributes } from '@opentelemetry/api';
import { define } from '../../operations/attributes.ts';
import { ATTR_GEN_AI_REQUEST_MODEL, ATTR_GEN_AI_REQUEST_STREAM } from '../../semconv/attributes.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { objectField, stringField } from '../../util/payload.ts';
import type { AskedMessages } from '../conversation.ts';
import type { Invocation } from '../invocation.ts';
import type { ConversationTracker } from '../tracker.ts';
import { type AssistantsCall, threadUse } from './assistants-call.ts';
import { readAskedMessages, readRunContent } from './content.ts';
import { readRunParameters } from './objects.ts';

/** Opens the invocation of a run that is being created, alone or with its thread. */
export function startRun(
  telemetry: Telemetry,
  conversations: ConversationTracker,
  read: AssistantsCall,
  startAttributes: () => Attributes,
): Invocation {
  const { call, context, endpoint, request, threadId } = read;
  const { body } = request;
  const agentId = stringField(body, 'assistant_id');
  const content = telemetry.wantsContent;
  const agent = agentId === undefined ? undefined : conversations.agents.get(agentId);
  const attributes: Attributes = readRunParameters(body);
  define(attributes, ATTR_GEN_AI_REQUEST_MODEL, stringField(body, 'model') ?? agent?.model);
  if (request.streamed) attributes[ATTR_GEN_AI_REQUEST_STREAM] = true;
  Object.assign(attributes, startAttributes());
  return conversations.openInvocation({
    kind: 'thread',
    segment: conversations.open(threadUse(read, threadId)),
    agent,
    agentId,
    endpoint,
    attributes,
    asked: takeThreadMessages(conversations, read, content),
    content: content ? readRunContent(body) : undefined,
    context,
    startTime: call.startTime,
  });
}

/** The messages that the run answers: the unanswered ones of the thread and those of the request. */
function takeThreadMessages(
  conversations: ConversationTracker,
  read: AssistantsCall,
  content: boolean,
): AskedMessages {
  const { body } = read.request;
  if (read.threadId === undefined) {
    const messages = readAskedMessages(objectField(body, 'thread'), content);
    return { count: messages.length, messages: messages.filter((message) => message !== undefined) };
  }
  const conversation = conversations.conversation('thread', read.threadId, read.endpoint.origin);
  for (const message of readAskedMessages(body, content)) conversation.asked(message);
  return conversation.takeUnanswered();
}
