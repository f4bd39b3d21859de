import type { Time } from '../tree.ts';
import { element } from './element.ts';

/** A part of the time axis, in milliseconds since the epoch. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** A shorter way of the pointer is a press, which selects a row. */
const MIN_DRAG_PIXELS = 6;

export function millisecondsOf([seconds, nanoseconds]: Time): number {
  return seconds * 1e3 + nanoseconds / 1e6;
}

/**
 * Lets the reader choose a part of the time by dragging across the bars. A finger scrolls instead.
 *
 * @param choose called with the beginning and the end of the part, from 0 to 1 of what is shown
 */
export function listenForDrags(root: HTMLElement, choose: (from: number, to: number) => void): void {
  const mark = element('div', { class: 'zoom-mark', hidden: true });
  root.append(mark);
  let track: DOMRect | undefined;
  let start = 0;
  const isLong = ({ clientX }: MouseEvent): boolean => Math.abs(clientX - start) >= MIN_DRAG_PIXELS;
  root.addEventListener('pointerdown', ({ target, pointerType, button, clientX }) => {
    const at = target instanceof Element ? target.closest('.track, .ticks') : null;
    track = at === null || pointerType === 'touch' || button !== 0 ? undefined : at.getBoundingClientRect();
    start = clientX;
  });
  root.addEventListener('pointermove', (event) => {
    if (track === undefined || (mark.hidden && !isLong(event))) return;
    if (mark.hidden) root.setPointerCapture(event.pointerId);
    const { left } = root.getBoundingClientRect();
    const [from, to] = [start, event.clientX].map((x) => withinTrack(x, track)).sort((a, b) => a - b);
    mark.hidden = false;
    mark.style.left = `${(from ?? 0) - left}px`;
    mark.style.width = `${(to ?? 0) - (from ?? 0)}px`;
  });
  const end = (event: PointerEvent): void => {
    const { left, width } = track ?? { left: 0, width: 0 };
    if (!mark.hidden && track !== undefined && event.type === 'pointerup' && isLong(event)) {
      const [from = 0, to = 0] = [start, event.clientX]
        .map((x) => (withinTrack(x, track) - left) / width)
        .sort((a, b) => a - b);
      choose(from, to);
    }
    track = undefined;
    mark.hidden = true;
  };
  root.addEventListener('pointerup', end);
  root.addEventListener('pointercancel', end);
}

function withinTrack(
  x: number,
  { left, right }: Pick<DOMRect, 'left' | 'right'> = { left: x, right: x },
): number {
  return Math.min(Math.max(x, left), right);
}
