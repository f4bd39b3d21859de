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
