import { operationSettings, refusesContent } from '../config/config.ts';
import * as ATTR from '../semconv/attributes.ts';
import { guard } from '../util/guard.ts';
import { nextTurn } from '../util/wait.ts';
import { ContentRecord } from './content/content-record.ts';
import { emitException } from './events/exception-event.ts';
import { type EndedOperation, emitSinkEvents } from './events/sink-events.ts';
import { type Failure, failureAttributes, recordFailure, withoutUnseenMessage } from './outcomes/failure.ts';
import type { OuterSpan } from './outer-span.ts';
import { isInsideHook } from './program-hooks.ts';
import { endSpan } from './span-end.ts';
import type { Telemetry } from './telemetry.ts';

/**
 * Records what is known of an operation before its span ends: content on span and event, the failure on the span and as an
 * exception event, and all of it for the program's sink.
 *
 * @param outer the span of another instrumentation, if that represents the operation
 */
export function recordEnd(telemetry: Telemetry, ended: EndedOperation, outer: OuterSpan | undefined): void {
  const settings = operationSettings(ended.startSettings, telemetry.settings);
  const isHidden = settings.hideContent !== 'none' && ended.failure !== undefined;
  const operation = isHidden ? { ...ended, failure: { ...ended.failure, message: undefined } } : ended;
  if (outer?.isLeftOpen === true) endIfOpen(telemetry, outer, operation);
  const failure =
    outer === undefined
      ? recordContentAndFailure(telemetry, operation)
      : withoutUnseenMessage(operation.failure, settings);
  if (settings.events === undefined || operation.operation.scope !== undefined) return;
  const told = { ...operation, failure };
  guard('sending events to the sink', emitSinkEvents, telemetry.sink, told, settings);
}

/** @returns the failure as recorded: a completion hook may have changed its message */
function recordContentAndFailure(telemetry: Telemetry, operation: EndedOperation): Failure | undefined {
  const { span, context, failure, endTime } = operation;
  const attributes =
    failure === undefined ? operation.attributes : { ...operation.attributes, ...failureAttributes(failure) };
  const settings = operationSettings(operation.startSettings, telemetry.settings);
  const { completionHook } = telemetry.settings;
  const isHooked =
    failure !== undefined &&
    completionHook !== undefined &&
    !isInsideHook(context) &&
    !refusesContent(telemetry.settings, operation.startSettings);
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

/** Ends the span of another instrumentation with what we know: otherwise, nobody would have recorded the call. */
function endIfOpen({ functions, settings }: Telemetry, { span }: OuterSpan, ended: EndedOperation): void {
  const { attributes, failure, endTime } = ended;
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
