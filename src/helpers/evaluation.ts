import { defaultTelemetry } from '../pipeline/default-observers.ts';
import { isSuppressed } from '../sdk/suppression.ts';
import { type EvaluationResult, emitEvaluation } from '../telemetry/events/evaluation-event.ts';
import { now } from '../util/clock.ts';
import { activeContext } from '../util/context.ts';
import { guard, warnOnce } from '../util/guard.ts';
import { asNumber, field, isRecordable } from '../util/payload.ts';

/** The result of an evaluation, or user feedback. At least one id is required. */
export interface Evaluation {
  /** The id of a chat completion, a response or a message of a run. */
  readonly responseId?: string | undefined;
  /** The id of a run or turn. */
  readonly runId?: string | undefined;
  readonly threadId?: string | undefined;
  /** The id of a conversation or session, or one that was passed to `withConversation`. */
  readonly conversationId?: string | undefined;
  /** What was evaluated: `helpfulness`. Recorded in every mode; use few distinct values. */
  readonly name: string;
  readonly score?: number | undefined;
  /** The score as a word: `pass`, `fail`. Recorded in every mode; use few distinct values. */
  readonly label?: string | undefined;
  /** The reason for the score. It is content, recorded if `captureMessageContent` allows it on events. */
  readonly explanation?: string | undefined;
}

/**
 * Records a score for an answer, a run, a thread or a conversation as the event `gen_ai.evaluation.result`, a log record.
 * Call it at any time, even in a later request or in another process. The event gets the span context of its subject if
 * this process recorded that span and still knows it: it keeps 1,000 answers, runs and conversations each, for an hour.
 * Otherwise the event has no span context, and its ids identify the subject. Never throws.
 */
export function recordEvaluation(evaluation: Evaluation): void {
  guard('recording an evaluation', record, evaluation);
}

function record(evaluation: Evaluation): void {
  const result = readEvaluation(evaluation);
  const active = activeContext();
  const telemetry = result === undefined ? undefined : defaultTelemetry();
  if (result === undefined || telemetry === undefined || isSuppressed(active)) return;
  emitEvaluation(telemetry, result, active, now());
}

function readEvaluation(evaluation: unknown): EvaluationResult | undefined {
  const text = (name: keyof Evaluation): string | undefined => {
    const value = field(evaluation, name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const [responseId, runId] = [text('responseId'), text('runId')];
  const [threadId, conversationId] = [text('threadId'), text('conversationId')];
  const name = text('name');
  const isAbout = [responseId, runId, threadId, conversationId].some((id) => id !== undefined);
  const score = field(evaluation, 'score');
  if (name === undefined || !isAbout)
    return void warnOnce(
      'evaluation',
      'recordEvaluation ignored its argument: expected a name and one of responseId, runId, threadId and conversationId.',
    );
  if (score !== undefined && score !== null && !isRecordable(score))
    warnOnce('evaluation score', 'recordEvaluation ignored the score: expected a number below 2^63.');
  return {
    responseId,
    runId,
    threadId,
    conversationId,
    name,
    score: asNumber(score),
    label: text('label'),
    explanation: text('explanation'),
  };
}
