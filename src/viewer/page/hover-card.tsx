import { type Signal, signal } from '@preact/signals';
import type { VNode } from 'preact';
import * as ATTR from '../../semconv/attributes.ts';
import { costOf, formatDuration, formatMilliseconds, totalTokens } from '../amounts.ts';
import { firstChunkText } from './bar.tsx';
import { isCritical } from './critical-path.ts';
import { FactList } from './overview.tsx';
import { finishOf } from './row-preview.ts';
import { opened } from './state.ts';
import { timeAt } from './time-axis.ts';
import { type TimelineItem, usageOf } from './timeline-items.ts';
import { timesOf } from './timeline-row.tsx';

interface Hovered {
  readonly item: TimelineItem;
  readonly x: number;
  readonly y: number;
  /** Milliseconds since the start of the trace, where the pointer is on a bar. */
  readonly at: number | undefined;
}

const hovered: Signal<Hovered | undefined> = signal();

/** Shows the numbers of a row beside the pointer. */
export function hover(item: TimelineItem, { clientX: x, clientY: y, target }: PointerEvent): void {
  const track = target instanceof Element ? target.closest('.track') : null;
  const { left = 0, width = 1 } = track?.getBoundingClientRect() ?? {};
  hovered.value = { item, x, y, at: track === null ? undefined : timeAt((x - left) / width) };
}

export function hide(): void {
  hovered.value = undefined;
}

/** The numbers of the row under the pointer. */
export function HoverCard(): VNode | null {
  const { value: shown } = hovered;
  // What is beside the bar can be read there.
  if (shown?.at === undefined) return null;
  const { item, x, y, at } = shown;
  const { attributes } = item.row.node.span;
  const { start, end } = timesOf(item);
  const usage = usageOf(item.group ?? [item.row]);
  const first = opened.value?.trace.summary.start ?? start;
  // On the side of the pointer that has room.
  const style = {
    [x > innerWidth / 2 ? 'right' : 'left']: `${x > innerWidth / 2 ? innerWidth - x + 12 : x + 12}px`,
    [y > innerHeight / 2 ? 'bottom' : 'top']: `${y > innerHeight / 2 ? innerHeight - y + 12 : y + 12}px`,
  };
  return (
    <div class="hover-card" style={style} aria-hidden="true">
      <FactList
        facts={[
          ['At', formatMilliseconds(at)],
          ['Starts after', formatDuration(first, start)],
          ['Duration', formatDuration(start, end)],
          ['First chunk', firstChunkText(attributes[ATTR.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK])],
          ['Tokens', totalTokens(usage)],
          ['Cost', costOf(usage.cost, usage.unpriced)],
          ['Finish', item.group === undefined ? finishOf(item.row.node.span) : undefined],
          ['Critical path', isCritical(item.row) ? 'the end waited for it' : undefined],
        ]}
      />
    </div>
  );
}
