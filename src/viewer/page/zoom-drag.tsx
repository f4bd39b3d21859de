import { type Signal, signal } from '@preact/signals';
import type { ComponentChildren, VNode } from 'preact';
import { shownTime, wholeTime, zoomTo } from './time-axis.ts';

/** A shorter movement of the pointer counts as a click, which selects a row. */
const MIN_DRAG_PIXELS = 6;

/** Where the reader drags, in pixels from the left of the window. */
interface Drag {
  /** The bar or the map that is dragged across. The map shows the whole time. */
  readonly track: DOMRect;
  readonly isMap: boolean;
  readonly origin: number;
  readonly start: number;
  readonly end: number;
}

const drag: Signal<Drag | undefined> = signal();

function isLong({ start, end }: Drag): boolean {
  return Math.abs(end - start) >= MIN_DRAG_PIXELS;
}

function draggedPart({ track: { left, width }, start, end }: Drag): { from: number; to: number } {
  const [from = 0, to = 0] = [start, end]
    .map((x) => Math.min(Math.max(x - left, 0), width))
    .sort((a, b) => a - b);
  return { from, to };
}

interface ZoomAreaProps {
  readonly style: Readonly<Record<string, string | undefined>>;
  readonly children: ComponentChildren;
}

/** An area in which the reader zooms by dragging across bars. Dragging with a finger scrolls instead. */
export function ZoomArea({ style, children }: ZoomAreaProps): VNode {
  const onPointerDown = (event: PointerEvent): void => {
    const { target, pointerType, button, clientX: start } = event;
    const at = target instanceof Element ? target.closest('.track, .ticks, .minimap') : null;
    if (at === null || pointerType === 'touch' || button !== 0) return;
    const { left: origin } = (event.currentTarget as Element).getBoundingClientRect();
    const isMap = at.matches('.minimap');
    drag.value = { track: at.getBoundingClientRect(), isMap, origin, start, end: start };
  };
  const onPointerMove = ({ currentTarget, pointerId, clientX: end }: PointerEvent): void => {
    if (drag.value === undefined) return;
    drag.value = { ...drag.value, end };
    // With the pointer captured, the end of a drag does not click a row.
    if (isLong(drag.value)) (currentTarget as Element).setPointerCapture(pointerId);
  };
  const onPointerUp = (): void => {
    const { value: dragged } = drag;
    drag.value = undefined;
    if (dragged === undefined || !isLong(dragged)) return;
    const { from: first, to: last } = (dragged.isMap ? wholeTime : shownTime).value;
    const { from, to } = draggedPart(dragged);
    const scale = (last - first) / dragged.track.width;
    zoomTo({ from: first + from * scale, to: first + to * scale });
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
  const { value: dragged } = drag;
  if (dragged === undefined || !isLong(dragged)) return null;
  const { from, to } = draggedPart(dragged);
  const left = dragged.track.left - dragged.origin + from;
  return <div class="zoom-mark" style={{ left: `${left}px`, width: `${to - from}px` }} />;
}
