import { findPrivate, type Mask } from './mask-text.ts';

/** What stands in place of a part of a text: the end is exclusive. */
interface MaskedSpan {
  readonly start: number;
  readonly end: number;
  /** Empty: the span continues another one. */
  readonly name: string;
}

/** Masks texts that may be pieces of one, such as tokens of an answer, each by itself and all together. */
export function maskPieces(mask: Mask, pieces: readonly string[]): string[] {
  const joined = pieces.join('');
  const inPieces: MaskedSpan[] = [];
  let offset = 0;
  for (const piece of pieces) {
    inPieces.push(...spansIn(mask, piece, offset));
    offset += piece.length;
  }
  return cutOut(joined, pieces, fillUp(merged(inPieces), merged(spansIn(mask, joined, 0))));
}

function spansIn({ kinds, patterns }: Mask, text: string, offset: number): MaskedSpan[] {
  const found: MaskedSpan[] = [];
  const add = (name: string, start: number, end: number): void => {
    if (end > start) found.push({ name, start: start + offset, end: end + offset });
  };
  for (const { name, pattern } of patterns)
    for (const { index, 0: match } of text.matchAll(pattern)) add(name, index, index + match.length);
  for (const { kind, start, end } of findPrivate(text, kinds)) add(kind, start, end);
  return found;
}

/** In the order of the text, those that overlap as one. */
function merged(found: readonly MaskedSpan[]): MaskedSpan[] {
  const spans: MaskedSpan[] = [];
  for (const span of found.toSorted((one, other) => one.start - other.start)) {
    const last = spans.at(-1);
    if (last === undefined || span.start >= last.end) spans.push(span);
    else if (span.end > last.end) spans[spans.length - 1] = { ...last, end: span.end };
  }
  return spans;
}

/** Adds what the wide spans have besides the narrow ones. Only the beginning of a wide span is named. */
function fillUp(narrow: readonly MaskedSpan[], wide: readonly MaskedSpan[]): MaskedSpan[] {
  const spans = [...narrow];
  let first = 0;
  for (const { name, start, end } of wide) {
    let at = start;
    const addUntil = (until: number): void => {
      if (until > at) spans.push({ name: at === start ? name : '', start: at, end: until });
    };
    while ((narrow[first]?.end ?? end) <= start) first++;
    let index = first;
    for (let inner = narrow[index]; inner !== undefined && inner.start < end; inner = narrow[++index]) {
      addUntil(inner.start);
      at = Math.max(at, inner.end);
    }
    addUntil(end);
  }
  return spans.sort((one, other) => one.start - other.start);
}

function cutOut(joined: string, pieces: readonly string[], spans: readonly MaskedSpan[]): string[] {
  let next = 0;
  let offset = 0;
  return pieces.map((piece) => {
    const start = offset;
    const end = start + piece.length;
    let shown = '';
    let at = start;
    for (let span = spans[next]; span !== undefined && span.start < end; span = spans[next]) {
      if (span.start >= start)
        shown += joined.slice(at, span.start) + (span.name === '' ? '' : `[${span.name}]`);
      at = Math.min(span.end, end);
      if (span.end > end) break;
      next++;
    }
    offset = end;
    return shown + joined.slice(at, end);
  });
}
