import { type FinishedSpan, spanTree } from '../../src/testing.ts';
import { prometheusLabel as labelOf } from './prometheus-names.ts';
import type { StoredPoint, StoredSpan } from './sent.ts';

/** The attributes that the tree shows of each span. */
const SHOWN = [
  'gen_ai.operation.name',
  'openai.thread.id',
  'openai.run.id',
  'openai.step.id',
  'gen_ai.usage.input_tokens',
  'gen_ai.usage.output_tokens',
  'openai.total.input_tokens',
  'openai.total.cost',
  'gen_ai.tool.name',
];
/** A microsecond in nanoseconds. Some backends round times to microseconds. */
const A_MICROSECOND = 1_000;

export interface Comparison {
  /** How the trees differ; `undefined` if they are the same. */
  readonly difference: string | undefined;
  /** What the backend stores differently from what was sent, without duplicates. */
  readonly notes: readonly string[];
}

/** Compares the spans of a backend with those that were sent: their tree, names, attributes and times. */
export function compareSpans(sent: readonly StoredSpan[], received: readonly StoredSpan[]): Comparison {
  const sentById = new Map(sent.map((span, index) => [span.spanId, { ...span, index }]));
  const orderOf = ({ spanId }: StoredSpan): number => sentById.get(spanId)?.index ?? sent.length;
  const expected = treeOf(sent);
  // Siblings are sorted by the times that were sent, so that rounding and the order of arrival do not matter.
  const found = treeOf(
    received
      .map((span) => {
        const { startTime, endTime } = sentById.get(span.spanId) ?? span;
        return { ...span, startTime, endTime };
      })
      .sort((a, b) => orderOf(a) - orderOf(b)),
  );
  const difference = expected === found ? undefined : `sent:\n${expected}\n\nread back:\n${found}`;
  const notes = new Set<string>();
  for (const span of received) {
    const original = sentById.get(span.spanId);
    if (original !== undefined) for (const note of notesOn(original, span)) notes.add(note);
  }
  return { difference, notes: [...notes].sort() };
}

/** Compares the points of a backend with those that were sent. @returns the difference */
export function comparePoints(
  sent: readonly StoredPoint[],
  received: readonly StoredPoint[],
): string | undefined {
  const missing = sent.filter((point) => !received.some((other) => isSame(point, other)));
  if (missing.length === 0) return undefined;
  return `not found:\n${textOf(missing)}\n\nread back:\n${textOf(received)}`;
}

/** Whether two points are the same. Backends change names, and add attributes. */
function isSame(sent: StoredPoint, received: StoredPoint): boolean {
  const labels = new Map(Object.entries(received.attributes).map(([name, value]) => [labelOf(name), value]));
  return (
    sent.metric === received.metric &&
    Math.abs(sent.value - received.value) <= 1e-9 * Math.max(1, Math.abs(sent.value)) &&
    Object.entries(sent.attributes).every(
      ([name, value]) => canonical(labels.get(labelOf(name))) === canonical(value),
    )
  );
}

function textOf(points: readonly StoredPoint[]): string {
  return points
    .map(({ metric, attributes, value }) => `${metric}${JSON.stringify(attributes)} = ${value}`)
    .join('\n');
}

function treeOf(spans: readonly StoredSpan[]): string {
  const shown = { attributes: SHOWN, repeatIds: true, normalize: plainOf };
  return spanTree(spans.map(finishedSpan), shown);
}

function finishedSpan(span: StoredSpan): FinishedSpan {
  return {
    ...span,
    kind: 0,
    status: { code: 0 },
    parentSpanContext: span.parentSpanId === '' ? undefined : { spanId: span.parentSpanId },
    spanContext: () => span,
  };
}

function notesOn(sent: StoredSpan, received: StoredSpan): string[] {
  const notes = Object.entries(sent.attributes).flatMap(([name, value]) => {
    if (!(name in received.attributes)) return [`without \`${name}\``];
    return canonical(value) === canonical(received.attributes[name]) ? [] : [`another \`${name}\``];
  });
  const late = [
    [sent.startTime, received.startTime],
    [sent.endTime, received.endTime],
  ].some(([one, other]) => Math.abs(nanoseconds(one) - nanoseconds(other)) > A_MICROSECOND);
  return late ? [...notes, 'other times'] : notes;
}

function nanoseconds(time: readonly number[] = []): number {
  const [seconds = 0, rest = 0] = time;
  // With only five digits of the seconds, the sum is exact in a double.
  return (seconds % 100_000) * 1e9 + rest;
}

/** Parses JSON, because some backends store values as JSON text. */
function plainOf(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function canonical(value: unknown): string {
  return JSON.stringify(plainOf(value));
}
