import type { Attributes } from '@opentelemetry/api';
import * as ATTR from '../../semconv/attributes.ts';
import {
  OPENAI_TOOL_OUTCOME_VALUE_CANCELLED,
  OPENAI_TOOL_OUTCOME_VALUE_DENIED,
  OPENAI_TOOL_OUTCOME_VALUE_UNANSWERED,
} from '../../semconv/values.ts';
import { arrayField, field, numberField, stringField } from '../../util/payload.ts';
import { type Failure, readReported } from './failure.ts';

/** How an unsuccessful tool call ended. Its span has `error.type`, or else `openai.tool.outcome`. */
export interface ToolOutcome {
  /** Whether the tool ran. Its duration is measured only then. */
  readonly ran: boolean;
  readonly failure: Failure | undefined;
  /** The value of `openai.tool.outcome`; `undefined` if the outcome is an error. */
  readonly value: string | undefined;
}

/** A person or a guardrail did not allow the call. */
export const DENIED_TOOL: ToolOutcome = harmless(OPENAI_TOOL_OUTCOME_VALUE_DENIED);
export const CANCELLED_TOOL: ToolOutcome = harmless(OPENAI_TOOL_OUTCOME_VALUE_CANCELLED);
export const UNANSWERED_TOOL: ToolOutcome = harmless(OPENAI_TOOL_OUTCOME_VALUE_UNANSWERED);
/** The tool is unknown, or its arguments could not be parsed. */
export const REFUSED_TOOL: ToolOutcome = notRun('refused');
const EXPIRED = notRun('expired');

/** The error with which the Agents API reports that a person did not approve the call. */
const DENIAL = 'mcp_approval_denied';

export function failedTool(failure: Failure): ToolOutcome {
  return { ran: true, failure, value: undefined };
}

function notRun(type: string): ToolOutcome {
  return { ran: false, failure: { type, message: undefined }, value: undefined };
}

function harmless(value: string): ToolOutcome {
  return { ran: false, failure: undefined, value };
}

/** The outcome that a tool call or its result reports in any API; `undefined` for success. */
export function readToolOutcome(object: unknown): ToolOutcome | undefined {
  const error = field(object, 'error') ?? undefined;
  if (field(object, 'approve') === false || stringField(error, 'code') === DENIAL) return DENIED_TOOL;
  if (error !== undefined || stringField(object, 'status') === 'failed' || field(object, 'success') === false)
    return failedTool(readReported(error, 'failed'));
  return readExit(object) ?? arrayField(object, 'output').map(readCommandExit).find(Boolean);
}

function readCommandExit(command: unknown): ToolOutcome | undefined {
  const outcome = field(command, 'outcome');
  return stringField(outcome, 'type') === 'timeout' ? failedWith('timeout') : readExit(outcome);
}

function readExit(exit: unknown): ToolOutcome | undefined {
  // `@openai/agents` uses the second spelling.
  const code = numberField(exit, 'exit_code') ?? numberField(exit, 'exitCode') ?? 0;
  return code === 0 ? undefined : failedWith('failed');
}

function failedWith(type: string): ToolOutcome {
  return failedTool({ type, message: undefined });
}

/** The outcome of a call that has no result, by the status with which the run, turn, step or response ended. */
export function outcomeWithoutResult(status: string | undefined): ToolOutcome | undefined {
  if (status === 'completed') return undefined;
  return status === 'cancelled' ? CANCELLED_TOOL : status === 'expired' ? EXPIRED : UNANSWERED_TOOL;
}

export function outcomeAttributes(outcome: ToolOutcome | undefined): Attributes {
  return outcome?.value === undefined ? {} : { [ATTR.OPENAI_TOOL_OUTCOME]: outcome.value };
}
