import type { Attributes, Context, Link } from '@opentelemetry/api';
import type { Call } from '../client/call.ts';

/** Where in the hierarchy a call with a span of its own stands. */
export interface Placement {
  readonly parent: Context;
  readonly links?: Link[];
  readonly attributes?: Attributes;
  /** Takes what the call came to, before its span ends. */
  readonly settled?: (call: Call) => void;
}
