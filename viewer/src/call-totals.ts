import { attributeText } from './messages.ts';
import * as ATTR from './semconv/attributes.ts';
import { type SpanUsage, spanUsage, totalUsage } from './span-usage.ts';
import { groupBy } from './tree.ts';
import { isFailed, millisecondsBetween, type ViewedSpan } from './viewed-span.ts';
import type { ViewedTrace } from './viewed-trace.ts';

export interface CallTotals extends SpanUsage {
  readonly kind: 'model' | 'tool';
  readonly name: string;
  readonly calls: number;
  readonly errors: number;
  /** The duration that half of the calls did not exceed, in milliseconds. `p95`: the same for 95 of 100 calls. */
  readonly median: number;
  readonly p95: number;
}

const MAX_LISTED_CALLS = 100;

export function callTotals(traces: readonly Pick<ViewedTrace, 'summary'>[]): CallTotals[] {
  const calls = traces.flatMap(({ summary }) => summary.calls.map(({ span }) => span));
  return [...groupBy(calls, (span) => JSON.stringify(calleeOf(span)))]
    .map(([callee, spans]): CallTotals => {
      const times = spans.map(({ start, end }) => millisecondsBetween(start, end)).sort((a, b) => a - b);
      const percentile = (part: number): number => times[Math.ceil(part * times.length) - 1] ?? 0;
      return {
        ...(JSON.parse(callee) as ReturnType<typeof calleeOf>),
        calls: spans.length,
        errors: spans.filter(isFailed).length,
        ...totalUsage(spans.map(({ attributes }) => spanUsage(attributes))),
        median: percentile(0.5),
        p95: percentile(0.95),
      };
    })
    .sort((a, b) => b.calls - a.calls)
    .slice(0, MAX_LISTED_CALLS);
}

function calleeOf({ name, attributes }: ViewedSpan): Pick<CallTotals, 'kind' | 'name'> {
  const tool = attributes[ATTR.GEN_AI_TOOL_NAME];
  const model = attributes[ATTR.GEN_AI_RESPONSE_MODEL] ?? attributes[ATTR.GEN_AI_REQUEST_MODEL];
  return {
    kind: tool === undefined ? 'model' : 'tool',
    name: attributeText(tool ?? model ?? name).slice(0, 200),
  };
}
