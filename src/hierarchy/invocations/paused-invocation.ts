import type { Attributes, SpanContext } from '@opentelemetry/api';
import type { Usage } from '../../telemetry/cost/usage.ts';
import type { Agent, ConversationKind } from '../model.ts';
import type { OperationClock } from '../operation-clock.ts';
import type { UnansweredCall } from '../tool-calls/tool-call.ts';

/** What is kept of an invocation that was closed before its end. No content. */
export interface PausedInvocation {
  readonly id: string;
  readonly kind: ConversationKind;
  readonly conversationId: string | undefined;
  readonly agent: Agent | undefined;
  readonly agentId: string | undefined;
  readonly attributes: Attributes;
  /** The span that has ended. */
  readonly span: SpanContext;
  /** When the invocation began, in milliseconds since the epoch; `undefined` if only the server knows. */
  readonly createdTime: number | undefined;
  readonly clock: OperationClock;
  /** The steps that were recorded, with the usage that their spans carry. */
  readonly recordedSteps: ReadonlyMap<string, Usage | undefined>;
  readonly recordedCalls: ReadonlySet<string>;
  readonly unanswered: readonly UnansweredCall[];
}

/** Shared, because most paused invocations have neither, and each is kept for a day. */
export const NO_RECORDED_STEPS: PausedInvocation['recordedSteps'] = new Map();
export const NO_RECORDED_CALLS: PausedInvocation['recordedCalls'] = new Set();
