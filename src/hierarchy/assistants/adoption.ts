import { ATTR_GEN_AI_REQUEST_MODEL } from '../../semconv/attributes.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Invocation } from '../invocation.ts';
import { continueFrom, creatorOf } from '../remote-creator.ts';
import { ServerClock } from '../server-clock.ts';
import type { Conversations } from '../tracker.ts';
import { type AssistantsCall, useOf } from './assistants-call.ts';
import { readRun } from './objects.ts';
import type { RunHandedOn } from './unowned-run.ts';

/** When and how a run that nobody here draws came to light. */
export interface RunSighting {
  readonly time: number;
  /** Of the response, whose date tells what the server's clock says. */
  readonly headers: unknown;
  /** What this process knows of it, if it created it. */
  readonly handedOn: RunHandedOn | undefined;
}

/**
 * Begins to draw a run that nobody here draws, from the run's own times; once, however often it passes by.
 */
export function adoptRun(
  telemetry: Telemetry,
  conversations: Conversations,
  read: AssistantsCall,
  value: unknown,
  sighting: RunSighting,
): Invocation | undefined {
  const run = readRun(value, { content: telemetry.wantsContent });
  if (run === undefined || conversations.knows(run.id, read.endpoint.origin)) return undefined;
  const clock = ServerClock.ofResponse(sighting.headers, sighting.time);
  const threadId = run.conversationId ?? read.threadId;
  const { settings } = telemetry;
  const own = sighting.handedOn?.creator;
  const trusted = own !== undefined || settings.adoptRuns === true;
  const { context, link } = continueFrom(own ?? creatorOf(value, settings), read.context, trusted);
  return conversations.openInvocation({
    kind: 'thread',
    segment: conversations.open({ ...useOf(read, threadId), context }),
    agent: conversations.agents.get(run.agentId ?? ''),
    agentId: run.agentId,
    endpoint: read.endpoint,
    attributes: {
      ...run.parameters,
      ...(run.model === undefined ? {} : { [ATTR_GEN_AI_REQUEST_MODEL]: run.model }),
    },
    asked:
      sighting.handedOn?.asked ??
      (threadId === undefined
        ? { count: 0, messages: [] }
        : conversations.conversation('thread', threadId, read.endpoint.origin).takeUnanswered()),
    content: undefined,
    context,
    creator: link,
    startTime:
      sighting.handedOn?.startTime ?? Math.min(clock.local(run.createdAt, sighting.time), sighting.time),
    clock,
    // However its end is seen, its beginning is known in the server's seconds.
    rebuilt: sighting.handedOn === undefined,
  });
}
