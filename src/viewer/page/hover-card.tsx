import { type Signal, signal } from '@preact/signals';
import type { VNode } from 'preact';
import * as ATTR from '../../semconv/attributes.ts';
import { formatMilliseconds } from '../amounts.ts';
import { unusualFinish } from '../answer-end.ts';
import { firstChunkText } from './bar.tsx';
import { criticalPath } from './critical-path.ts';
import { FactList } from './facts.tsx';
import { timeAt } from './time-axis.ts';
import { costText, itemTime, type TimelineItem, timeText, tokensText } from './timeline-items.ts';

interface Hovered {
  readonly item: TimelineItem;
  readonly x: number;
  readonly y: number;
  readonly at: number;
}

const hovered: Signal<Hovered | undefined> = signal();

/** Shows the numbers of a row beside the pointer while it is on the bar, and hides them otherwise. */
export function hover(item: TimelineItem, { clientX: x, clientY: y, target }: PointerEvent): void {
  const track = target instanceof Element ? target.closest('.track') : null;
  const { left = 0, width = 1 } = track?.getBoundingClientRect() ?? {};
  hovered.value = track === null ? undefined : { item, x, y, at: timeAt((x - left) / width) };
}

export function hide(): void {
  hovered.value = undefined;
}

export function HoverCard(): VNode | null {
  const { value: shown } = hovered;
  if (shown === undefined) return null;
  const { item, x, y, at } = shown;
  const { span } = item.row;
  // Place the card on the side of the pointer that has more room.
  const style = {
    [x > innerWidth / 2 ? 'right' : 'left']: `${Math.min(x, innerWidth - x) + 12}px`,
    [y > innerHeight / 2 ? 'bottom' : 'top']: `${Math.min(y, innerHeight - y) + 12}px`,
  };
  return (
    <div class="hover-card card small" style={style} aria-hidden="true">
      <FactList
        className=""
        facts={[
          ['At', formatMilliseconds(at)],
          ['Starts after', formatMilliseconds(itemTime(item).from)],
          ['Duration', timeText(item)],
          ['First chunk', firstChunkText(span.attributes[ATTR.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK])],
          ['Tokens', tokensText(item)],
          ['Cost', costText(item)],
          [
            'Finish',
            item.isGroup ? undefined : unusualFinish(span.attributes[ATTR.GEN_AI_RESPONSE_FINISH_REASONS]),
          ],
          ['Critical path', criticalPath.value.has(item.row) ? 'the end waited for it' : undefined],
        ]}
      />
    </div>
  );
}
