import type { Attributes, Context, Span } from '@opentelemetry/api';
import { ATTR_GEN_AI_OPERATION_NAME } from '../../semconv/attributes.ts';
import { guard } from '../../util/guard.ts';
import { ContentRecord } from '../content/content-record.ts';
import { type Failure, failureAttributes, recordFailure, unseen } from '../error.ts';
import { emitException } from '../events/exception-event.ts';
import type { Telemetry } from '../telemetry.ts';

/** An operation that is over, all of it known. */
export interface EndedOperation {
  readonly span: Span;
  /** Has the span, which the events belong to. */
  readonly context: Context;
  /** All of the span's attributes but content. */
  readonly attributes: Attributes;
  readonly content: ContentRecord | undefined;
  readonly failure: Failure | undefined;
  /** Milliseconds since the epoch. */
  readonly endTime: number;
}

/**
 * Records what is recorded of every operation when it has ended, before its span does: content on the span and the
 * event, and the failure on the span and the event of the exception.
 *
 * @returns the failure as it was told: a completion hook may have changed its text
 */
export function recordEnd(telemetry: Telemetry, operation: EndedOperation): Failure | undefined {
  const { span, context, failure, endTime } = operation;
  const attributes = { ...operation.attributes, ...failureAttributes(failure) };
  const content =
    operation.content ?? (failure && ContentRecord.ofFailure(telemetry, span, context, failure));
  // A hook that could not be asked has masked nothing.
  let told = unseen(failure, telemetry.settings);
  if (content !== undefined)
    guard('recording content', () => {
      told = content.end({ attributes, failure, endTime });
    });
  if (told === undefined) return undefined;
  guard('recording a failure', recordFailure, span, told, telemetry.settings);
  // What is no GenAI operation has no event in the conventions.
  if (attributes[ATTR_GEN_AI_OPERATION_NAME] === undefined) return told;
  guard('recording an exception', emitException, telemetry, told, { context, attributes, time: endTime });
  return told;
}
