import type { Attributes, Context, Span } from '@opentelemetry/api';
import type { Settings } from '../../config/config.ts';
import type { ContentRecord } from '../content/content-record.ts';
import type { Failure } from '../error.ts';
import type { Telemetry } from '../telemetry.ts';
import type { InferenceAbove } from './outer-instrumentation.ts';

/** A finished operation. */
export interface EndedOperation {
  readonly span: Span;
  /** The settings when it started. Content that they forbid is not recorded, whatever the settings are now. */
  readonly startSettings: Settings;
  /** Contains the span, to which the events belong. */
  readonly context: Context;
  /** All attributes of the span except content. */
  readonly attributes: Attributes;
  readonly content: ContentRecord | undefined;
  readonly failure: Failure | undefined;
  /** Milliseconds since the epoch. */
  readonly endTime: number;
}

/**
 * Whether anybody besides the span is told about the end of an operation. If not, its attributes need not be gathered
 * again: with more than 20 of them, that takes longer than anything else at the end.
 */
export function isEndTold(
  { settings }: Telemetry,
  content: ContentRecord | undefined,
  failure: Failure | undefined,
  above?: InferenceAbove,
): boolean {
  return (
    above !== undefined ||
    failure !== undefined ||
    content?.awaitsEnd === true ||
    settings.events !== undefined
  );
}
