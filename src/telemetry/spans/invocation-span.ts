import { type Attributes, type Context, type Link, type Span, SpanKind } from '@opentelemetry/api';
import type { Message, MessagePart, ToolDefinition } from '../../config/completion-types.ts';
import type { Settings } from '../../config/config.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { GEN_AI_OPERATION_NAME_VALUE_INVOKE_AGENT } from '../../semconv/values.ts';
import { guard } from '../../util/guard.ts';
import { begin, finish } from '../../util/open-traces.ts';
import { beginContent } from '../content/begin-content.ts';
import type { Content } from '../content/completion-hook.ts';
import { messageFinishReason } from '../content/messages.ts';
import { type Usage, usageAttributes } from '../cost/usage.ts';
import type { Failure } from '../error.ts';
import { addFinishReason } from '../finish-reason.ts';
import type { RequestedToolCall } from '../operation.ts';
import { endpointAttributes, type Place, placeAttributes } from '../place.ts';
import { addSkippedCalls } from '../skipped.ts';
import type { Telemetry } from '../telemetry.ts';
import { isEndTold } from './ended-operation.ts';
import { recordEndAndTellSink } from './record-end.ts';
import { endSpan } from './span-end.ts';
import { startSpan } from './start-span.ts';
import { type Totals, totalAttributes } from './totals.ts';

export interface InvocationSpanStart {
  readonly place: Place;
  readonly endpoint: Endpoint;
  /** The request parameters: the model, and others. */
  readonly attributes: Attributes;
  readonly parent: Context;
  readonly links: Link[];
  readonly startTime: number;
}

export interface StartedInvocation {
  readonly span: Span;
  /** The attributes the span started with, for the metrics of the operation. */
  readonly attributes: Attributes;
}

/** Starts the span of a run or turn. No other file does so. */
export function startInvocationSpan(telemetry: Telemetry, start: InvocationSpanStart): StartedInvocation {
  const { place, endpoint, parent, links, startTime } = start;
  const attributes: Attributes = {
    [ATTR.GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_INVOKE_AGENT,
    ...endpointAttributes(endpoint),
    ...placeAttributes(place),
    ...start.attributes,
  };
  const span = startSpan(
    telemetry,
    invocationSpanName(place.agentName),
    { kind: SpanKind.CLIENT, attributes, links, startTime },
    parent,
  );
  return { span: begin(span), attributes };
}

export function invocationSpanName(agentName: string | undefined): string {
  return agentName === undefined ? 'invoke_agent' : `invoke_agent ${agentName}`;
}

/** The final state of an invocation. */
export interface InvocationEnd {
  /** The attributes of its span so far. */
  readonly attributes: Attributes;
  readonly startTime: number;
  readonly endTime: number;
  /** `false` if the invocation was given up before its end was seen. */
  readonly observed: boolean;
  readonly finishReason: string | undefined;
  readonly failure: Failure | undefined;
  readonly pollCount: number;
  /** The tokens that no step below the span carries. */
  readonly usage: Usage | undefined;
  /** The cost of that usage in USD. */
  readonly cost: number | undefined;
  readonly totals: Totals;
  readonly toolCalls: readonly RequestedToolCall[];
  /** The numbers of steps and tool calls without a span. */
  readonly skippedSteps: number;
  readonly skippedToolCalls: number;
  readonly systemInstructions: readonly MessagePart[];
  readonly toolDefinitions: readonly ToolDefinition[];
  readonly inputMessages: readonly Message[];
  readonly outputMessages: readonly Message[];
}

export function endInvocationSpan(
  telemetry: Telemetry,
  { span, context, startSettings }: { span: Span; context: Context; startSettings: Settings },
  end: InvocationEnd,
): void {
  finish(span);
  const attributes: Attributes = {
    ...endAttributes(end),
    ...usageAttributes(end.usage),
    ...totalAttributes(end.totals),
  };
  if (end.cost !== undefined) attributes[ATTR.OPENAI_COST] = end.cost;
  guard('recording an invocation', () => span.setAttributes(attributes));
  const content = beginContent(telemetry, span, context, startSettings);
  content?.add(invocationContent(end));
  const { failure, startTime, endTime, toolCalls } = end;
  if (isEndTold(telemetry, content, failure)) {
    const all = { ...end.attributes, ...attributes };
    const ended = { span, startSettings, context, attributes: all, content, failure, endTime };
    recordEndAndTellSink(telemetry, ended, {
      runsModel: true,
      startTime,
      toolCalls: () => toolCalls,
    });
  }
  endSpan(span, endTime);
}

function endAttributes(end: InvocationEnd): Attributes {
  const { observed, finishReason, pollCount } = end;
  const attributes: Attributes = {};
  if (!observed) attributes[ATTR.OPENAI_RUN_OBSERVED] = false;
  addFinishReason(attributes, finishReason);
  if (pollCount > 0) attributes[ATTR.OPENAI_RUN_POLL_COUNT] = pollCount;
  addSkippedCalls(attributes, ATTR.OPENAI_SKIPPED_STEPS, end.skippedSteps);
  addSkippedCalls(attributes, ATTR.OPENAI_SKIPPED_TOOL_CALLS, end.skippedToolCalls);
  return attributes;
}

function invocationContent(end: InvocationEnd): Content {
  const outputMessages = end.outputMessages.map((message) => ({
    ...message,
    finish_reason: messageFinishReason(message.finish_reason ?? end.finishReason),
  }));
  const { systemInstructions, toolDefinitions, inputMessages } = end;
  return { systemInstructions, toolDefinitions, inputMessages, outputMessages };
}
