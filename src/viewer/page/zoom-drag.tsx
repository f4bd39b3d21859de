import { type Signal, signal } from '@preact/signals';
import type { ComponentChildren, VNode } from 'preact';
import { shownTime, type TimeRange, wholeTime, zoomTo } from './time-axis.ts';

/** A shorter movement of the pointer counts as a click, which selects a row. */
const MIN_DRAG_PIXELS = 6;

/** Where the reader drags: across a bar or the map. Pixels are from the left of the window. */
interface Drag {
  readonly bar: DOMRect;
  /** The left edge of the area. */
  readonly origin: number;
  /** The time that the bar or the map shows. */
  readonly time: TimeRange;
  readonly start: number;
  readonly end: number;
}

const drag: Signal<Drag | undefined> = signal();

/** The part of the bar that is dragged across, in pixels; `undefined` while it is short. */
function draggedPart(): TimeRange | undefined {
  if (drag.value === undefined) return undefined;
  const { bar, start, end } = drag.value;
  if (Math.abs(end - start) < MIN_DRAG_PIXELS) return undefined;
  const inBar = (x: number): number => Math.min(Math.max(x - bar.left, 0), bar.width);
  return { from: inBar(Math.min(start, end)), to: inBar(Math.max(start, end)) };
}

interface ZoomAreaProps {
  readonly style: Readonly<Record<string, string>>;
  readonly children: ComponentChildren;
}

/** An area in which the reader zooms by dragging across bars. Dragging with a finger scrolls instead. */
export function ZoomArea({ style, children }: ZoomAreaProps): VNode {
  const onPointerDown = (event: PointerEvent): void => {
    const { target, pointerType, button, clientX: start } = event;
    const bar = target instanceof Element ? target.closest('.track, .ticks, .minimap') : null;
    if (bar === null || pointerType === 'touch' || button !== 0) return;
    const { value: time } = bar.matches('.minimap') ? wholeTime : shownTime;
    const { left: origin } = (event.currentTarget as Element).getBoundingClientRect();
    drag.value = { bar: bar.getBoundingClientRect(), origin, time, start, end: start };
  };
  const onPointerMove = ({ currentTarget, pointerId, clientX: end }: PointerEvent): void => {
    if (drag.value === undefined) return;
    drag.value = { ...drag.value, end };
    // With the pointer captured, the end of a drag does not click a row.
    if (draggedPart() !== undefined) (currentTarget as Element).setPointerCapture(pointerId);
  };
  const onPointerUp = (): void => {
    const { value: dragged } = drag;
    const part = draggedPart();
    drag.value = undefined;
    if (dragged === undefined || part === undefined) return;
    const { bar, time } = dragged;
    const timeAt = (x: number): number => time.from + (x / bar.width) * (time.to - time.from);
    zoomTo({ from: timeAt(part.from), to: timeAt(part.to) });
  };
  const onPointerCancel = (): void => {
    drag.value = undefined;
  };
  return (
    <div class="waterfall" style={style} {...{ onPointerDown, onPointerMove, onPointerUp, onPointerCancel }}>
      {children}
      <ZoomMark />
    </div>
  );
}

function ZoomMark(): VNode | null {
  const part = draggedPart();
  if (drag.value === undefined || part === undefined) return null;
  const left = drag.value.bar.left - drag.value.origin + part.from;
  return <div class="zoom-mark" style={{ left: `${left}px`, width: `${part.to - part.from}px` }} />;
}
