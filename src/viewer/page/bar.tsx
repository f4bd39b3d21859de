import type { VNode } from 'preact';
import * as ATTR from '../../semconv/attributes.ts';
import { isNumber } from '../format-amounts.ts';
import { firstChunkOf } from '../span-details.ts';
import type { Row } from '../tree.ts';
import { isFailed, type ViewedSpan } from '../viewed-span.ts';
import { typeOf } from '../viewed-trace.ts';
import { criticalPath } from './critical-path.ts';
import { placeIn, shownTime, spanTime, type TimeRange } from './time-axis.ts';
import { factsOf, itemTime, numberColumns, type TimelineItem } from './timeline-items.ts';

/** A mark in a track. `kind` is its CSS class, and `type` is its color's CSS variable, such as `model`. */
interface Mark extends TimeRange {
  readonly kind: string;
  readonly type?: string | undefined;
}

/** A group of more spans than this has one bar, from the first start to the last end. */
const MAX_MARKS = 2_000;
/** A span with more parts than this has a plain bar, without marks for them. */
const MAX_PARTS = 300;

/** Types of spans that do work themselves. They are shown as parts of their parent's bar. */
const WORKER = /^(?:agent|model|tool)$/;

export function Track({ item }: { readonly item: TimelineItem }): VNode {
  const { value: shown } = shownTime;
  const marks = item.isGroup ? groupMarks(item) : spanMarks(item.row);
  return (
    <span class="track" aria-hidden="true" title={numbersOf(item)}>
      {marks
        .filter(({ from, to }) => to >= shown.from && from <= shown.to)
        .map((mark, i) => (
          <span
            key={i}
            class={mark.kind}
            style={{ ...placeIn(shown, mark), '--type': mark.type && `var(--${mark.type})` }}
          />
        ))}
    </span>
  );
}

function numbersOf(item: TimelineItem): string {
  const sums = numberColumns.value.map(([label, textOf]) => [label, textOf(item) ?? '–']);
  const facts = item.isGroup ? sums : factsOf(item.row);
  return facts.map(([label, value]) => `${label}: ${value}`).join('\n');
}

function groupMarks(item: TimelineItem): Mark[] {
  const { rows } = item;
  return rows.length > MAX_MARKS
    ? [{ kind: 'bar', ...itemTime(item) }]
    : barsOf('bar', rows, () => undefined);
}

function barsOf(
  kind: string,
  rows: readonly Row[],
  typeFor: (span: ViewedSpan) => string | undefined,
): Mark[] {
  return rows.map(({ span }) => ({
    kind,
    type: isFailed(span) ? 'bad' : typeFor(span),
    ...spanTime(span),
  }));
}

function spanMarks(row: Row): Mark[] {
  const { span } = row;
  const time = spanTime(span);
  const workers = row.children.filter((child) => WORKER.test(typeOf(child.span)));
  const parts = workers.length > MAX_PARTS ? [] : barsOf('part', workers, typeOf);
  // A turn that reports output tokens has no span for its model, so its own bar is not pale.
  const worksItself = isNumber(span.attributes[ATTR.GEN_AI_USAGE_OUTPUT_TOKENS]);
  const first = firstChunkOf(span.attributes);
  const at = Math.min(time.from + (first ?? 0), time.to);
  return [
    { kind: parts.length > 0 && !worksItself ? 'bar pale' : 'bar', ...time },
    ...parts,
    ...(first === undefined ? [] : [{ kind: 'first', type: 'card', from: at, to: at }]),
    ...(criticalPath.value.get(row) ?? []).map((part) => ({ kind: 'critical', type: 'text', ...part })),
  ];
}
