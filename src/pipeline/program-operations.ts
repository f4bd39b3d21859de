import type { Context, SpanContext } from '@opentelemetry/api';
import { conversationIn } from '../hierarchy/conversations/conversation-id.ts';
import { programTool, subjectOf, webhook } from '../operations/program.ts';
import type { ToolRun } from '../sdk/call.ts';
import type { OperationKind } from '../telemetry/operation.ts';
import { placeAttributes } from '../telemetry/place-attributes.ts';
import { type LocalPlace, ProgramOperation, type ProgramResult } from '../telemetry/program-operation.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { clockIn, now } from '../util/clock.ts';
import { activeContext } from '../util/context.ts';
import { guard } from '../util/guard.ts';
import { type Outcome, watchOutcome } from '../util/watch-result.ts';

/** Records what helpers of the SDK do without a request: they run tools and loops, and unwrap webhooks. */

/** Returns `undefined` outside `withConversation`. */
type FindPlace = (context: Context, startTime: number) => LocalPlace | undefined;

/**
 * Results and errors of the tool pass through unchanged.
 *
 * @param provider the provider of the client that runs the tool
 * @param find finds the place of the tool call that the function answers
 */
export function runTool(
  telemetry: Telemetry,
  tool: ToolRun,
  provider: string,
  find: (context: Context) => LocalPlace | undefined,
): unknown {
  const started = guard('starting a tool span', () => {
    const context = activeContext();
    return new ProgramOperation(telemetry, {
      operation: programTool,
      request: { name: tool.name, arguments: tool.arguments, provider },
      place: find(context) ?? { parent: context },
      clock: clockIn(context),
    });
  });
  if (started === undefined) return tool.run();
  return watchOutcome(tool.run, started);
}

export function startInConversation(
  telemetry: Telemetry,
  operation: OperationKind<undefined, ProgramResult>,
  find: FindPlace,
): ProgramOperation<undefined> | undefined {
  return guard('starting a span', () => {
    const context = activeContext();
    const clock = clockIn(context);
    const startTime = now(clock);
    const conversationId = conversationIn(context);
    const attributes = placeAttributes({ kind: 'conversation', conversationId });
    const place = { parent: context, ...guard('placing a span', find, context, startTime), attributes };
    return new ProgramOperation(telemetry, { operation, request: undefined, place, startTime, clock });
  });
}

/**
 * If the signature is invalid, the content is not read: anybody may have sent it.
 *
 * @param creatorOf returns the span context of a response that this process created
 */
export function startWebhook(
  telemetry: Telemetry,
  find: FindPlace,
  creatorOf: (responseId: string) => SpanContext | undefined,
): Outcome | undefined {
  const started = startInConversation(telemetry, webhook, find);
  if (started === undefined) return undefined;
  return {
    succeed(event) {
      const creator = guard('finding what a webhook is about', () => creatorOf(subjectOf(event)?.id ?? ''));
      if (creator !== undefined && !started.record.hasEnded) started.record.link(creator);
      started.succeed(event);
    },
    fail: (error) => started.fail(error),
  };
}
