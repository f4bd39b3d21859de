import { type Characters, type FoundSpan, isWordCharacter, type MaskedKind } from './characters.ts';
import { emailAt, isAt } from './email.ts';
import { endsEscape, MAX_ESCAPE_LENGTH, startsEscape } from './escapes.ts';
import { secretKeyAt } from './keys.ts';
import { numbersAt, startsNumber } from './numbers.ts';

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
  /** Empty: the span continues another one. */
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

/**
 * Finds everything that is to be masked, in one pass: each search starts where the last one ended, or looks a bounded
 * number of characters back. The work grows with the length of the text, whatever it says.
 */
export function findPrivate(text: Characters, kinds: ReadonlySet<MaskedKind>): FoundSpan[] {
  const found: FoundSpan[] = [];
  const searches = {
    key: kinds.has('key'),
    email: kinds.has('email'),
    number: kinds.has('card') || kinds.has('phone'),
  };
  /** The end of the last key or address. */
  let from = 0;
  let isWord = false;
  /** Where an escape sequence may have started. */
  let escapeStart = -MAX_ESCAPE_LENGTH;
  let index = 0;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    const startsWord = !isWord;
    if (startsEscape(code)) escapeStart = index;
    isWord =
      isWordCharacter(code) &&
      (index - escapeStart >= MAX_ESCAPE_LENGTH || !endsEscape(text, escapeStart, index));
    let next = index + 1;
    if (searches.key && startsWord) {
      const key = secretKeyAt(text, index, code);
      if (key !== undefined && 'kind' in key) {
        found.push(key);
        from = next = key.end;
      } else next = Math.max(next, key?.read ?? 0);
    }
    if (next === index + 1) {
      if (searches.email && isAt(code)) {
        const email = emailAt(text, index, from);
        if (email !== undefined) {
          // Digits before the `@` may have been taken for a number.
          while ((found.at(-1)?.end ?? 0) > email.start) found.pop();
          found.push(email);
          from = next = email.end;
        }
      } else if (searches.number && startsWord && startsNumber(text, index, code)) {
        next = numbersAt(text, index, kinds, found);
      }
    }
    if (next > index + 1) isWord = isWordCharacter(text.charCodeAt(next - 1));
    index = next;
  }
  return found;
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
