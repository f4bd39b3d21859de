import type { Context, Span } from '@opentelemetry/api';
import type { Telemetry } from '../telemetry.ts';
import { ContentRecord } from './content-record.ts';

/**
 * Begins the record of an operation's content. In the built package, everything that reads content is loaded with the
 * first record.
 *
 * @param context contains the span, to which the event belongs
 * @returns `undefined` if content is neither recorded nor hooked, so that none is read
 */
export function beginContent(telemetry: Telemetry, span: Span, context: Context): ContentRecord | undefined {
  const { captureMessageContent, completionHook } = telemetry.settings;
  const isTaken = captureMessageContent !== 'NO_CONTENT' || completionHook !== undefined;
  return isTaken ? ContentRecord.begin(telemetry, span, context) : undefined;
}
