import type { Attributes } from '@opentelemetry/api';
import { contentTargets, type Settings } from '../../config/config.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { EVENT_GEN_AI_CLIENT_OPERATION_EXCEPTION } from '../../semconv/events.ts';
import { cut } from '../../util/cut-text.ts';
import { framesOf, guard } from '../../util/guard.ts';
import { pickAttributes } from '../../util/otel-api.ts';
import { patchMethod } from '../../util/patch-method.ts';
import { asText, textField } from '../../util/payload.ts';
import { withoutCredentials } from '../content/credentials.ts';
import { classNameOf, type Failure, failureAttributes } from '../outcomes/failure.ts';
import { HIERARCHY_IDS } from '../place-attributes.ts';
import type { Events } from './log-records.ts';
import type { EndedOperation } from './sink-events.ts';

const CORRELATED: readonly string[] = [
  ATTR.GEN_AI_OPERATION_NAME,
  ATTR.GEN_AI_PROVIDER_NAME,
  ATTR.GEN_AI_REQUEST_MODEL,
  ...HIERARCHY_IDS,
  ATTR.OPENAI_REQUEST_ID,
  ATTR.SERVER_ADDRESS,
  ATTR.SERVER_PORT,
];

/** The message is content, and so is a stack that contains the message. */
export function emitException(
  events: Events,
  failure: Failure,
  { context, attributes: known, endTime }: Pick<EndedOperation, 'context' | 'attributes' | 'endTime'>,
  settings: Settings,
): void {
  // The conventions define the event for GenAI operations only.
  if (known[ATTR.GEN_AI_OPERATION_NAME] === undefined) return;
  if (!events.wanted(EVENT_GEN_AI_CLIENT_OPERATION_EXCEPTION, context)) return;
  const attributes: Attributes = {
    ...failureAttributes(failure),
    [ATTR.EXCEPTION_TYPE]: classNameOf(failure.thrown) ?? failure.type,
    ...pickAttributes(known, CORRELATED),
  };
  const consent = contentTargets(settings).event;
  const stack = stackOf(failure, consent && settings.completionHook === undefined);
  if (stack !== undefined) attributes[ATTR.EXCEPTION_STACKTRACE] = stack;
  if (consent && failure.message !== undefined)
    attributes[ATTR.EXCEPTION_MESSAGE] = cut(failure.message, settings.maxContentLength);
  events.emit({ name: EVENT_GEN_AI_CLIENT_OPERATION_EXCEPTION, context, attributes, time: endTime });
}

/** The stack of the thrown error; only its frames if the message is not recorded or was replaced. */
function stackOf({ thrown, message }: Failure, wanted: boolean): string | undefined {
  const stack = guard('reading a stack', readStack, thrown);
  if (stack === undefined) return undefined;
  const thrownMessage = textField(thrown, 'message');
  const shown = wanted && message === thrownMessage ? stack : framesOf(stack, thrownMessage).join('\n');
  return shown === '' ? undefined : withoutCredentials(shown);
}

/**
 * V8 writes the stack of an error when it is first read. After that, the program could no longer change the message in it.
 * If `prepareStackTrace` throws, the stack stays unwritten.
 */
function readStack(thrown: unknown): string | undefined {
  const prepare: unknown = Error.prepareStackTrace;
  let written: unknown;
  const restore = patchMethod(Error, 'prepareStackTrace', (error: Error, frames: NodeJS.CallSite[]) => {
    written =
      typeof prepare === 'function'
        ? prepare.call(Error, error, frames)
        : [Error.prototype.toString.call(error), ...frames].join('\n    at ');
    throw error;
  });
  try {
    return textField(thrown, 'stack') ?? asText(written);
  } finally {
    restore();
  }
}
