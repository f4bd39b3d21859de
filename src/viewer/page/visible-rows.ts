import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { isPrinted } from './layout.tsx';

/** How many rows are rendered beyond each edge of the window, so that scrolling shows no gap. */
const OVERSCAN = 12;
const MAX_PRINTED = 2_000;

export interface VisibleRows {
  readonly from: number;
  readonly to: number;
  /** The height of each row, in pixels. The style of the list sets it as `--row`. */
  readonly height: number;
}

/** Tracks which rows of a list are in the window, which scrolls. All rows have the same height. */
export function useVisibleRows(list: RefObject<HTMLElement | null>, count: number): VisibleRows {
  const [seen, setSeen] = useState<VisibleRows>({ from: 0, to: OVERSCAN, height: 30 });
  useLayoutEffect(() => {
    const look = (): void => {
      // What is hidden has no height.
      if (list.current?.checkVisibility() !== true) return;
      const { top } = list.current.getBoundingClientRect();
      const height = Number.parseFloat(getComputedStyle(list.current).getPropertyValue('--row'));
      const from = Math.max(0, Math.floor(-top / height) - OVERSCAN);
      const to = Math.ceil((innerHeight - top) / height) + OVERSCAN;
      setSeen((before) =>
        before.from === from && before.to === to && before.height === height ? before : { from, to, height },
      );
    };
    look();
    const observer = new ResizeObserver(look);
    if (list.current !== null) observer.observe(list.current);
    const stop = new AbortController();
    for (const event of ['scroll', 'resize'])
      addEventListener(event, look, { passive: true, signal: stop.signal });
    return () => {
      observer.disconnect();
      stop.abort();
    };
  }, [list, count]);
  return isPrinted.value
    ? { ...seen, from: 0, to: Math.min(count, MAX_PRINTED) }
    : { ...seen, to: Math.min(count, seen.to) };
}
