import { readHeader } from '../../client/call.ts';
import { ATTR_GEN_AI_REQUEST_MODEL } from '../../semconv/attributes.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Conversations } from '../conversations.ts';
import type { Invocation } from '../invocation.ts';
import { ServerClock } from '../timing.ts';
import { type AssistantsCall, useOf } from './assistants-call.ts';
import { readRun } from './objects.ts';

/**
 * Begins to draw a run that another process has created, from the run's own times; once, however often it
 * passes by.
 *
 * @param headers of the response, whose date tells what the server's clock says
 * @returns the run, if it is one that nobody here draws
 */
export function adoptRun(
  telemetry: Telemetry,
  conversations: Conversations,
  read: AssistantsCall,
  value: unknown,
  sighting: { time: number; headers: unknown },
): Invocation | undefined {
  if (!telemetry.settings.adoptRuns) return undefined;
  const run = readRun(value, { content: telemetry.wantsContent });
  if (run === undefined || conversations.knows(run.id)) return undefined;
  const date = Date.parse(readHeader(sighting.headers, 'date') ?? '');
  const clock = ServerClock.reading(Number.isNaN(date) ? sighting.time : date, sighting.time);
  const threadId = run.conversationId ?? read.threadId;
  return conversations.openInvocation({
    kind: 'thread',
    segment: conversations.open(useOf(read, threadId)),
    agent: conversations.agents.get(run.agentId ?? ''),
    agentId: run.agentId,
    endpoint: read.endpoint,
    attributes: {
      ...run.parameters,
      ...(run.model === undefined ? {} : { [ATTR_GEN_AI_REQUEST_MODEL]: run.model }),
    },
    asked:
      threadId === undefined
        ? { count: 0, messages: [] }
        : conversations.conversation('thread', threadId).takeUnanswered(),
    content: undefined,
    context: read.context,
    startTime: Math.min(clock.local(run.createdAt, sighting.time), sighting.time),
    clock,
  });
}
