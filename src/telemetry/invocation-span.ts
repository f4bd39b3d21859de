import { type Attributes, type Context, type Link, type Span, SpanKind } from '@opentelemetry/api';
import type { Endpoint } from '../client/provider.ts';
import {
  ATTR_GEN_AI_INPUT_MESSAGES,
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_OUTPUT_MESSAGES,
  ATTR_GEN_AI_RESPONSE_FINISH_REASONS,
  ATTR_GEN_AI_SYSTEM_INSTRUCTIONS,
  ATTR_GEN_AI_TOOL_DEFINITIONS,
  ATTR_OPENAI_RUN_OBSERVED,
  ATTR_OPENAI_RUN_POLL_COUNT,
  ATTR_OPENAI_RUN_STATUS,
} from '../semconv/attributes.ts';
import { GEN_AI_OPERATION_NAME_VALUE_INVOKE_AGENT } from '../semconv/values.ts';
import { ContentRecorder } from './content.ts';
import { type Totals, totalAttributes } from './conversation-span.ts';
import { type Failure, recordFailure } from './error.ts';
import { endpointAttributes, type Place, placeAttributes } from './hierarchy.ts';
import { type Message, type MessagePart, messageFinishReason, type ToolDefinition } from './messages.ts';
import type { Telemetry } from './telemetry.ts';
import { type Usage, usageAttributes } from './usage.ts';

export interface InvocationSpanStart {
  readonly place: Place;
  readonly endpoint: Endpoint;
  /** Parameters of the request, model first of all. */
  readonly attributes: Attributes;
  readonly parent: Context;
  readonly links: Link[];
  readonly startTime: number;
}

export interface StartedInvocation {
  readonly span: Span;
  /** What the span started with, for the metrics of the operation. */
  readonly attributes: Attributes;
}

/** Starts the span of a run or turn; no other file does. */
export function startInvocationSpan(telemetry: Telemetry, start: InvocationSpanStart): StartedInvocation {
  const { place, endpoint, parent, links, startTime } = start;
  const attributes: Attributes = {
    [ATTR_GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_INVOKE_AGENT,
    ...endpointAttributes(endpoint),
    ...placeAttributes(place),
    ...start.attributes,
  };
  const span = telemetry.tracer.startSpan(
    invocationSpanName(place.agentName),
    { kind: SpanKind.CLIENT, attributes, links, startTime },
    parent,
  );
  return { span, attributes };
}

export function invocationSpanName(agentName: string | undefined): string {
  return agentName === undefined ? 'invoke_agent' : `invoke_agent ${agentName}`;
}

/** What an invocation has come to, all of it known. */
export interface InvocationEnd {
  readonly endTime: number;
  /** Its end was seen; `false` where it was given up before. */
  readonly observed: boolean;
  readonly status: string | undefined;
  readonly finishReason: string | undefined;
  readonly failure: Failure | undefined;
  readonly pollCount: number;
  /** Tokens that no step below carries. */
  readonly usage: Usage | undefined;
  readonly totals: Totals;
  readonly systemInstructions: readonly MessagePart[];
  readonly toolDefinitions: readonly ToolDefinition[];
  readonly inputMessages: readonly Message[];
  readonly outputMessages: readonly Message[];
}

export function endInvocationSpan(telemetry: Telemetry, span: Span, end: InvocationEnd): void {
  if (span.isRecording()) {
    span.setAttributes({
      ...endAttributes(end),
      ...usageAttributes(end.usage),
      ...totalAttributes(end.totals),
    });
    const recorder = ContentRecorder.forSpan(telemetry.settings, span);
    if (recorder !== undefined) span.setAttributes(contentAttributes(recorder, end));
  }
  if (end.failure !== undefined) recordFailure(span, end.failure, telemetry.settings);
  span.end(end.endTime);
}

function endAttributes({ observed, status, finishReason, pollCount }: InvocationEnd): Attributes {
  const attributes: Attributes = {};
  if (!observed) attributes[ATTR_OPENAI_RUN_OBSERVED] = false;
  if (status !== undefined) attributes[ATTR_OPENAI_RUN_STATUS] = status;
  if (finishReason !== undefined) attributes[ATTR_GEN_AI_RESPONSE_FINISH_REASONS] = [finishReason];
  if (pollCount > 0) attributes[ATTR_OPENAI_RUN_POLL_COUNT] = pollCount;
  return attributes;
}

function contentAttributes(recorder: ContentRecorder, end: InvocationEnd): Attributes {
  const attributes: Attributes = {};
  const outputs = end.outputMessages.map((message) => ({
    ...message,
    finish_reason: messageFinishReason(message.finish_reason ?? end.finishReason),
  }));
  recorder.addParts(attributes, ATTR_GEN_AI_SYSTEM_INSTRUCTIONS, end.systemInstructions);
  recorder.addMessages(attributes, ATTR_GEN_AI_OUTPUT_MESSAGES, outputs);
  recorder.addMessages(attributes, ATTR_GEN_AI_INPUT_MESSAGES, end.inputMessages);
  recorder.addList(attributes, ATTR_GEN_AI_TOOL_DEFINITIONS, end.toolDefinitions);
  return attributes;
}
