import * as ATTR from '../semconv/attributes.ts';
import { attributeText } from './messages.ts';
import { type FinishedSpan, millisecondsBetween, STATUS_ERROR } from './tree.ts';
import { addedUsage, NOTHING_USED, type SpanUsage, spanUsage } from './usage.ts';
import type { Trace } from './viewed-trace.ts';

/** Calls of one model or tool. */
export interface CallTotals extends SpanUsage {
  readonly kind: 'model' | 'tool';
  readonly name: string;
  readonly calls: number;
  readonly errors: number;
  /** The duration that half of the calls did not exceed, in milliseconds. `p95`: the same for 95 of 100 calls. */
  readonly median: number;
  readonly p95: number;
}

/** The maximum number of models and tools that are listed. */
const MAX_LISTED_CALLS = 100;

/** What the calls of some traces used and how long they took, by model and tool. The most frequent come first. */
export function callTotals(traces: readonly Trace[]): CallTotals[] {
  const calls = new Map<string, FinishedSpan[]>();
  for (const { summary } of traces)
    for (const { node } of summary.calls) {
      const key = JSON.stringify(calleeOf(node.span));
      const known = calls.get(key);
      if (known === undefined) calls.set(key, [node.span]);
      else known.push(node.span);
    }
  return [...calls.values()]
    .map((spans): CallTotals => {
      const [first] = spans;
      const times = spans.map(({ startTime, endTime }) => millisecondsBetween(startTime, endTime));
      return {
        ...calleeOf(first as FinishedSpan),
        calls: spans.length,
        errors: spans.filter(({ status }) => status.code === STATUS_ERROR).length,
        ...spans.map(({ attributes }) => spanUsage(attributes)).reduce(addedUsage, NOTHING_USED),
        ...percentiles(times),
      };
    })
    .sort((a, b) => b.calls - a.calls)
    .slice(0, MAX_LISTED_CALLS);
}

function calleeOf({ name, attributes }: FinishedSpan): Pick<CallTotals, 'kind' | 'name'> {
  const tool = attributes[ATTR.GEN_AI_TOOL_NAME];
  const model = attributes[ATTR.GEN_AI_RESPONSE_MODEL] ?? attributes[ATTR.GEN_AI_REQUEST_MODEL];
  return {
    kind: tool === undefined ? 'model' : 'tool',
    name: attributeText(tool ?? model ?? name).slice(0, 200),
  };
}

function percentiles(times: readonly number[]): { readonly median: number; readonly p95: number } {
  const inOrder = times.toSorted((a, b) => a - b);
  const at = (part: number): number => inOrder[Math.ceil(part * inOrder.length) - 1] ?? 0;
  return { median: at(0.5), p95: at(0.95) };
}
