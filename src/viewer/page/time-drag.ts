import { shownTime, wholeTime, zoomTo } from './time-axis.ts';

/** A shorter way of the pointer is a press, which selects a row. */
const MIN_DRAG_PIXELS = 6;

/** Lets the reader choose a part of the time by dragging across the bars. A finger scrolls instead. */
export function listenForDrags(root: HTMLElement, mark: HTMLElement): void {
  let track: DOMRect | undefined;
  /** Whether the pointer is on the minimap, which shows all of the time. */
  let dragsMinimap = false;
  let start = 0;
  const isLong = ({ clientX }: MouseEvent): boolean => Math.abs(clientX - start) >= MIN_DRAG_PIXELS;
  /** From where to where the pointer went, in pixels of the window. */
  const dragged = ({ clientX }: MouseEvent, { left, right }: DOMRect): { from: number; to: number } => {
    const [from = left, to = left] = [start, clientX]
      .map((x) => Math.min(Math.max(x, left), right))
      .sort((a, b) => a - b);
    return { from, to };
  };
  root.addEventListener('pointerdown', ({ target, pointerType, button, clientX }) => {
    const at = target instanceof Element ? target.closest('.track, .ticks') : null;
    dragsMinimap = at?.matches('.minimap') === true;
    track = at === null || pointerType === 'touch' || button !== 0 ? undefined : at.getBoundingClientRect();
    start = clientX;
  });
  root.addEventListener('pointermove', (event) => {
    if (track === undefined || (mark.hidden && !isLong(event))) return;
    if (mark.hidden) root.setPointerCapture(event.pointerId);
    const { from, to } = dragged(event, track);
    mark.hidden = false;
    mark.style.left = `${from - root.getBoundingClientRect().left}px`;
    mark.style.width = `${to - from}px`;
  });
  const end = (event: PointerEvent): void => {
    if (!mark.hidden && track !== undefined && event.type === 'pointerup' && isLong(event)) {
      const { left, width } = track;
      const { from, to } = dragged(event, track);
      const { from: first, to: last } = (dragsMinimap ? wholeTime : shownTime).peek();
      const timeAt = (x: number): number => first + ((x - left) / width) * (last - first);
      zoomTo({ from: timeAt(from), to: timeAt(to) });
    }
    track = undefined;
    mark.hidden = true;
  };
  root.addEventListener('pointerup', end);
  root.addEventListener('pointercancel', end);
}
