import { SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

/** One series of a query: the values of its `by`, and its sum or count. */
export interface TraceQlSeries {
  readonly by: readonly unknown[];
  readonly value: number;
}

type Condition = (span: ReadableSpan) => boolean;

/**
 * Answers the part of TraceQL that our queries use, as Tempo 2.9 and 3.0 do. `sum_over_time` keeps their trap: a span
 * without the attribute makes the sum NaN, and the next value begins anew.
 */
export function answerTraceQl(query: string, spans: readonly ReadableSpan[]): TraceQlSeries[] {
  const [, condition = '', rest = ''] = query.match(/^\{(.*?)\}\s*(.*)$/) ?? [];
  const matching = spans.filter(conditionOf(condition));
  const by = (rest.match(/by \(([^)]*)\)/)?.[1] ?? '').split(',').map((name) => name.trim());
  const summed = rest.match(/sum_over_time\(([\w.]+)\)/)?.[1];
  const series = new Map<string, { by: unknown[]; value: number }>();
  for (const span of matching) {
    const values = by.map((name) => readField(span, name));
    // A span without what a series is made by belongs to none.
    if (values.includes(undefined)) continue;
    const key = JSON.stringify(values);
    const found = series.get(key) ?? { by: values, value: 0 };
    series.set(key, found);
    if (summed === undefined) found.value++;
    else found.value = addAsTempo(found.value, readField(span, summed));
  }
  return [...series.values()];
}

/** The spans that a query finds. */
export function findByTraceQl(query: string, spans: readonly ReadableSpan[]): readonly ReadableSpan[] {
  return spans.filter(conditionOf(query.match(/^\{(.*?)\}/)?.[1] ?? ''));
}

function addAsTempo(sum: number, value: unknown): number {
  if (typeof value !== 'number') return Number.NaN;
  return Number.isNaN(sum) ? value : sum + value;
}

/** Reads `a = "x" && (b =~ "y" || "z" = ".*")`: parentheses hold alternatives and are not nested. */
function conditionOf(text: string): Condition {
  const all = text.split('&&').map((part) => {
    const any = part
      .trim()
      .replace(/^\(|\)$/g, '')
      .split('||')
      .map(comparisonOf);
    return (span: ReadableSpan): boolean => any.some((holds) => holds(span));
  });
  return (span) => all.every((holds) => holds(span));
}

function comparisonOf(text: string): Condition {
  const found = text.trim().match(/^("[^"]*"|[\w.:]+)\s*(=~|!=|=)\s*("[^"]*"|\w+)$/);
  if (found === null) throw new Error(`A condition that is not understood: ${text}`);
  const [, left = '', operator, right = ''] = found;
  const wanted = right.startsWith('"') ? right.slice(1, -1) : right;
  return (span) => {
    const value = left.startsWith('"') ? left.slice(1, -1) : readField(span, left);
    if (wanted === 'nil') return value !== undefined;
    if (value === undefined) return false;
    return operator === '=~' ? new RegExp(`^(${wanted})$`).test(String(value)) : value === wanted;
  };
}

function readField(span: ReadableSpan, name: string): unknown {
  if (name.startsWith('span.')) return span.attributes[name.slice('span.'.length)];
  if (name.startsWith('resource.')) return span.resource.attributes[name.slice('resource.'.length)];
  if (name === 'status') return span.status.code === SpanStatusCode.ERROR ? 'error' : 'ok';
  if (name === 'instrumentation:name') return span.instrumentationScope.name;
  throw new Error(`A field that is not understood: ${name}`);
}
