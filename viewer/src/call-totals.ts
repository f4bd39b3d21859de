import { costOf, formatMilliseconds, grouped, percentile } from './format-amounts.ts';
import { attributeText } from './messages.ts';
import * as ATTR from './semconv/attributes.ts';
import { firstChunkOf } from './span-details.ts';
import { attributeSum, type SpanUsage, spanUsage, tokenSum, totalTokens, totalUsage } from './span-usage.ts';
import { groupBy, type Row } from './tree.ts';
import { CONVERSATION_IDS, isFailed, millisecondsBetween, serviceName, typeOf } from './viewed-span.ts';
import type { ViewedTrace } from './viewed-trace.ts';

/** What calls have in common: the value of a term of the filter. */
interface Grouping {
  readonly label: string;
  /** The name of the term that finds the calls of a group. */
  readonly term: string;
  readonly keyOf: (row: Row) => unknown;
  /** A group has rows for its parts, such as the models that answered requests for one model. */
  readonly partOf?: (row: Row) => unknown;
  /** The name of the term that, with the one above, finds the calls of a part. */
  readonly partTerm?: string;
  readonly includes?: (row: Row) => boolean;
}

const isTool = ({ span }: Row): boolean => typeOf(span) === 'tool';

/** How totals can be grouped. To add a way, add a row. */
export const GROUPINGS: readonly [Grouping, ...Grouping[]] = [
  {
    label: 'Model',
    term: 'model',
    // Failed calls have no model that answered.
    keyOf: attributeIn(ATTR.GEN_AI_REQUEST_MODEL, ATTR.GEN_AI_RESPONSE_MODEL),
    partOf: attributeIn(ATTR.GEN_AI_RESPONSE_MODEL),
    partTerm: 'model',
    includes: (row) => !isTool(row),
  },
  { label: 'Tool', term: 'tool', keyOf: attributeIn(ATTR.GEN_AI_TOOL_NAME), includes: isTool },
  { label: 'Agent', term: 'agent', keyOf: inheritedAttribute(ATTR.GEN_AI_AGENT_NAME) },
  { label: 'User', term: 'user', keyOf: inheritedAttribute(ATTR.USER_ID) },
  {
    label: 'Prompt',
    term: 'prompt',
    keyOf: inheritedAttribute(ATTR.GEN_AI_PROMPT_NAME),
    partOf: inheritedAttribute(ATTR.GEN_AI_PROMPT_VERSION),
    partTerm: 'version',
  },
  { label: 'Conversation', term: 'conversation', keyOf: inheritedAttribute(...CONVERSATION_IDS) },
  { label: 'Service', term: 'service', keyOf: ({ span }) => serviceName(span) },
];

function attributeIn(...names: readonly string[]): Grouping['keyOf'] {
  return ({ span: { attributes } }) =>
    names.map((name) => attributes[name]).find((value) => value !== undefined);
}

/** Reads the nearest span that has one of these attributes: the row's or one above it. */
function inheritedAttribute(...names: readonly string[]): Grouping['keyOf'] {
  const read = attributeIn(...names);
  return (row) => {
    let value: unknown;
    for (let each: Row | undefined = row; each !== undefined && value === undefined; each = each.parent)
      value = read(each);
    return value;
  };
}

export interface CallTotals extends SpanUsage {
  /** The value that the calls have in common; `undefined` for calls without one. */
  readonly name: string | undefined;
  readonly kind: 'model' | 'tool';
  readonly calls: number;
  readonly errors: number;
  readonly cached: number;
  readonly reasoning: number;
  /** The duration that half of the calls did not exceed, in milliseconds. `p95`: the same for 95 of 100 calls. */
  readonly median: number;
  readonly p95: number;
  /** The same for the times to the first token; 0 if there are none. */
  readonly firstMedian: number;
  readonly firstP95: number;
  /** The rows of a group, unless it has only one that has the same name. */
  readonly parts: readonly CallTotals[];
}

const MAX_GROUP_NAME_LENGTH = 200;

export function callTotals(
  traces: readonly Pick<ViewedTrace, 'summary'>[],
  { keyOf, partOf, includes = () => true }: Grouping,
): CallTotals[] {
  const rows = traces.flatMap(({ summary }) => summary.calls).filter(includes);
  return Array.from(groupRows(rows, keyOf), ([name, group]) => {
    // Calls without an answer belong to no part.
    const parts =
      partOf === undefined ? [] : [...groupRows(group, partOf)].filter(([part]) => part !== undefined);
    const isSame = parts.every(([part]) => part === name);
    return totalsOf(name, group, isSame ? [] : parts.map(([part, calls]) => totalsOf(part, calls, [])));
  });
}

function groupRows(rows: readonly Row[], keyOf: Grouping['keyOf']): Map<string | undefined, Row[]> {
  return groupBy(rows, (row) => {
    const key = keyOf(row);
    return key === undefined || key === '' ? undefined : attributeText(key).slice(0, MAX_GROUP_NAME_LENGTH);
  });
}

function totalsOf(name: string | undefined, rows: readonly Row[], parts: readonly CallTotals[]): CallTotals {
  const spans = rows.map(({ span }) => span);
  const all = spans.map(({ attributes }) => attributes);
  const times = spans.map(({ start, end }) => millisecondsBetween(start, end)).sort((a, b) => a - b);
  const firsts = all.map(firstChunkOf).filter((time) => !Number.isNaN(time));
  firsts.sort((a, b) => a - b);
  return {
    name,
    kind: rows.every(isTool) ? 'tool' : 'model',
    calls: spans.length,
    errors: spans.filter(isFailed).length,
    ...totalUsage(all.map(spanUsage)),
    cached: attributeSum(all, ATTR.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS) ?? 0,
    reasoning: attributeSum(all, ATTR.GEN_AI_USAGE_REASONING_OUTPUT_TOKENS) ?? 0,
    median: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    firstMedian: percentile(firsts, 0.5),
    firstP95: percentile(firsts, 0.95),
    parts,
  };
}

interface TotalsColumn {
  /** What the rows are sorted by. */
  readonly amountOf: (of: CallTotals) => number | undefined;
  /** `undefined` to leave the cell empty. A column of empty cells is not shown. */
  readonly textOf: (of: CallTotals) => string | undefined;
}

/** The columns of numbers, by their headings. */
export const TOTALS_COLUMNS: Readonly<Record<string, TotalsColumn>> = {
  Calls: { amountOf: ({ calls }) => calls, textOf: ({ calls }) => grouped(calls) },
  Errors: { amountOf: ({ errors }) => errors, textOf: ({ errors }) => grouped(errors) },
  Tokens: {
    amountOf: tokenSum,
    textOf: (of) => totalTokens(of)?.replace(' tokens', ''),
  },
  Cached: countColumn(({ cached }) => cached),
  Reasoning: countColumn(({ reasoning }) => reasoning),
  Cost: { amountOf: ({ cost }) => cost, textOf: ({ cost, unpriced }) => costOf(cost, unpriced) },
  'First token p50': timeColumn(({ firstMedian }) => firstMedian),
  'First token p95': timeColumn(({ firstP95 }) => firstP95),
  p50: { amountOf: ({ median }) => median, textOf: ({ median }) => formatMilliseconds(median) },
  p95: { amountOf: ({ p95 }) => p95, textOf: ({ p95 }) => formatMilliseconds(p95) },
};

function countColumn(amountOf: (of: CallTotals) => number): TotalsColumn {
  return { amountOf, textOf: (of) => (amountOf(of) > 0 ? grouped(amountOf(of)) : undefined) };
}

function timeColumn(amountOf: (of: CallTotals) => number): TotalsColumn {
  return { amountOf, textOf: (of) => (amountOf(of) > 0 ? formatMilliseconds(amountOf(of)) : undefined) };
}
