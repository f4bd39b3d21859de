import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { isPrinted } from './layout.tsx';

/** Rows beyond each edge of the window, so that scrolling shows no gap. */
const OVERSCAN = 12;
/** Rows on paper, where nothing can be scrolled. */
const MAX_PRINTED = 2_000;

/** The rows of a list that the window shows. */
export interface VisibleRows {
  readonly from: number;
  readonly to: number;
  /** Of each row, in pixels: the list's style says it, as `--row`. */
  readonly height: number;
}

/** Follows which of the equally high rows of a list are in the window, whatever scrolls. */
export function useVisibleRows(list: RefObject<HTMLElement | null>, count: number): VisibleRows {
  const [seen, setSeen] = useState<VisibleRows>({ from: 0, to: OVERSCAN, height: 30 });
  useLayoutEffect(() => {
    const look = (): void => {
      if (list.current === null) return;
      const { top } = list.current.getBoundingClientRect();
      const height = Number.parseFloat(getComputedStyle(list.current).getPropertyValue('--row')) || 30;
      const from = Math.max(0, Math.floor(-top / height) - OVERSCAN);
      const to = Math.ceil((innerHeight - top) / height) + OVERSCAN;
      setSeen((before) =>
        before.from === from && before.to === to && before.height === height ? before : { from, to, height },
      );
    };
    look();
    const observer = new ResizeObserver(look);
    if (list.current !== null) observer.observe(list.current);
    // Captured, because scrolling does not bubble.
    document.addEventListener('scroll', look, { capture: true, passive: true });
    addEventListener('resize', look);
    return () => {
      observer.disconnect();
      document.removeEventListener('scroll', look, { capture: true });
      removeEventListener('resize', look);
    };
  }, [list, count]);
  return isPrinted.value
    ? { ...seen, from: 0, to: Math.min(count, MAX_PRINTED) }
    : { ...seen, to: Math.min(count, seen.to) };
}
