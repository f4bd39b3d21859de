import { operationSettings } from '../../config/config.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { guard } from '../../util/guard.ts';
import { ContentRecord } from '../content/content-record.ts';
import { type Failure, failureAttributes, recordFailure, withoutUnseenMessage } from '../error.ts';
import { emitException } from '../events/exception-event.ts';
import { emitSinkEvents } from '../events/sink-events.ts';
import { isInsideHook } from '../hook-context.ts';
import type { RequestedToolCall } from '../operation.ts';
import type { Telemetry } from '../telemetry.ts';
import type { EndedOperation } from './ended-operation.ts';
import type { InferenceAbove } from './outer-instrumentation.ts';

/**
 * Records the end of any operation before its span ends: content on span and event, the failure on the span and as an
 * exception event.
 *
 * @returns the failure as recorded: a completion hook may have changed its message
 */
export function recordEnd(telemetry: Telemetry, operation: EndedOperation): Failure | undefined {
  const { span, context, failure, endTime } = operation;
  const attributes =
    failure === undefined ? operation.attributes : { ...operation.attributes, ...failureAttributes(failure) };
  const settings = operationSettings(operation.startSettings, telemetry.settings);
  const { completionHook } = telemetry.settings;
  const isHooked = failure !== undefined && completionHook !== undefined && !isInsideHook(context);
  const content =
    operation.content ?? (isHooked ? ContentRecord.ofFailure(telemetry, span, context, failure) : undefined);
  // A hook that could not run has not masked anything.
  let reported = withoutUnseenMessage(failure, settings);
  if (content !== undefined)
    guard('recording content', () => {
      reported = content.end({ attributes, failure, endTime });
    });
  if (reported === undefined) return undefined;
  guard('recording a failure', recordFailure, span, reported, settings);
  // The conventions define the event for GenAI operations only.
  if (attributes[ATTR.GEN_AI_OPERATION_NAME] === undefined) return reported;
  const ended = { context, attributes, time: endTime, settings };
  guard('recording an exception', emitException, telemetry.events, reported, ended);
  return reported;
}

/**
 * Records the end of a model operation, and tells the program's sink about it.
 *
 * @param more.above the span of another instrumentation, if that stands for the operation
 */
export function recordEndAndTellSink(
  telemetry: Telemetry,
  operation: EndedOperation,
  more: {
    above?: InferenceAbove | undefined;
    runsModel: boolean;
    startTime: number;
    toolCalls: () => readonly RequestedToolCall[];
  },
): void {
  const { above, ...others } = more;
  const settings = operationSettings(operation.startSettings, telemetry.settings);
  above?.end?.(telemetry, above.span, operation);
  const failure =
    above === undefined ? recordEnd(telemetry, operation) : withoutUnseenMessage(operation.failure, settings);
  if (settings.events === undefined) return;
  const told = { ...operation, failure, ...others };
  guard('sending events to the sink', emitSinkEvents, telemetry.sink, told, settings);
}
