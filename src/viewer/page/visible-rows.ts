import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { isPrinted } from './layout.tsx';

/** How many rows are rendered beyond each edge of the window, so that scrolling shows no gap. */
const OVERSCAN = 12;
const MAX_PRINTED = 2_000;

/** The places of the rows of a list that are in the window. The style sets the height of each row as `--row`. */
export function useVisibleRows(
  list: RefObject<HTMLElement | null>,
  count: number,
): [from: number, to: number] {
  const [[from, to], setSeen] = useState<readonly [number, number]>([0, OVERSCAN]);
  useLayoutEffect(() => {
    const look = (): void => {
      // What is hidden has no place.
      if (list.current?.checkVisibility() !== true) return;
      const { top } = list.current.getBoundingClientRect();
      const height = Number.parseFloat(getComputedStyle(list.current).getPropertyValue('--row'));
      const first = Math.max(0, Math.floor(-top / height) - OVERSCAN);
      const last = Math.ceil((innerHeight - top) / height) + OVERSCAN;
      setSeen((seen) => (seen[0] === first && seen[1] === last ? seen : [first, last]));
    };
    look();
    const observer = new ResizeObserver(look);
    if (list.current !== null) observer.observe(list.current);
    addEventListener('scroll', look, { passive: true });
    addEventListener('resize', look);
    return () => {
      observer.disconnect();
      removeEventListener('scroll', look);
      removeEventListener('resize', look);
    };
  }, [list, count]);
  return isPrinted.value ? [0, MAX_PRINTED] : [from, to];
}
