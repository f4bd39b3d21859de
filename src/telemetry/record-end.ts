import { operationSettings } from '../config/config.ts';
import { guard } from '../util/guard.ts';
import { nextTurn } from '../util/wait.ts';
import { ContentRecord } from './content/content-record.ts';
import { emitException } from './events/exception-event.ts';
import type { Events } from './events/log-records.ts';
import { type EndedOperation, emitSinkEvents } from './events/sink-events.ts';
import { type Failure, failureAttributes, recordFailure } from './outcomes/failure.ts';
import type { OuterSpan } from './outer-span.ts';
import { endSpan, type Telemetry } from './telemetry.ts';

/**
 * Records the rest of an operation before its span ends: content on span and event, the failure on the span and as an
 * exception event, and both as events for the program's sink.
 *
 * @param outer the span of another instrumentation, if it represents the operation in place of ours
 */
export function recordEnd(
  telemetry: Telemetry,
  given: EndedOperation,
  outer: OuterSpan | undefined,
  events: Events,
): void {
  const settings = operationSettings(given.startSettings, telemetry.settings);
  const isHidden = settings.hideContent !== 'none';
  const ended = isHidden ? { ...given, failure: withoutMessage(given.failure) } : given;
  if (outer?.isLeftOpen === true) endIfOpen(telemetry, outer, ended);
  // If the completion hook does not run, it has masked nothing, so the message of the failure is left out.
  const unhooked = settings.completionHook === undefined ? ended.failure : withoutMessage(ended.failure);
  const failure = outer === undefined ? (recordContent(telemetry, ended) ?? unhooked) : unhooked;
  if (outer === undefined && failure !== undefined) {
    guard('recording a failure', () => recordFailure(ended.span, failure, settings));
    guard('recording an exception', () => emitException(events, failure, ended, settings));
  }
  if (settings.events === undefined || ended.operation.scope !== undefined) return;
  guard('sending events to the sink', () => emitSinkEvents({ ...ended, failure }, settings));
}

/** @returns the failure as the completion hook changed it; `undefined` without a failure or content */
function recordContent(telemetry: Telemetry, ended: EndedOperation): Failure | undefined {
  // Without content, the code that handles it is loaded only for a hook, which sees the failure's message.
  const isHooked = telemetry.settings.completionHook !== undefined;
  if (ended.content === undefined && !isHooked) return undefined;
  return guard('recording content', () => {
    const { span, context, startSettings, attributes, failure, endTime } = ended;
    const isHookOnly = ended.content === undefined && failure?.message !== undefined;
    const content = isHookOnly
      ? ContentRecord.begin(telemetry, span, context, startSettings, undefined)
      : ended.content;
    return content?.end({ ...attributes, ...failureAttributes(failure) }, failure, endTime);
  });
}

function withoutMessage(failure: Failure | undefined): Failure | undefined {
  return failure && { ...failure, message: undefined };
}

/** Ends a span that another instrumentation leaves open, with our attributes. Nothing else would end it. */
function endIfOpen({ functions, settings }: Telemetry, { span }: OuterSpan, ended: EndedOperation): void {
  const { attributes, endTime } = ended;
  const failure = withoutMessage(ended.failure);
  const end = (): void => {
    functions.delete(span);
    if (!span.isRecording()) return;
    span.setAttributes(attributes);
    if (failure) recordFailure(span, failure, settings);
    endSpan(span, endTime);
  };
  // Registered, so that a shutdown ends the span at once and does not wait for the next turn.
  functions.set(span, end);
  void nextTurn().then(() => guard('ending a span', end));
}
