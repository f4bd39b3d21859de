import type { Span } from '@opentelemetry/api';
import { guard } from '../../util/guard.ts';
import { nextTurn } from '../../util/wait.ts';
import { recordFailure } from '../error.ts';
import type { Telemetry } from '../telemetry.ts';
import type { EndedOperation } from './ended-operation.ts';
import { endSpan } from './span-end.ts';

/** Ends the span of another instrumentation with what we know: otherwise, nobody would have recorded the call. */
export function endIfOpen(
  { functions, settings }: Telemetry,
  span: Span,
  { attributes, failure, endTime }: Pick<EndedOperation, 'attributes' | 'failure' | 'endTime'>,
): void {
  const end = (): void => {
    functions.delete(span);
    if (!span.isRecording()) return;
    span.setAttributes(attributes);
    if (failure) recordFailure(span, { ...failure, message: undefined }, settings);
    endSpan(span, endTime);
  };
  // A shutdown does not wait for the next turn.
  functions.set(span, end);
  void nextTurn().then(() => guard('ending a span', end));
}
