import type { Attributes } from '@opentelemetry/api';
import type { Message } from '../config/completion-types.ts';
import * as ATTR from '../semconv/attributes.ts';
import { GEN_AI_OPERATION_NAME_VALUE_INVOKE_AGENT } from '../semconv/values.ts';
import { type Totals, totalAttributes, type Usage } from '../telemetry/cost/usage.ts';
import type { Operation, OperationKind, RequestedToolCall, WholeOperation } from '../telemetry/operation.ts';
import { addFinishReason, messageFinishReason } from '../telemetry/outcomes/finish-reason.ts';
import { define } from './attributes.ts';
import type { AgentContent } from './create-agent.ts';
import { request } from './request.ts';

export interface InvocationEnd {
  /** `false` if we stopped watching the invocation before it ended. */
  readonly observed: boolean;
  readonly finishReason: string | undefined;
  readonly pollCount: number;
  /** The tokens that are not recorded on a step below the span. */
  readonly usage: Usage | undefined;
  readonly whole: WholeOperation;
  readonly totals: Totals;
  readonly toolCalls: readonly RequestedToolCall[];
  readonly skippedSteps: number;
  readonly skippedToolCalls: number;
  readonly content: AgentContent | undefined;
  readonly inputMessages: readonly Message[];
  readonly outputMessages: readonly Message[];
}

export const invokeAgent: OperationKind<{ readonly agentName?: string | undefined }, InvocationEnd> = {
  name: GEN_AI_OPERATION_NAME_VALUE_INVOKE_AGENT,
  isLasting: true,
  subject: ({ agentName }) => agentName,
  requestAttributes: () => ({}),
  resultAttributes({ observed, finishReason, pollCount, skippedSteps, skippedToolCalls, totals }) {
    const attributes: Attributes = totalAttributes(totals);
    if (!observed) attributes[ATTR.OPENAI_RUN_OBSERVED] = false;
    addFinishReason(attributes, finishReason);
    define(attributes, ATTR.OPENAI_RUN_POLL_COUNT, pollCount || undefined);
    define(attributes, ATTR.OPENAI_SKIPPED_STEPS, skippedSteps || undefined);
    define(attributes, ATTR.OPENAI_SKIPPED_TOOL_CALLS, skippedToolCalls || undefined);
    return attributes;
  },
  usage: ({ usage }) => usage,
  // The tokens are those of several calls, so prices that depend on a single call do not apply.
  fees: () => ({ aggregate: true }),
  whole: ({ whole }) => whole,
  toolCalls: ({ toolCalls }) => toolCalls,
  content: {
    output: ({ content, inputMessages, outputMessages, finishReason }) => ({
      ...content,
      inputMessages,
      outputMessages: outputMessages.map((message) => ({
        ...message,
        finish_reason: messageFinishReason(message.finish_reason ?? finishReason),
      })),
    }),
  },
};

/**
 * If such a request starts an invocation that this process records, the request has no span of its own.
 *
 * @see https://platform.openai.com/docs/api-reference/runs/createRun
 */
export const startInvocation: Operation = {
  ...request,
  endpoints: ['POST /threads/{thread_id}/runs', 'POST /threads/runs', 'POST /agents/sessions'],
  traits: { createsMetadata: true, invokesAgent: true },
};

export const submitSessionEvents: Operation = {
  ...request,
  endpoints: ['POST /agents/sessions/{session_id}/events'],
  traits: { invokesAgent: true },
};
