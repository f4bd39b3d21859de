import { shorten, type TextSegment, widthOf } from './terminal-text.ts';

/** How soon a detail is dropped where there is no room for all: `2` first, `0` never. */
export type Rank = 0 | 1 | 2;

/** A detail of a span in the terminal. */
export interface Detail extends TextSegment {
  readonly rank: Rank;
}

const SEPARATOR: TextSegment = { text: ' · ', tone: 'dim' };

/** The details with separators between them. */
export function joined(details: readonly TextSegment[]): TextSegment[] {
  return details.flatMap((detail, i) => (i === 0 ? [detail] : [SEPARATOR, detail]));
}

/**
 * The details that fit into a line, after those that matter least were dropped, from the right.
 *
 * @returns `undefined` if those that must not be dropped do not fit
 */
export function fittingDetails(details: readonly Detail[], width: number): readonly Detail[] | undefined {
  const kept = [...details];
  let needed = joined(kept).reduce((sum, { text }) => sum + widthOf(text), 0);
  for (const rank of [2, 1]) {
    for (let i = kept.length - 1; i >= 0 && needed > width; i--) {
      const detail = kept[i];
      if (detail === undefined || detail.rank !== rank) continue;
      kept.splice(i, 1);
      needed -= widthOf(detail.text) + (kept.length > 0 ? SEPARATOR.text.length : 0);
    }
  }
  return needed <= width ? kept : undefined;
}

/** Distributes details over lines of a given width. A detail longer than a line is cut. */
export function packed(details: readonly Detail[], width: number): TextSegment[][] {
  const lines: TextSegment[][] = [];
  let left = 0;
  for (const { text, tone } of details) {
    const detail: TextSegment = { text: shorten(text, width), tone };
    const needed = widthOf(detail.text);
    const line = lines.at(-1);
    if (line !== undefined && needed + SEPARATOR.text.length <= left) {
      line.push(SEPARATOR, detail);
      left -= needed + SEPARATOR.text.length;
    } else {
      lines.push([detail]);
      left = width - needed;
    }
  }
  return lines;
}
