import * as ATTR from '../semconv/attributes.ts';
import { isNumber } from './amounts.ts';
import { attributeText } from './messages.ts';
import { millisecondsBetween, STATUS_ERROR } from './tree.ts';
import type { Trace } from './viewed-trace.ts';

/** Calls of one model or tool. */
export interface CallTotals {
  readonly kind: 'model' | 'tool';
  readonly name: string;
  readonly calls: number;
  readonly errors: number;
  /** Milliseconds that half of the calls took at most, and 95 of 100. */
  readonly median: number;
  readonly p95: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cost: number | undefined;
}

/** Models and tools that are listed. */
const MAX_LISTED_CALLS = 100;

/** What the calls of some traces used and how long they took, by model and tool, the most frequent first. */
export function callTotals(traces: readonly Trace[]): CallTotals[] {
  const calls = new Map<string, { totals: CallTotals; times: number[] }>();
  for (const { summary } of traces)
    for (const { node } of summary.calls) {
      const { attributes, status, startTime, endTime } = node.span;
      const tool = attributes[ATTR.GEN_AI_TOOL_NAME];
      const model = attributes[ATTR.GEN_AI_RESPONSE_MODEL] ?? attributes[ATTR.GEN_AI_REQUEST_MODEL];
      const kind = tool === undefined ? 'model' : 'tool';
      const name = attributeText(tool ?? model ?? node.span.name).slice(0, 200);
      const read = (attribute: string): number => {
        const { [attribute]: value } = attributes;
        return isNumber(value) ? value : 0;
      };
      const known = calls.get(`${kind} ${name}`);
      const before = known?.totals ?? NOTHING_CALLED;
      const hasCost = isNumber(attributes[ATTR.OPENAI_COST]);
      const totals = {
        ...before,
        kind,
        name,
        calls: before.calls + 1,
        errors: before.errors + Number(status.code === STATUS_ERROR),
        inputTokens: before.inputTokens + read(ATTR.GEN_AI_USAGE_INPUT_TOKENS),
        outputTokens: before.outputTokens + read(ATTR.GEN_AI_USAGE_OUTPUT_TOKENS),
        cost: hasCost ? (before.cost ?? 0) + read(ATTR.OPENAI_COST) : before.cost,
      } as const;
      const times = known?.times ?? [];
      times.push(millisecondsBetween(startTime, endTime));
      calls.set(`${kind} ${name}`, { totals, times });
    }
  return [...calls.values()]
    .map(({ totals, times }) => ({ ...totals, ...percentiles(times) }))
    .sort((a, b) => b.calls - a.calls)
    .slice(0, MAX_LISTED_CALLS);
}

const NOTHING_CALLED: CallTotals = {
  kind: 'model',
  name: '',
  calls: 0,
  errors: 0,
  median: 0,
  p95: 0,
  inputTokens: 0,
  outputTokens: 0,
  cost: undefined,
};

function percentiles(times: readonly number[]): { readonly median: number; readonly p95: number } {
  const inOrder = times.toSorted((a, b) => a - b);
  const at = (part: number): number => inOrder[Math.ceil(part * inOrder.length) - 1] ?? 0;
  return { median: at(0.5), p95: at(0.95) };
}
