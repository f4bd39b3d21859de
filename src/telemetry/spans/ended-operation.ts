import type { Attributes, Context, Span } from '@opentelemetry/api';
import type { ContentRecord } from '../content/content-record.ts';
import type { Failure } from '../error.ts';

/** A finished operation. */
export interface EndedOperation {
  readonly span: Span;
  /** Contains the span, to which the events belong. */
  readonly context: Context;
  /** All attributes of the span except content. */
  readonly attributes: Attributes;
  readonly content: ContentRecord | undefined;
  readonly failure: Failure | undefined;
  /** Milliseconds since the epoch. */
  readonly endTime: number;
}
