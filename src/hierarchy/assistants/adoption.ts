import { ATTR_GEN_AI_REQUEST_MODEL } from '../../semconv/attributes.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Invocation } from '../invocation.ts';
import { continueFrom, creatorOf } from '../remote-creator.ts';
import { ServerClock } from '../server-clock.ts';
import type { ConversationTracker } from '../tracker.ts';
import { type AssistantsCall, threadUse } from './assistants-call.ts';
import { readRun } from './objects.ts';
import type { RunHandedOn } from './unowned-run.ts';

/** How a run became known that this process does not record yet. */
export interface ObservedRun {
  readonly time: number;
  /** The response headers, whose date reveals the server's clock. */
  readonly headers: unknown;
  /** Set if this process created the run and handed it on. */
  readonly handedOn: RunHandedOn | undefined;
}

/**
 * Begins to draw a run that nobody here draws, from the run's own times; once, however often it passes by.
 */
export function adoptRun(
  telemetry: Telemetry,
  conversations: ConversationTracker,
  read: AssistantsCall,
  value: unknown,
  observation: ObservedRun,
): Invocation | undefined {
  const run = readRun(value, { content: telemetry.wantsContent });
  if (run === undefined || conversations.knows(run.id, read.endpoint.origin)) return undefined;
  const clock = ServerClock.ofResponse(observation.headers, observation.time);
  const threadId = run.conversationId ?? read.threadId;
  const { settings } = telemetry;
  const own = observation.handedOn?.creator;
  const trusted = own !== undefined || settings.adoptRuns === true;
  const { context, link } = continueFrom(own ?? creatorOf(value, settings), read.context, trusted);
  return conversations.openInvocation({
    kind: 'thread',
    segment: conversations.open({ ...threadUse(read, threadId), context }),
    agent: conversations.agents.get(run.agentId ?? ''),
    agentId: run.agentId,
    endpoint: read.endpoint,
    attributes: {
      ...run.parameters,
      ...(run.model === undefined ? {} : { [ATTR_GEN_AI_REQUEST_MODEL]: run.model }),
    },
    asked:
      observation.handedOn?.asked ??
      (threadId === undefined
        ? { count: 0, messages: [] }
        : conversations.conversation('thread', threadId, read.endpoint.origin).takeUnanswered()),
    content: undefined,
    context,
    creator: link,
    startTime:
      observation.handedOn?.startTime ??
      Math.min(clock.local(run.createdAt, observation.time), observation.time),
    clock,
    // Its start is known only in the server's whole seconds.
    rebuilt: observation.handedOn === undefined,
  });
}
