import { findPrivate, type MaskedKind } from './find-private.ts';

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
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

/** Replaces all that is found by its kind in brackets: `[email]`. The program's own patterns come first. */
export function maskWith({ kinds, patterns }: Mask, text: string): string {
  let shown = text;
  // A function, because `$` in a replacement has a meaning.
  for (const { name, pattern } of patterns) shown = shown.replace(pattern, () => `[${name}]`);
  const found = findPrivate(shown, kinds);
  if (found.length === 0) return shown;
  const parts: string[] = [];
  let rest = 0;
  for (const { start, end, kind } of found) {
    parts.push(shown.slice(rest, start), `[${kind}]`);
    rest = end;
  }
  parts.push(shown.slice(rest));
  return parts.join('');
}

/** Masks texts that may be pieces of one, such as tokens of an answer, each by itself and all together. */
export function maskPieces(mask: Mask, pieces: readonly string[]): string[] {
  const joined = pieces.join('');
  const offsets: number[] = [];
  let length = 0;
  for (const piece of pieces) {
    offsets.push(length);
    length += piece.length;
  }
  const spans = [
    ...pieces.flatMap((piece, index) => spansIn(mask, piece, offsets[index])),
    ...spansIn(mask, joined),
  ];
  // The span that each character belongs to: the first one has it.
  const owners: (MaskedSpan | undefined)[] = new Array(joined.length);
  for (const span of spans) for (let index = span.start; index < span.end; index++) owners[index] ??= span;
  return pieces.map((piece, index) => {
    const start = offsets[index] ?? 0;
    let shown = '';
    for (let at = start; at < start + piece.length; at++) {
      const owner = owners[at];
      if (owner === undefined) shown += joined.charAt(at);
      else if (owner.start === at) shown += `[${owner.name}]`;
    }
    return shown;
  });
}

/** Everything to be masked in a text, in its order. */
function spansIn({ kinds, patterns }: Mask, text: string, offset: number = 0): MaskedSpan[] {
  const found: MaskedSpan[] = [];
  const add = (name: string, start: number, end: number): void => {
    if (end > start) found.push({ name, start: start + offset, end: end + offset });
  };
  for (const { name, pattern } of patterns)
    for (const { index, 0: match } of text.matchAll(pattern)) add(name, index, index + match.length);
  for (const { kind, start, end } of findPrivate(text, kinds)) add(kind, start, end);
  return found.sort((one, other) => one.start - other.start);
}
