import { operationSettings, refusesContent, type Settings } from '../config/config.ts';
import * as ATTR from '../semconv/attributes.ts';
import { guard } from '../util/guard.ts';
import { nextTurn } from '../util/timers.ts';
import { ContentRecord } from './content/content-record.ts';
import { emitException } from './events/exception-event.ts';
import { type EndedOperation, emitSinkEvents } from './events/sink-events.ts';
import { type Failure, failureAttributes, recordFailure, withoutUnseenMessage } from './outcomes/failure.ts';
import type { OuterSpan } from './outer-span.ts';
import { isInsideHook } from './program-hooks.ts';
import { endSpan } from './span-end.ts';
import type { Telemetry } from './telemetry.ts';

/**
 * Records the rest of an operation before its span ends: content on span and event, the failure on the span and as an
 * exception event, and both as events for the program's sink.
 *
 * @param outer the span of another instrumentation, if it represents the operation in place of ours
 */
export function recordEnd(telemetry: Telemetry, given: EndedOperation, outer: OuterSpan | undefined): void {
  const settings = operationSettings(given.startSettings, telemetry.settings);
  const isHidden = settings.hideContent !== 'none' && given.failure !== undefined;
  const ended = isHidden ? { ...given, failure: { ...given.failure, message: undefined } } : given;
  if (outer?.isLeftOpen === true) endIfOpen(telemetry, outer, ended);
  // If the completion hook does not run, it has masked nothing, so the message of the failure is left out.
  const unhooked = withoutUnseenMessage(ended.failure, settings);
  const failure =
    outer === undefined ? recordContentAndFailure(telemetry, ended, settings, unhooked) : unhooked;
  if (settings.events === undefined || ended.operation.scope !== undefined) return;
  guard('sending events to the sink', emitSinkEvents, telemetry.sink, { ...ended, failure }, settings);
}

/**
 * @param unhooked the failure as it is recorded if no hook runs
 * @returns the failure as recorded: a completion hook may have changed its message
 */
function recordContentAndFailure(
  telemetry: Telemetry,
  operation: EndedOperation,
  settings: Settings,
  unhooked: Failure | undefined,
): Failure | undefined {
  const { span, context, failure, endTime } = operation;
  const attributes = { ...operation.attributes, ...failureAttributes(failure) };
  const isHooked =
    failure !== undefined &&
    telemetry.settings.completionHook !== undefined &&
    !isInsideHook(context) &&
    !refusesContent(telemetry.settings, operation.startSettings);
  const content =
    operation.content ?? (isHooked ? ContentRecord.ofFailure(telemetry, span, context, failure) : undefined);
  let reported = unhooked;
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

/** Ends a span that another instrumentation leaves open, with our attributes. Otherwise, nobody records the call. */
function endIfOpen({ functions, settings }: Telemetry, { span }: OuterSpan, ended: EndedOperation): void {
  const { attributes, failure, endTime } = ended;
  const end = (): void => {
    functions.delete(span);
    if (!span.isRecording()) return;
    span.setAttributes(attributes);
    if (failure) recordFailure(span, { ...failure, message: undefined }, settings);
    endSpan(span, endTime);
  };
  // Registered, so that a shutdown ends the span at once and does not wait for the next turn.
  functions.set(span, end);
  void nextTurn().then(() => guard('ending a span', end));
}
