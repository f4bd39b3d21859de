import type { Context, Span } from '@opentelemetry/api';
import { operationSettings, type Settings } from '../../config/config.ts';
import { isInsideHook } from '../hook-context.ts';
import type { Telemetry } from '../telemetry.ts';
import { ContentRecord } from './content-record.ts';

/**
 * Begins the record of an operation's content. In the built package, everything that reads content is loaded with the
 * first record.
 *
 * @param context contains the span, to which the event belongs
 * @param startSettings those at the start of the operation, if its content is recorded at its end
 * @returns `undefined` if content is neither recorded nor hooked, so that none is read, and for calls that a hook makes if
 *   there is a completion hook, which does not see their content
 */
export function beginContent(
  telemetry: Telemetry,
  span: Span,
  context: Context,
  startSettings: Settings = telemetry.settings,
): ContentRecord | undefined {
  const settings = operationSettings(startSettings, telemetry.settings);
  const { captureMessageContent, completionHook } = settings;
  const isTaken =
    completionHook === undefined ? captureMessageContent !== 'NO_CONTENT' : !isInsideHook(context);
  return isTaken ? ContentRecord.begin(telemetry, span, context, settings) : undefined;
}
