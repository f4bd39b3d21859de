import { type Attributes, type Context, type Link, type Span, SpanKind } from '@opentelemetry/api';
import type { Endpoint } from '../../sdk/provider.ts';
import {
  ATTR_OPENAI_COST_PER_USER_MESSAGE,
  ATTR_OPENAI_TOTAL_COST,
  ATTR_OPENAI_TOTAL_INPUT_TOKENS,
  ATTR_OPENAI_TOTAL_OUTPUT_TOKENS,
  ATTR_OPENAI_TOTAL_RUNS,
  ATTR_OPENAI_TOTAL_UNPRICED,
  ATTR_OPENAI_TOTAL_USER_MESSAGES,
} from '../../semconv/attributes.ts';
import { guard } from '../../util/guard.ts';
import { roundCost } from '../cost/prices.ts';
import type { Usage } from '../cost/usage.ts';
import { begin, finish } from '../open-traces.ts';
import { endpointAttributes, type Place, placeAttributes } from '../place.ts';
import type { Telemetry } from '../telemetry.ts';
import { endSpan } from './span-end.ts';
import { startSpan } from './start-span.ts';

/** The cumulative totals of a conversation in this process. Use the latest ones; do not add them up. */
export interface Totals {
  readonly usage: Usage | undefined;
  /** In USD, as far as prices are known. */
  readonly cost: number | undefined;
  /** Calls and runs with usage whose price is not known: the cost lacks theirs. */
  readonly unpriced?: number;
  readonly runs: number;
  readonly userMessages: number;
}

export const NO_TOTALS: Totals = { usage: undefined, cost: undefined, runs: 0, userMessages: 0 };

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

/** Totals have their own names, so that the sum of `gen_ai.usage.*` over a trace is right. */
export function totalAttributes({ usage, cost, unpriced = 0, runs, userMessages }: Totals): Attributes {
  const attributes: Attributes = {};
  if (usage !== undefined) {
    attributes[ATTR_OPENAI_TOTAL_INPUT_TOKENS] = usage.inputTokens;
    attributes[ATTR_OPENAI_TOTAL_OUTPUT_TOKENS] = usage.outputTokens;
  }
  if (cost !== undefined) attributes[ATTR_OPENAI_TOTAL_COST] = cost;
  if (unpriced > 0) attributes[ATTR_OPENAI_TOTAL_UNPRICED] = unpriced;
  if (runs > 0) attributes[ATTR_OPENAI_TOTAL_RUNS] = runs;
  if (userMessages > 0) attributes[ATTR_OPENAI_TOTAL_USER_MESSAGES] = userMessages;
  if (cost !== undefined && userMessages > 0)
    attributes[ATTR_OPENAI_COST_PER_USER_MESSAGE] = roundCost(cost / userMessages);
  return attributes;
}
