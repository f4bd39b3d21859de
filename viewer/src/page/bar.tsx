import type { VNode } from 'preact';
import { firstChunkOf } from '../span-details.ts';
import { isFailed } from '../viewed-span.ts';
import { criticalPath } from './critical-path.ts';
import { placeIn, shownTime, spanTime, type TimeRange } from './time-axis.ts';
import { factsOf, itemTime, numberColumns, type TimelineItem } from './timeline-items.ts';

/** A mark in a track. `kind` is its CSS class, and `type` is its color's CSS variable, such as `bad`. */
interface Mark extends TimeRange {
  readonly kind: string;
  readonly type?: string | undefined;
}

/** A group of more spans than this has one bar, from the first start to the last end. */
const MAX_MARKS = 2_000;
/** The maximum number of gaps in a bar that can be seen. */
const MAX_GAPS = 1_000;

export function Track({ item }: { readonly item: TimelineItem }): VNode {
  const { value: shown } = shownTime;
  const marks = marksOf(item).filter(({ from, to }) => to >= shown.from && from <= shown.to);
  // Only what the pointer reaches needs its numbers.
  const showNumbers = ({ currentTarget }: MouseEvent): void => {
    (currentTarget as HTMLElement).title = numbersOf(item);
  };
  return (
    <span class="track" aria-hidden="true" onMouseEnter={showNumbers}>
      {marks.map((mark, i) => (
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

function marksOf(item: TimelineItem): Mark[] {
  const { row, rows, isGroup } = item;
  if (rows.length > MAX_MARKS) return [{ kind: 'bar', ...itemTime(item) }];
  const bars = rows.map(({ span }): Mark => {
    return { kind: 'bar', type: isFailed(span) ? 'bad' : undefined, ...spanTime(span) };
  });
  if (isGroup) return bars;
  const { from, to } = spanTime(row.span);
  const first = from + firstChunkOf(row.span.attributes);
  const critical = withoutShortGaps(criticalPath.value.get(row) ?? []);
  return [
    ...bars,
    ...(first <= to ? [{ kind: 'first', type: 'card', from: first, to: first }] : []),
    ...critical.map((part) => ({ kind: 'critical', type: 'text', ...part })),
  ];
}

/** Joins parts, the latest first, whose distance is less than a pixel: a run can have waited thousands of times. */
function withoutShortGaps(parts: readonly TimeRange[]): TimeRange[] {
  const { from, to } = shownTime.value;
  const joinedParts: TimeRange[] = [];
  for (const part of parts) {
    const later = joinedParts.at(-1);
    if (later === undefined || later.from - part.to > (to - from) / MAX_GAPS) joinedParts.push(part);
    else joinedParts[joinedParts.length - 1] = { from: part.from, to: later.to };
  }
  return joinedParts;
}
