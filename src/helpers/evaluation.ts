import { defaultTelemetry } from '../pipeline/default-observers.ts';
import { type Evaluation, emitEvaluation, hasSubject } from '../telemetry/evaluations/evaluation.ts';
import { now } from '../util/clock.ts';
import { activeContext, isSuppressed } from '../util/context.ts';
import { guard } from '../util/guard.ts';

export type { Evaluation };

/**
 * Records a score for an answer, a run, a thread or a conversation as the event `gen_ai.evaluation.result`, a log record.
 * Call it at any time, even in a later request or in another process. The event gets the span context of its subject if
 * this process recorded that span and still knows it: it keeps 1,000 answers, runs and conversations each, for an hour.
 * Otherwise the event has no span context, and its ids identify the subject. Never throws.
 */
export function recordEvaluation(evaluation: Evaluation): void {
  guard('recording an evaluation', () => {
    const active = activeContext();
    const telemetry = hasSubject(evaluation) ? defaultTelemetry() : undefined;
    if (telemetry !== undefined && !isSuppressed(active))
      emitEvaluation(telemetry, evaluation, active, now());
  });
}
