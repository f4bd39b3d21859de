import { ownFields } from 'openai-traces-viewer/shared/own-fields.ts';
import { defaultTelemetry } from '../pipeline/default-observers.ts';
import { type Evaluation, emitEvaluation, hasSubject } from '../telemetry/evaluations/evaluation.ts';
import { now } from '../util/clock.ts';
import { activeContext, isSuppressed } from '../util/context.ts';
import { guard } from '../util/guard.ts';

export type { Evaluation };

/**
 * Records a score for an answer, a run, a thread or a conversation as a log record, the event
 * `gen_ai.evaluation.result`. Call it at any time, even in a later request or another process. This process
 * remembers the span contexts of 1,000 answers, 1,000 runs and 1,000 conversations for an hour, and adds the
 * subject's span context to the event. If that is unknown, the event's ids identify the subject.
 * Never throws.
 */
export function recordEvaluation(evaluation: Evaluation): void {
  guard('recording an evaluation', () => {
    const active = activeContext();
    const own = ownFields(evaluation);
    const telemetry = defaultTelemetry();
    if (telemetry !== undefined && hasSubject(own) && !isSuppressed(active))
      emitEvaluation(telemetry, own, active, now());
  });
}
