import { type Context, trace } from '@opentelemetry/api';
import { fingerprintOf } from '../../operations/tool-calls.ts';
import type { ToolRun } from '../../sdk/call.ts';
import * as ATTR from '../../semconv/attributes.ts';
import type { LocalPlace } from '../../telemetry/program-operation.ts';
import { activeSpan } from '../conversations/conversation.ts';
import { conversationIn } from '../conversations/conversation-id.ts';
import { fingerprintOfMessages, lastMessages, once } from './last-messages.ts';
import { type ToolCalls, validTraceId } from './tool-calls.ts';

/** The tool call that a function of the program is about to answer. It is recorded while it runs, not when it is answered. */
export function takeRunningCall(
  toolCalls: ToolCalls,
  tool: ToolRun,
  origin: string,
  context: Context,
): LocalPlace | undefined {
  if (!toolCalls.areAwaited) return undefined;
  const conversationId = conversationIn(context);
  const traceId = validTraceId(trace.getSpanContext(context));
  const question = once(() => fingerprintOfMessages(lastMessages(tool.history())));
  const pending = toolCalls.takeFirst(
    tool.calls().map((call) => ({
      origin,
      id: call.id,
      repeated: { name: tool.name, fingerprint: fingerprintOf(tool.name, call.arguments) },
      conversationId,
      traceId,
      question,
    })),
  );
  if (pending === undefined) return undefined;
  const id = { [ATTR.GEN_AI_TOOL_CALL_ID]: pending.requested.call.id };
  const caller = pending.response.parent?.span;
  const isBelow = conversationId !== undefined || activeSpan(context) === undefined;
  const parent = isBelow && caller !== undefined ? trace.setSpanContext(context, caller) : context;
  return {
    parent,
    attributes: conversationId === undefined ? id : { [ATTR.GEN_AI_CONVERSATION_ID]: conversationId, ...id },
  };
}
