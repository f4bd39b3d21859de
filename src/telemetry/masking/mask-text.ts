import type { MaskedKind } from '../../config/config.ts';
import { findPrivate } from './find-private.ts';

/** A pattern of the program. */
export interface OwnPattern {
  /** What stands in place of what is found, in brackets. */
  readonly name: string;
  /** With the flag `g`, and without `y`. */
  readonly pattern: RegExp;
}

/** What is masked. */
export interface Mask {
  readonly kinds: ReadonlySet<MaskedKind>;
  readonly patterns: readonly OwnPattern[];
}

/** What stands in place of a part of a text: the end is exclusive. */
interface MaskedSpan {
  readonly name: string;
  readonly start: number;
  end: number;
}

/** Replaces all that is found by its kind in brackets: `[email]`. */
export function maskWith(mask: Mask, text: string): string {
  return maskPieces(mask, [text])[0] ?? '';
}

/** Masks texts that may be pieces of a longer one, such as the tokens of an answer: in each piece, and across them. */
export function maskPieces(mask: Mask, pieces: readonly string[]): string[] {
  const joined = pieces.join('');
  const spans = spansIn(mask, joined, 0);
  let length = 0;
  for (const piece of pieces) {
    if (pieces.length > 1) spans.push(...spansIn(mask, piece, length));
    length += piece.length;
  }
  const apart = withoutOverlaps(spans);
  let next = 0;
  let start = 0;
  return pieces.map((piece) => {
    const end = start + piece.length;
    let at = start;
    let shown = '';
    for (let span = apart[next]; span !== undefined && span.start < end; span = apart[next]) {
      if (span.start >= start) shown += `${joined.slice(at, span.start)}[${span.name}]`;
      at = Math.min(span.end, end);
      if (span.end > end) break;
      next++;
    }
    start = end;
    return shown + joined.slice(at, end);
  });
}

/** Everything to be masked in a text: what the program's own patterns match, and what is known. */
function spansIn({ kinds, patterns }: Mask, text: string, offset: number): MaskedSpan[] {
  const own = patterns.flatMap(({ name, pattern }) =>
    [...text.matchAll(pattern)].map(({ index, 0: { length } }) => ({
      name,
      start: index,
      end: index + length,
    })),
  );
  const found = findPrivate(text, kinds).map(({ kind, start, end }) => ({ name: kind, start, end }));
  return [...own, ...found]
    .filter(({ start, end }) => end > start)
    .map(({ name, start, end }) => ({ name, start: start + offset, end: end + offset }));
}

/** In the order of the text. What overlaps is one span, with the name of the first. */
function withoutOverlaps(spans: readonly MaskedSpan[]): MaskedSpan[] {
  const apart: MaskedSpan[] = [];
  for (const span of spans.toSorted((one, other) => one.start - other.start)) {
    const last = apart.at(-1);
    if (last === undefined || span.start >= last.end) apart.push(span);
    else last.end = Math.max(last.end, span.end);
  }
  return apart;
}
