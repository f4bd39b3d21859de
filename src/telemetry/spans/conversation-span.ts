import { type Context, type Link, type Span, SpanKind } from '@opentelemetry/api';
import type { Endpoint } from '../../sdk/provider.ts';
import { guard } from '../../util/guard.ts';
import { begin, finish } from '../../util/open-traces.ts';
import { endpointAttributes, type Place, placeAttributes } from '../place.ts';
import type { Telemetry } from '../telemetry.ts';
import { endSpan } from './span-end.ts';
import { startSpan } from './start-span.ts';
import { type Totals, totalAttributes } from './totals.ts';

export interface ConversationSpanStart {
  readonly place: Place;
  /** `undefined` where a function of the program opened it. */
  readonly endpoint: Endpoint | undefined;
  readonly parent: Context;
  /** Whether the span starts a trace. */
  readonly root: boolean;
  readonly links: Link[];
  readonly startTime: number;
}

/** Starts the span of one segment of a conversation. No other file does so. */
export function startConversationSpan(telemetry: Telemetry, start: ConversationSpanStart): Span {
  const { place, endpoint, parent, root, links, startTime } = start;
  const span = startSpan(
    telemetry,
    place.kind,
    {
      kind: SpanKind.INTERNAL,
      root,
      links,
      startTime,
      attributes: { ...placeAttributes(place), ...(endpoint && endpointAttributes(endpoint)) },
    },
    parent,
  );
  return begin(span);
}

export function endConversationSpan(span: Span, totals: Totals, endTime: number): void {
  finish(span);
  guard('recording totals', () => span.setAttributes(totalAttributes(totals)));
  endSpan(span, endTime);
}
